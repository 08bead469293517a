"""The texts of other prompts, put where a prompt includes them.

Text is put into text, before any variable is filled in: the whole is then one template, and what
bounds the rendering of templates bounds it too. What is put in keeps to itself: its `set` reaches
no further, its marks for blanks trim nothing around it, and no tag arises where two texts meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

import msgspec

from burnish.errors import NotFound, RenderLimit, TemplateRefused, VariableError
from burnish.prompts.includes import Include
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.template import MAX_TEMPLATE_CHARS, find_variables, read

MAX_DEPTH = 8
_SETS = re.compile(r"\{%[-+]?\s*(?:set|macro)\b")
_TRIMS_BEFORE = re.compile(r"\s*\{[{%#]-")
_TRIMS_AFTER = re.compile(r"-[}%#]\}\s*\Z")
_APART = "{# #}"
_BRACE = '{{ "{" }}'


class Included(msgspec.Struct, frozen=True):
    """What a prompt asks for (`shared/tone@production`), and which version that is now; `reference`
    is empty where there is none."""

    asked: str
    reference: str = ""


class Source(msgspec.Struct, frozen=True):
    """A version to take texts from; `reference` is its name and revision."""

    reference: str
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()


class Composed(msgspec.Struct, frozen=True):
    """Messages that include nothing any more, all their variables, and what was put in, in the
    order in which it was met."""

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    includes: tuple[Included, ...]


Resolve = Callable[[Include, Source], Source]
"""The version that an include of that source means."""


class _Text(msgspec.Struct, frozen=True):
    """`height` counts the levels of what it includes. `variables` are those it needs, each with
    the version that declares it."""

    text: str
    height: int
    variables: dict[str, tuple[Variable, str]]
    includes: tuple[Included, ...]


def includes_of(messages: Iterable[Message]) -> tuple[Include, ...]:
    """What the messages themselves include, in their order."""
    return tuple(
        include
        for message in messages
        if "include" in message.content and message.role != "placeholder"
        for include in read(message.content).includes
    )


def has_includes(messages: Iterable[Message]) -> bool:
    # A loop: every render asks, and a generator would take longer than the rest.
    for message in messages:
        text = message.content
        if "include" in text and message.role != "placeholder" and read(text).includes:
            return True
    return False


def compose(whole: Source, resolve: Resolve) -> Composed:
    """The whole with every include replaced by the text that it means.

    An include takes the message of the same role, or the only one. Variables are those of the
    whole and of what it includes; a declaration holds over those of what is included there.

    Raises TemplateRefused for includes that go in a circle or more than 8 levels deep, NotFound
    for a role that is not there, RenderLimit for a text that grows too long and VariableError
    where two included texts need a variable of one name as two types.
    """
    composer = _Composer(resolve)
    messages: list[Message] = []
    needed: dict[str, tuple[Variable, str]] = {}
    includes: dict[Included, None] = {}
    for index, message in enumerate(whole.messages):
        if message.role == "placeholder":
            messages.append(message)
            continue
        made = composer.text(whole, index, ())
        messages.append(Message(message.role, made.text))
        includes |= dict.fromkeys(made.includes)
        _add(needed, made.variables)
    own = {variable.name for variable in whole.variables}
    more = [variable for name, (variable, _) in needed.items() if name not in own]
    declared = (*whole.variables, *more)
    texts = [message.content for message in messages if message.role != "placeholder"]
    return Composed(tuple(messages), find_variables(texts, declared), tuple(includes))


class _Composer:
    """Each message of a version is put together once, however often it is included."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._made: dict[tuple[str, int], _Text] = {}

    def text(self, source: Source, index: int, path: tuple[tuple[str, int], ...]) -> _Text:
        key = (source.reference, index)
        if key in path:
            circle = [*(each for each, _ in path[path.index(key) :]), source.reference]
            raise TemplateRefused(
                f"the prompts include one another in a circle: {' → '.join(circle)}",
                hint="take one of these includes out, or pin it to an older revision",
                subject=source.reference,
            )
        if len(path) > MAX_DEPTH:
            raise _too_deep(path[0][0])
        made = self._made.get(key) or self._put_together(source, index, (*path, key))
        if len(path) + made.height > MAX_DEPTH:
            raise _too_deep(path[0][0])
        self._made[key] = made
        return made

    def _put_together(self, source: Source, index: int, path: tuple[tuple[str, int], ...]) -> _Text:
        message = source.messages[index]
        parts: list[str] = []
        height, end, needed = 0, 0, dict[str, tuple[Variable, str]]()
        includes: dict[Included, None] = {}
        declared = {variable.name: (variable, source.reference) for variable in source.variables}
        trims = False
        for include in read(message.content).includes:
            parts.append(_trimmed(message.content[end : include.start], include, after=trims))
            end, trims = include.end, include.trims_after
            child = self._resolve(include, source)
            made = self.text(child, _chosen(child, include, source, message.role), path)
            parts += _scoped(made.text)
            height = max(height, made.height + 1)
            includes |= dict.fromkeys((Included(include.asked, child.reference), *made.includes))
            _add(needed, {k: v for k, v in made.variables.items() if k not in declared})
        parts.append(_trimmed(message.content[end:], None, after=trims))
        text = _joined(parts, source.reference) if includes else message.content
        names = read(text).names
        needed = {name: each for name, each in (declared | needed).items() if name in names}
        return _Text(text, height, needed, tuple(includes))


