"""Mustache templates. Sections become conditions or loops, by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.pieces import Pieces, Translated, as_variable, renamed
from burnish.prompts.prompt import Variable, VariableType

_MAX_DEPTH = 20
_PATH = re.compile(r"[^\W\d][\w\- ]*(?:\.[^\W\d][\w\- ]*)*")
_ESCAPING = "values stand as they are: the tool would write & < > and quotes as HTML"
_BLANK = " \t"


class _Tag(msgspec.Struct, frozen=True):
    """`kind` is "" for text, "name" for a value, else the sign of the tag."""

    kind: str
    value: str
    line: int


class _Section(msgspec.Struct):
    name: str
    sign: str
    line: int
    tags: list[_Tag | _Section] = []


def from_mustache(text: str, lists: Collection[str] = ()) -> Translated:
    """Raises Fault with the line within the text."""
    whole = _tree(list(_tags(text)))
    writer = _Writer(whole, lists)
    writer.write(whole.tags, "")
    if any(tag.kind == "name" for tag in _tags(text)):
        writer.notes.setdefault(_ESCAPING)
    return Translated(
        text=writer.pieces.text(), variables=writer.variables(), notes=tuple(writer.notes)
    )


def _tags(text: str) -> Iterator[_Tag]:
    at, line = 0, 1
    while (start := text.find("{{", at)) >= 0:
        before = text[at:start]
        line += before.count("\n")
        closing = "}}}" if text.startswith("{{{", start) else "}}"
        end = text.find(closing, start)
        if end < 0:
            raise Fault("a {{ is never closed", line)
        inside = text[start + len(closing) : end]
        tag = _tag(inside, closing, line)
        at = end + len(closing)
        line += text.count("\n", start, at)
        if tag.kind in "#^/!" and tag.kind and _stands_alone(text, start, at):
            before = before.rstrip(_BLANK)
            at = _after_line(text, at)
            line += text[at - 1 : at] == "\n"
        if before:
            yield _Tag("", before, line)
        yield tag
    if at < len(text):
        yield _Tag("", text[at:], line)


def _tag(inside: str, closing: str, line: int) -> _Tag:
    if closing == "}}}":
        return _Tag("plain", _path(inside, line), line)
    sign = inside[:1] if inside[:1] in ("#", "^", "/", "!", "&", ">", "=") else ""
    body = inside[1:] if sign else inside
    if sign == "!":
        return _Tag("!", "", line)
    if sign in (">", "="):
        what = "brings in another template" if sign == ">" else "changes the braces of tags"
        raise Fault(f"{{{{{inside[:40]}}}}} {what}, which a template here does not", line)
    return _Tag({"&": "plain", "": "name"}.get(sign, sign), _path(body, line), line)


def _path(body: str, line: int) -> str:
    name = body.strip()
    if name != "." and not _PATH.fullmatch(name):
        raise Fault(f"{{{{{body[:40]}}}}} is no variable", line)
    return name


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Such a tag takes its whole line away."""
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    rest = text[end : len(text) if right < 0 else right]
    return not text[left:start].strip(_BLANK) and not rest.strip(" \t\r")


def _after_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _tree(tags: list[_Tag]) -> _Section:
    whole = _Section("", "", 1)
    whole.tags = []
    open_ = [whole]
    for tag in tags:
        if tag.kind in ("#", "^"):
            if len(open_) > _MAX_DEPTH:
                raise Fault("has sections nested too deeply", tag.line)
            section = _Section(tag.value, tag.kind, tag.line, [])
            open_[-1].tags.append(section)
            open_.append(section)
        elif tag.kind == "/":
            if open_[-1].name != tag.value or len(open_) == 1:
                raise Fault(f"{{{{/{tag.value}}}}} closes no section that is open", tag.line)
            open_.pop()
        elif tag.kind != "!":
            open_[-1].tags.append(tag)
    if len(open_) > 1:
        raise Fault(f"{{{{#{open_[-1].name}}}}} is never closed", open_[-1].line)
    return whole


def _names(tags: list[_Tag | _Section], *, deep: bool) -> set[str]:
    found: set[str] = set()
    for tag in tags:
        if isinstance(tag, _Tag):
            found |= {tag.value} if tag.kind else set()
        elif deep:
            found |= {tag.name} | _names(tag.tags, deep=True)
    return found


class _Writer:
    def __init__(self, whole: _Section, lists: Collection[str]) -> None:
        self._outside = _names(whole.tags, deep=False)
        self._all = {
            as_variable(part) for path in _names(whole.tags, deep=True) for part in path.split(".")
        }
        self._lists = lists
        self._known: dict[str, VariableType] = {}
        self.pieces = Pieces()
        self.notes: dict[str, None] = {}

    def variables(self) -> tuple[Variable, ...]:
        return tuple(
            Variable(name=name, type=kind, required=False, default=[] if kind == "list" else None)
            for name, kind in self._known.items()
        )

    def write(self, tags: list[_Tag | _Section], item: str) -> None:
        for tag in tags:
            if isinstance(tag, _Section):
                self._section(tag, item)
            elif not tag.kind:
                self.pieces.literal(tag.value)
            else:
                self.pieces.variable(self._expression(tag.value, item, tag.line))

    def _section(self, section: _Section, item: str) -> None:
        name = self._expression(section.name, item, section.line)
        inner = _names(section.tags, deep=False)
        inner |= {each.name for each in section.tags if isinstance(each, _Section)}
        if section.sign == "#" and self._is_loop(section, inner):
            each = self._free(f"{item or 'ite'}m")
            self._tell(name, "list", item)
            self.notes.setdefault(f"{{{{#{section.name}}}}} is read as a loop over a list")
            self.pieces.code(f"{{% for {each} in {name} %}}")
            self.write(section.tags, each)
            self.pieces.code("{% endfor %}")
            return
        printed = section.name in self._outside or section.name in inner
        self._tell(name, "string" if printed else "boolean", item)
        sign = {"#": "", "^": "not "}[section.sign]
        self.notes.setdefault(f"{{{{{section.sign}{section.name}}}}} is read as a condition")
        self.pieces.code(f"{{% if {sign}{name} %}}")
        self.write(section.tags, item)
        self.pieces.code("{% endif %}")

    def _free(self, name: str) -> str:
        while name in self._all:
            name += "_"
        return name

    def _is_loop(self, section: _Section, inner: set[str]) -> bool:
        if "." in inner or as_variable(section.name) in self._lists:
            return True
        known = self._known.get(as_variable(section.name))
        if known:
            return known == "list"
        return bool(inner) and section.name not in inner and not inner & self._outside

    def _expression(self, path: str, item: str, line: int) -> str:
        if path == ".":
            if not item:
                raise Fault("{{.}} stands in no list", line)
            return item
        parts: list[str] = []
        for part in path.split("."):
            parts.append(as_variable(part.strip()))
            if parts[-1] != part.strip():
                self.notes.setdefault(renamed(part, parts[-1]))
        inside = item and path not in self._outside and path not in self._known
        return ".".join([item, *parts] if inside else parts)

    def _tell(self, name: str, kind: VariableType, item: str) -> None:
        if "." not in name and name != item and self._known.get(name, "boolean") == "boolean":
            self._known[name] = kind
