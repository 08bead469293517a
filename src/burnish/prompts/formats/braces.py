"""Variables written for Python's `str.format`, as `{name}`, become `{{ name }}`.

What a text is decides how its braces are read:
- a template with `{{ name }}` or `{% … %}` keeps everything; a `{name}` of a declared variable
  that it uses in no other way is taken for a variable.
- a whole `str.format` text (each field is a declared variable) is read as Python reads it: `{{`
  is one brace.
- any other text, such as one with a JSON skeleton, keeps its braces; `{name}` of a declared
  variable is a variable.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from string import Formatter

from burnish.errors import TemplateRefused, UsageError
from burnish.prompts.template import escape, read

_SINGLE = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}", re.ASCII)
_BRACED = re.compile(r"(?<!\{)\{\{\{([A-Za-z_]\w*)\}\}\}(?!\})", re.ASCII)
_TAG_OR_SINGLE = re.compile(
    r"\{\{.{0,4000}?\}\}|\{%.{0,4000}?%\}|\{#.{0,4000}?#\}|\{([A-Za-z_]\w*)\}",
    re.ASCII | re.DOTALL,
)
_BLOCK = re.compile(r"\{%|\{#")
_EXPRESSION = re.compile(
    r"(?<!\{)\{\{-?\s*([A-Za-z_]\w*)(?:\"[^\"]*\"|'[^']*'|[^{}\"'])*\}\}(?!\})", re.ASCII
)
_FORMATTED = re.compile(
    r"(?<!\{)\{([A-Za-z_]\w*)(![rsa])?"
    r"(:(?:.?[<>=^])?[-+]?\#?0?\d*[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?)?\}",
    re.ASCII,
)


def rewritten(text: str, declared: Collection[str]) -> str:
    """Raises UsageError, with the line in the text, for a field that formats its value."""
    names = set(declared)
    single = {*_SINGLE.findall(text), *_BRACED.findall(text)} & names
    if _is_template(text, names, single):
        return _completed(text, single)
    _refuse_formats(text, names)
    pieces = _fields(text, names) if single else None
    if pieces is None:
        pieces = _exact(text, names)
    return "".join(
        _literal(piece) if index % 2 == 0 else f"{{{{ {piece} }}}}"
        for index, piece in enumerate(pieces)
    )


def undeclared(text: str, declared: Collection[str]) -> list[str]:
    """Names that stand in single braces, declared by nobody: the reader may have meant them."""
    found = dict.fromkeys(_SINGLE.findall(text))
    return [name for name in found if name not in declared]


def _is_template(text: str, declared: set[str], single: set[str]) -> bool:
    if _BLOCK.search(text):
        return True
    roots = _EXPRESSION.findall(text)
    return any(root in declared for root in roots) or (bool(roots) and not single)


def _completed(text: str, single: set[str]) -> str:
    try:
        single = single - read(text).names
    except TemplateRefused:
        # The error is told with its line when the template is checked.
        return text
    if not single:
        return text
    return _TAG_OR_SINGLE.sub(
        lambda found: f"{{{{ {found[1]} }}}}" if found[1] in single else found[0], text
    )


def _refuse_formats(text: str, declared: set[str]) -> None:
    for found in _FORMATTED.finditer(text):
        if found[1] in declared and (found[2] or found[3]):
            line = text.count("\n", 0, found.start()) + 1
            raise UsageError(
                f"line {line}: {found[0]} formats its value, which a template does not",
                hint=f"write {{{found[1]}}} and give the value as it shall read",
            )


def _fields(text: str, declared: set[str]) -> list[str] | None:
    """Literal texts and names in turn, as `str.format` reads them; None for any other text."""
    pieces, literal = [""], ""
    try:
        for before, name, spec, conversion in Formatter().parse(text):
            literal += before
            if name is None:
                continue
            if name not in declared or spec or conversion:
                return None
            pieces[-1] = literal
            pieces += [name, ""]
            literal = ""
    except ValueError:
        return None
    pieces[-1] = literal
    return pieces


def _exact(text: str, declared: set[str]) -> list[str]:
    pieces, end = [""], 0
    for found in _SINGLE.finditer(text):
        if found[1] in declared:
            pieces[-1] = text[end : found.start()]
            pieces += [found[1], ""]
            end = found.end()
    pieces[-1] = text[end:]
    return pieces


def _literal(text: str) -> str:
    """As template text that renders to itself, also in front of a variable."""
    if "{{" in text or "{%" in text or "{#" in text or text.endswith("{"):
        return escape(text) if "endraw" in text else f"{{% raw %}}{text}{{% endraw %}}"
    return text
