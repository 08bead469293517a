"""The chat in a Prompty file: lines such as `system:` begin a message."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.front_matter import FrontMatter
from burnish.prompts.formats.templates import Dialect, translate
from burnish.prompts.prompt import Message, Variable

ROLES = ("system", "user", "assistant", "developer", "tool", "function")
_MARK = re.compile(
    rf"^[ \t]*(?:#[ \t]*)?({'|'.join(ROLES)})(?:[ \t]*(\[[^\]\n]*\]))?[ \t]*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# A line of a text that would begin a message stands in a tag of its own.
_GUARDED = re.compile(r'^\{\{ "((?:[^"\\\n]|\\t)*)" \}\}$', re.MULTILINE)
# Where old files put the messages of a conversation.
_THREAD = "![thread]"
# How old templates wrote the same out.
_WRITTEN_THREAD = re.compile(
    r"\{%-?\s{0,9}for (?P<item>\w{1,80}) in (?P<name>[A-Za-z_]\w{0,80})\s{0,9}-?%\}\s{0,99}"
    r"\{\{\s{0,9}(?P=item)\.role\s{0,9}\}\}:\s{0,99}"
    r"\{\{\s{0,9}(?P=item)\.content\s{0,9}\}\}\s{0,99}\{%-?\s{0,9}endfor\s{0,9}-?%\}"
)
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{1,400}\)")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """`starts` are the lines of the file on which the messages begin."""

    messages: tuple[Message, ...]
    starts: tuple[int, ...]
    variables: tuple[Variable, ...]
    notes: tuple[str, ...]


class _Part(msgspec.Struct, frozen=True):
    role: str
    text: str
    line: int


def read_body(
    front: FrontMatter, dialect: Dialect, threads: Collection[str], lists: Collection[str]
) -> Body:
    """Raises Fault with the line."""
    variables: dict[str, Variable] = {}
    written = {found["name"] for found in _WRITTEN_THREAD.finditer(front.body)}
    if written and dialect == "jinja2":
        body = _WRITTEN_THREAD.sub(_short_thread, front.body)
        front = msgspec.structs.replace(front, body=body)
        threads = {*threads, *written}
    if _THREAD in front.body and "thread" not in threads:
        front = msgspec.structs.replace(front, body=front.body.replace(_THREAD, "{{thread}}"))
        threads = {*threads, "thread"}
        variables["thread"] = Variable(
            name="thread", type="list", required=False, default=[], description="The conversation"
        )
    messages: list[Message] = []
    starts: list[int] = []
    notes: dict[str, None] = {}
    for part in _parts(front, notes):
        for piece in _around_threads(part, threads):
            starts.append(piece.line)
            if piece.role == "placeholder":
                messages.append(Message("placeholder", piece.text))
                continue
            try:
                found = translate(_restored(piece.text), dialect, lists)
            except Fault as fault:
                raise Fault(fault.what, piece.line + max(fault.line, 1) - 1) from None
            messages.append(Message(piece.role, found.text))
            for variable in found.variables:
                variables.setdefault(variable.name, variable)
            notes |= dict.fromkeys(found.notes)
    return Body(
        messages=tuple(messages),
        starts=tuple(starts),
        variables=tuple(variables.values()),
        notes=tuple(notes),
    )


def _short_thread(found: re.Match[str]) -> str:
    """With the lines that it had, so that those behind keep theirs."""
    return f"{{{{{found['name']}}}}}" + "\n" * found[0].count("\n")


def body_text(messages: Sequence[Message]) -> str:
    """Message lists that a variable brings stand between the messages, as a tag alone."""
    parts: list[str] = []
    for message in messages:
        if message.role == "placeholder":
            # The role above would go on behind it; a message follows or the chat ends.
            parts.append(f"{{{{{message.content}}}}}\n")
        else:
            parts.append(f"{message.role}:\n{_guarded(message.content)}\n")
    return "\n".join(parts)


def _parts(front: FrontMatter, notes: dict[str, None]) -> list[_Part]:
    body, line = front.body, front.body_line
    marks = list(_MARK.finditer(body))
    first = body[: marks[0].start()] if marks else body
    found = [_part("system", first, line)] if first.strip() or not marks else []
    counted = 0
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(body)
        line += body.count("\n", counted, mark.end())
        counted = mark.end()
        if mark[2]:
            notes.setdefault(f"the attributes {mark[2]} of a message are left out")
        if _IMAGE.search(body, mark.end(), end):
            notes.setdefault("images in the text stay as Markdown; none is loaded")
        text = body[mark.end() : end]
        found.append(_part(mark[1].lower(), text.removeprefix("\n"), line + 1))
    return [part for part in found if part.text or len(found) == 1]


def _part(role: str, text: str, line: int) -> _Part:
    """Without the empty lines around it."""
    bare = text.lstrip("\n \t")
    line += text[: len(text) - len(bare)].count("\n")
    return _Part(role, bare.strip(), line)


def _around_threads(part: _Part, threads: Collection[str]) -> list[_Part]:
    """A thread brings messages of its own, so the text around it is in messages of their own."""
    if not threads:
        return [part]
    names = "|".join(map(re.escape, sorted(threads)))
    tag = re.compile(rf"\{{\{{([{{#^/&]?)\s{{0,20}}({names})\s{{0,20}}\}}\}}\}}?")
    found: list[_Part] = []
    at, inside = 0, ""
    for thread in tag.finditer(part.text):
        sign, name = thread.groups()
        line = part.line + part.text.count("\n", 0, thread.start())
        before = part.text[at : thread.start()]
        # A section over a thread says how each of its messages reads; they bring that themselves.
        if before.strip() and not inside:
            found.append(_part(part.role, before, part.line + part.text.count("\n", 0, at)))
        if not inside and sign not in ("/", "^"):
            found.append(_Part("placeholder", name, line))
        inside = name if sign in ("#", "^") else "" if name == inside else inside
        at = thread.end()
    rest = part.text[at:]
    if rest.strip() and not inside:
        found.append(_part(part.role, rest, part.line + part.text.count("\n", 0, at)))
    return found


def _guarded(text: str) -> str:
    return _MARK.sub(lambda mark: '{{ "' + mark[0].replace("\t", "\\t") + '" }}', text)


def _restored(text: str) -> str:
    return _GUARDED.sub(lambda found: _if_mark(found[1].replace("\\t", "\t"), found[0]), text)


def _if_mark(line: str, given: str) -> str:
    return line if _MARK.fullmatch(line) else given
