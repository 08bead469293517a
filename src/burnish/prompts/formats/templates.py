"""Templates of other tools, as ours: the rendered text equals what that tool would render."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from burnish.errors import TemplateRefused
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.mustache import from_mustache
from burnish.prompts.formats.pieces import Pieces, Translated, as_variable, renamed
from burnish.prompts.template import read
from burnish.prompts.variables import NAME

Dialect = Literal["jinja2", "nunjucks", "f-string", "mustache", "names", "literal"]

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONE = re.compile(r"(?<!\{)\{\{([^{}]*)\}\}(?!\})")
_NAME_LIKE = re.compile(r"[^\W\d][\w.\- ]{0,80}")
_ANY_NAME = re.compile(r"\{\{\s{0,9}([^\W\d]\w{0,99})\s{0,9}\}\}")
_LOGIC = re.compile(r"\{%|\{#")
_ENV = re.compile(r"\{\{-?\s*env\s*[.\[]")
_DUMP = re.compile(r"\|\s*dump\b")
_TAG = re.compile(r"\{\{[^{}]{0,2000}\}\}|\{%[^{}]{0,2000}%\}")
_PAIRS = re.compile(r"(\bfor\s+\w{1,80}\s*,\s*\w{1,80}\s+in)\s+([A-Za-z_][\w.]{0,200})(?=\s*-?%\})")
# What such a loop goes through, as it is written here.
PAIRED = re.compile(r"\bin \(([A-Za-z_]\w*) \| items if ")
_LENGTH = re.compile(r"(?<![\w.\"'\])])([A-Za-z_]\w{0,80}(?:\.\w{1,80}){0,9})\.length\b")
_LINE = re.compile(r"line (\d+): ")


def translate(text: str, dialect: Dialect, lists: Collection[str] = ()) -> Translated:
    """`lists` are variables that are known to hold lists.

    Raises Fault with the line, within the text, of what cannot be said in our templates.
    """
    if dialect == "f-string":
        return _from_fields(text)
    if dialect == "mustache":
        return from_mustache(text, lists)
    if dialect == "names":
        return _from_names(text)
    if dialect == "literal":
        pieces = Pieces()
        pieces.literal(text)
        return Translated(text=pieces.text())
    check_template(text)
    named = _with_our_names(text)
    notes = _nunjucks_notes(text) if dialect == "nunjucks" else ()
    return Translated(text=named.text, notes=(*named.notes, *notes))


def check_template(text: str) -> None:
    """Raises Fault, with the line within the text, for a template that can never render."""
    try:
        read(text)
    except TemplateRefused as error:
        found = _LINE.match(error.what)
        what = error.what[found.end() :] if found else error.what
        raise Fault(f"the template cannot be read: {what}", int(found[1]) if found else 1) from None


def line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _from_fields(text: str) -> Translated:
    """As Python's `str.format` reads it."""
    pieces, notes, end = Pieces(), list[str](), 0
    for found in _FIELD.finditer(text):
        pieces.literal(text[end : found.start()])
        end = found.end()
        if found[0] in ("{{", "}}"):
            pieces.literal(found[0][0])
            continue
        name = found[1]
        if name is None or not name.isidentifier():
            raise Fault(_bad_field(found[0]), line_of(text, found.start()))
        ours = as_variable(name)
        if ours != name:
            notes.append(renamed(name, ours))
        pieces.variable(ours)
    pieces.literal(text[end:])
    return Translated(text=pieces.text(), notes=tuple(dict.fromkeys(notes)))


def _bad_field(field: str) -> str:
    if field in ("{", "}"):
        return f"has a single {field} where only variables have one; write {field * 2}"
    if re.match(r"\{\w+[!:]", field):
        return f"{field} formats its value, which a template here does not"
    return f"{field[:80]!r} is no variable; a literal brace is written twice"


def _with_our_names(text: str) -> Translated:
    """Names of values may be of any script elsewhere."""
    odd = {name for name in read(text).names if not NAME.match(name)}
    if not odd:
        return Translated(text=text)
    changed = _ANY_NAME.sub(
        lambda tag: f"{{{{ {as_variable(tag[1])} }}}}" if tag[1] in odd else tag[0], text
    )
    return Translated(
        text=changed, notes=tuple(renamed(name, as_variable(name)) for name in sorted(odd))
    )


def _from_names(text: str) -> Translated:
    """Only `{{ name }}` means something, as where values are put in by name alone."""
    pieces, notes, end = Pieces(), list[str](), 0
    for found in _LONE.finditer(text):
        pieces.literal(text[end : found.start()])
        end = found.end()
        name = found[1].strip()
        if not _NAME_LIKE.fullmatch(name):
            pieces.literal(found[0])
            notes.append(f"{_short(found[0])} is no variable and stays as it is")
            continue
        ours = as_variable(name)
        if ours != name:
            notes.append(renamed(name, ours))
            pieces.variable(ours)
        else:
            pieces.code(found[0])
    pieces.literal(text[end:])
    if _LOGIC.search(text):
        notes.append("{% … %} and {# … #} stay as they are: the tool does not follow them")
    return Translated(text=pieces.text(), notes=tuple(dict.fromkeys(notes)))


def _nunjucks_notes(text: str) -> tuple[str, ...]:
    notes: list[str] = []
    if _ENV.search(text):
        notes.append("env is a variable here; the environment is never read")
    return tuple(notes)


def nunjucks(text: str) -> str:
    """What has another name here: filters, lengths, and loops over the pairs of a mapping."""
    if "{{" not in text and "{%" not in text:
        return text
    return _TAG.sub(
        lambda tag: _PAIRS.sub(_pairs, _LENGTH.sub(r"(\1 | length)", _tojson(tag))), text
    )


def _tojson(tag: re.Match[str]) -> str:
    return _DUMP.sub("| tojson", tag[0])


def _pairs(loop: re.Match[str]) -> str:
    value = loop[2]
    return f"{loop[1]} ({value} | items if {value} is mapping else {value})"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"
