"""Template text read once: what it needs, and how it can safely be rendered.

Three kinds, by what bounds a render (an engine's fuel bounds instructions, never bytes):
- plain: text and `{{ name }}` alone. Joined in Python; its size is known before it is built.
- bounded: also simple filters, defaults and `if` without loops. No part can multiply.
- isolated: everything else (loops, set, macros, `~`, growing filters). Rendered in a child
  process under memory, time and output limits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

import msgspec

from burnish.errors import TemplateRefused
from burnish.prompts.includes import Include, include_of
from burnish.prompts.prompt import Variable, VariableType
from burnish.prompts.tags import STRING, TAG, line_of
from burnish.prompts.variables import is_type

Kind = Literal["plain", "bounded", "isolated"]

_TYPES: tuple[VariableType, ...] = ("string", "boolean", "number", "list", "object")
FUEL = 50_000
MAX_TEMPLATE_CHARS = 1_000_000
# Longer ones are read again each time, so that what is remembered stays below 100 MB.
_REMEMBERED_CHARS = 20_000

_PLAIN_TAG = re.compile(r"\{\{\s*(?P<name>[A-Za-z_]\w*)\s*\}\}|(?P<raw>\{%\s*raw\s*%\})|\{[{%#]")
# Three braces are somebody's literal text, not a variable in braces.
_LONE_NAME = re.compile(r"((?<!\{)\{\{\s*[A-Za-z_]\w*\s*\}\}(?!\}))", re.ASCII)
_END_RAW = re.compile(r"\{%\s*endraw\s*%\}")
_LITERAL = rf"(?:{STRING}|-?\d+(?:\.\d+)?|true|false|none|\[\]|\{{\}})"
_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*"
_SAFE_FILTER = (
    rf"(?:default\(\s*{_LITERAL}\s*(?:,\s*(?:true|false)\s*)?\)|d\(\s*{_LITERAL}\s*\)"
    r"|upper|lower|trim|title|capitalize|length|count|tojson|first|last|int|float|abs"
    r"|round(?:\(\s*\d?\s*\))?)"
)
_FILTERED = rf"{_PATH}(?:\s*\|\s*{_SAFE_FILTER})*"
_SIMPLE_EXPRESSION = re.compile(rf"-?\s*{_FILTERED}\s*-?\Z")
_OPERAND = rf"(?:not\s+)?(?:{_FILTERED}|{_LITERAL})(?:\s+is\s+(?:not\s+)?(?:defined|none|string))?"
_TEST = rf"{_OPERAND}(?:\s*(?:==|!=|<=|>=|<|>|and|or|in|not in)\s*{_OPERAND})*"
_SIMPLE_BLOCK = re.compile(rf"-?\s*(?:(?:if|elif)\s+{_TEST}|else|endif)\s*-?\Z")
_DEFAULT = re.compile(rf"\s*-?\s*([A-Za-z_]\w*)\s*\|\s*(?:default|d)\(\s*({_LITERAL})")
_LOOP = re.compile(r"\{%-?\s*for\s+[\w\s,]+?\s+in\s+([A-Za-z_]\w*)")
_FILTER_NAME = re.compile(r"\|\s*([A-Za-z_]\w*)")
_STRINGS = re.compile(STRING)
# A string, a quote that is never closed, or the end of a tag.
_IN_TAG = re.compile(rf"{STRING}|[\"']|[%}}#]\}}", re.DOTALL)
_ANY_TAG = re.compile(r"\{[{%]")
_WORDS_OF_TAG = re.compile(r"\{[{%]([^}]*)")
_NAME = re.compile(r"\b[A-Za-z_]\w*")
# The engine reads operators and branches by recursion; tens of thousands would end the process.
_MAX_TAG_CHARS = 4_000
_MAX_BRANCHES = 1_000
_NEEDS_OTHERS = re.compile(r"[-+]?\s*(import|extends|from)\b")


class Template(msgspec.Struct, frozen=True):
    """`pieces` alternate literal text and variable names when `kind` is plain. What `includes`
    name has to be put in before a render."""

    text: str
    kind: Kind
    names: frozenset[str]
    pieces: tuple[str, ...] = ()
    tags: int = 0
    includes: tuple[Include, ...] = ()


def read(text: str) -> Template:
    """Raises TemplateRefused, with the line, for a template that can never render."""
    return _remembered(text) if len(text) <= _REMEMBERED_CHARS else _read(text)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> Template:
    return _read(text)


def _read(text: str) -> Template:
    if len(text) > MAX_TEMPLATE_CHARS:
        raise TemplateRefused(
            f"the template has {len(text):,} characters",
            hint=f"keep it under {MAX_TEMPLATE_CHARS:,}; bring long text in as a variable",
        )
    plain = _read_plain(text)
    if plain is not None:
        return plain
    _refuse_endless(text)
    names = _check_syntax(text)
    tags = list(TAG.finditer(text))
    for tag in tags:
        _refuse_unreachable(text, tag)
    found = (include_of(text, tag) for tag in tags) if "include" in text else ()
    includes = tuple(include for include in found if include)
    kind: Kind = "bounded" if all(_is_bounded(tag) for tag in tags) else "isolated"
    return Template(text, kind, frozenset(names), tags=len(tags), includes=includes)


def defaults(text: str) -> dict[str, Any]:
    """Variables that the template itself gives a default, with that default."""
    found: dict[str, Any] = {}
    for tag in TAG.finditer(text):
        match = _DEFAULT.match(tag["expression"] or "")
        if match:
            found.setdefault(match[1], _literal(match[2]))
    return found


def find_variables(texts: list[str], declared: tuple[Variable, ...] = ()) -> tuple[Variable, ...]:
    """The declared variables, then one for each further name that the texts use."""
    known = {variable.name for variable in declared}
    found: list[Variable] = []
    for text in texts:
        names = read(text).names - known
        if not names:
            continue
        given = defaults(text)
        looped = set(_LOOP.findall(text))
        # Sets have no order; the reader's order is that of the text.
        places = _first_uses(text)
        for name in sorted(names, key=lambda n: (places.get(n, len(text)), n)):
            known.add(name)
            found.append(
                Variable(name=name, type="list") if name in looped else _found(name, given)
            )
    return (*declared, *found)


def escape(text: str) -> str:
    """The text as template text that renders to itself; only `{{ name }}` stays a variable."""
    pieces = _LONE_NAME.split(text)
    return "".join(
        piece if index % 2 else _escape_literal(piece) for index, piece in enumerate(pieces)
    )


def escape_all(text: str) -> str:
    """The text as template text that renders to itself, with no variable in it."""
    return _escape_literal(text)


def _escape_literal(text: str) -> str:
    if not re.search(r"\{[{%#]|[}%#]\}", text):
        return text
    # The one text that cannot stand inside a raw block is the end of a raw block.
    closers = re.split(r"(\{%[-+]?\s*endraw\s*[-+]?%\})", text)
    return "".join(
        _quoted(piece) if index % 2 else _raw(piece) for index, piece in enumerate(closers)
    )


def _raw(text: str) -> str:
    return "{% raw %}" + text + "{% endraw %}" if text else ""


def _quoted(text: str) -> str:
    return "{{ " + msgspec.json.encode(text).decode() + " }}"


def _read_plain(text: str) -> Template | None:
    """None as soon as a tag is more than a name. Linear in the text, whatever it holds."""
    pieces: list[str] = []
    literal, end = "", 0
    while tag := _PLAIN_TAG.search(text, end):
        literal += text[end : tag.start()]
        end = tag.end()
        if name := tag["name"]:
            if name.lower() in ("true", "false", "none"):
                return None
            pieces += [literal, name]
            literal = ""
        elif tag["raw"] and (close := _END_RAW.search(text, end)):
            literal += text[end : close.start()]
            end = close.end()
        else:
            return None
    pieces.append(literal + text[end:])
    return Template(text, "plain", frozenset(pieces[1::2]), tuple(pieces), len(pieces) // 2)


def _check_syntax(text: str) -> set[str]:
    from minijinja import Environment, TemplateError

    environment = Environment()
    try:
        environment.add_template("prompt", text)
        return set(environment.undeclared_variables_in_str(text)) - _globals()
    except TemplateError as error:
        raise TemplateRefused(
            f"line {error.line}: {error.detail or error.kind}",
            hint="mend the template, or wrap text with literal braces in {% raw %}…{% endraw %}",
        ) from None


def _refuse_unreachable(text: str, tag: re.Match[str]) -> None:
    inside = tag["expression"] or tag["block"] or ""
    bare = _STRINGS.sub("", inside)
    if "__" in bare:
        raise TemplateRefused(
            f"line {line_of(text, tag.start())}: {inside.strip()!r} reaches for Python internals",
            hint="templates see plain JSON values alone; remove names with double underscores",
        )
    if tag["block"] and _NEEDS_OTHERS.match(inside):
        raise TemplateRefused(
            f"line {line_of(text, tag.start())}: {inside.strip()!r} asks for another template",
            hint='put the text itself into the prompt, or write {% include "name@2" %}',
        )
    for name in _FILTER_NAME.findall(bare):
        if not _is_filter(name):
            raise TemplateRefused(
                f"line {line_of(text, tag.start())}: there is no filter {name!r}",
                hint="use a built-in Jinja2 filter such as default, upper, join or tojson",
            )


def _refuse_endless(text: str) -> None:
    if len(text) <= _MAX_TAG_CHARS:
        return
    if text.count("elif") > _MAX_BRANCHES:
        raise TemplateRefused(
            f"the template has more than {_MAX_BRANCHES:,} branches",
            hint="look the value up in a list or an object instead",
        )
    at = 0
    while tag := _ANY_TAG.search(text, at):
        length, at = _tag_length(text, tag.end())
        if length > _MAX_TAG_CHARS:
            line = line_of(text, tag.start())
            raise TemplateRefused(
                f"line {line}: a tag has more than {_MAX_TAG_CHARS:,} characters",
                hint="work the value out before, and bring it in as a variable",
            )


def _tag_length(text: str, start: int) -> tuple[int, int]:
    """How many characters of a tag are outside its strings, and where it ends."""
    length, end = 0, start
    for part in _IN_TAG.finditer(text, start):
        length += part.start() - end
        end = part.end()
        if part[0] in ('"', "'"):
            # Never closed, so no tag can follow.
            return length, len(text)
        if part[0][-1] == "}" and len(part[0]) == len("}}"):
            return length, end
    return length + len(text) - end, len(text)


@lru_cache(maxsize=256)
def _is_filter(name: str) -> bool:
    from minijinja import Environment, TemplateError

    try:
        Environment().render_str("{{ 1|" + name + " }}")
    except TemplateError as error:
        return error.kind != "UnknownFilter"
    return True


@lru_cache(maxsize=1)
def _globals() -> frozenset[str]:
    return frozenset({"range", "dict", "namespace", "debug", "loop", "self"})


def _is_bounded(tag: re.Match[str]) -> bool:
    if tag["expression"] is not None:
        return bool(_SIMPLE_EXPRESSION.match(tag["expression"].strip()))
    if tag["block"] is not None:
        return bool(_SIMPLE_BLOCK.match(tag["block"].strip()))
    return True


def _first_uses(text: str) -> dict[str, int]:
    """Where each word first stands in a tag."""
    places: dict[str, int] = {}
    for tag in _WORDS_OF_TAG.finditer(text):
        for word in _NAME.finditer(tag[1]):
            places.setdefault(word[0], tag.start(1) + word.start())
    return places


def _found(name: str, given: dict[str, Any]) -> Variable:
    if name not in given:
        return Variable(name=name)
    default = given[name]
    kinds: list[VariableType] = [kind for kind in _TYPES if is_type(kind, default)]
    return Variable(name=name, type=kinds[0], required=False, default=default)


def _literal(source: str) -> Any:
    import ast

    words = {"true": True, "false": False, "none": None}
    return words[source] if source in words else ast.literal_eval(source)