def _too_deep(reference: str) -> TemplateRefused:
    return TemplateRefused(
        f"{reference} includes prompts more than {MAX_DEPTH} levels deep",
        hint="include the innermost ones directly",
        subject=reference,
    )


def _chosen(child: Source, include: Include, by: Source, role: str) -> int:
    """Which message is meant."""
    wanted = include.role or role
    texts = [n for n, each in enumerate(child.messages) if each.role != "placeholder"]
    same = [n for n in texts if child.messages[n].role == wanted]
    if len(same) == 1:
        return same[0]
    if len(texts) == 1 and not include.role:
        return texts[0]
    roles = ", ".join(child.messages[n].role for n in texts) or "no text"
    what = f"{len(same)} {wanted} messages" if same else f"no {wanted} message"
    raise NotFound(
        f"{by.reference} includes {include.asked!r}, which has {what}",
        hint=f"it has {roles}; name one role that is there once, such as {include.asked}#system"
        if not include.role
        else f"it has {roles}",
        subject=child.reference,
    )


def _add(needed: dict[str, tuple[Variable, str]], more: dict[str, tuple[Variable, str]]) -> None:
    for name, (variable, source) in more.items():
        known, first = needed.setdefault(name, (variable, source))
        if known.type != variable.type:
            raise VariableError(
                f"{first} needs the variable {name!r} as {known.type}, {source} as {variable.type}",
                hint=f"declare {name!r} in the prompt that includes both, or rename one of them",
                subject=name,
            )


def _trimmed(text: str, include: Include | None, *, after: bool) -> str:
    text = text.lstrip() if after else text
    return text.rstrip() if include and include.trims_before else text


def _scoped(text: str) -> Sequence[str]:
    return ("{% with %}", text, "{% endwith %}") if _SETS.search(text) else (text,)


def _joined(parts: Sequence[str], reference: str) -> str:
    if sum(map(len, parts)) > MAX_TEMPLATE_CHARS:
        raise RenderLimit(
            f"{reference} would have more than {MAX_TEMPLATE_CHARS:,} characters with all that it "
            "includes",
            hint="include less, or bring long text in as a variable",
            subject=reference,
        )
    return "".join(_apart([part for part in parts if part]))


def _apart(parts: Sequence[str]) -> Iterator[str]:
    """The parts, with what keeps two neighbours from reading as something else together."""
    for part, following in zip_longest(parts, parts[1:], fillvalue=""):
        if part.endswith("{") and following[:1] in ("{", "%", "#"):
            yield part[:-1] + _BRACE
        elif following and (_TRIMS_AFTER.search(part) or _TRIMS_BEFORE.match(following)):
            yield part + _APART
        else:
            yield part
