"""Two versions that grew from one, brought together.

Messages, variables and config are merged apart. What cannot be decided is a conflict, which a
person (or a caller) resolves; until then there is no merged prompt, and nothing of either side is
ever left out unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from burnish.errors import Conflict, UsageError
from burnish.prompts.diff import pairs_of
from burnish.prompts.merge_text import Clash, merge_texts, text_of
from burnish.prompts.prompt import Message, PromptVersion, Variable

Side = Literal["base", "ours", "theirs", "both"]
SIDES: tuple[Side, ...] = ("ours", "theirs", "base", "both")
_MISSING = "(not there)"


class Own(msgspec.Struct, frozen=True):
    """A resolution of one's own: a text for a text or message, a value for anything else."""

    value: Any


class MergeConflict(msgspec.Struct, frozen=True, kw_only=True):
    """What both sides changed differently. `number` counts from 1. `base`, `ours` and `theirs`
    are texts, messages or values; None where there is none."""

    number: int
    kind: Literal["text", "message", "variable", "config"]
    where: str
    base: Any = None
    ours: Any = None
    theirs: Any = None


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides what a version renders."""

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    config: dict[str, Any] = {}

    @classmethod
    def of(cls, version: PromptVersion) -> Content:
        return cls(messages=version.messages, variables=version.variables, config=version.config)


class _Open(msgspec.Struct, frozen=True):
    """The place of a conflict in what is merged otherwise."""

    number: int


class _Text(msgspec.Struct, frozen=True):
    role: str
    parts: tuple[str | _Open, ...]


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """What is merged, and what is left to decide."""

    conflicts: tuple[MergeConflict, ...]
    messages: tuple[_Text | _Open, ...]
    variables: tuple[tuple[str, Any], ...]
    config: dict[str, Any]

    def resolved(self, choices: Mapping[int, Side | Own] | None = None) -> Content:
        """`choices` says for each conflict by its number which side holds, or what else.

        Raises Conflict naming those left open, and UsageError for a choice that fits none.
        """
        given = _given_choices(choices)
        _check(self.conflicts, given)
        chosen = {c.number: _chosen(c, given[c.number]) for c in self.conflicts}
        variables = (
            chosen[value.number] if isinstance(value, _Open) else value
            for _, value in self.variables
        )
        return Content(
            messages=tuple(_messages(self.messages, chosen)),
            variables=tuple(variable for variable in variables if variable is not None),
            config=_closed(self.config, chosen),
        )


def merge(base: Content, ours: Content, theirs: Content) -> Merge:
    """`base` is what both sides grew from."""
    numbered = _Numbered()
    return Merge(
        messages=tuple(_merged_messages(base.messages, ours.messages, theirs.messages, numbered)),
        variables=tuple(_merged_variables(base, ours, theirs, numbered)),
        config=_merged_values(base.config, ours.config, theirs.config, (), numbered),
        conflicts=tuple(numbered.conflicts),
    )


class _Numbered:
    """The conflicts found so far."""

    def __init__(self) -> None:
        self.conflicts: list[MergeConflict] = []

    def add(
        self, kind: Literal["text", "message", "variable", "config"], where: str, *sides: Any
    ) -> _Open:
        number = len(self.conflicts) + 1
        base, ours, theirs = sides
        self.conflicts.append(
            MergeConflict(
                number=number, kind=kind, where=where, base=base, ours=ours, theirs=theirs
            )
        )
        return _Open(number)


class _Slot(msgspec.Struct):
    """A message of the base as one side left it, and what that side put before it."""

    before: list[Message]
    message: Message | None = None


def _slots(base: Sequence[Message], side: Sequence[Message]) -> list[_Slot]:
    """One for each message of the base, and one for what stands after the last."""
    slots, before = list[_Slot](), list[Message]()
    for old, new in pairs_of(base, side):
        if old is not None:
            slots.append(_Slot(before, new))
            before = []
        elif new is not None:
            before.append(new)
    return [*slots, _Slot(before)]


def _merged_messages(
    base: Sequence[Message], ours: Sequence[Message], theirs: Sequence[Message], found: _Numbered
) -> Iterator[_Text | _Open]:
    pairs = zip(_slots(base, ours), _slots(base, theirs), strict=True)
    for index, (mine, other) in enumerate(pairs):
        where = f"message {index + 1}"
        yield from _inserted(mine.before, other.before, f"before {where}", found)
        if index < len(base):
            merged = _message(base[index], mine.message, other.message, where, found)
            if merged is not None:
                yield merged


def _inserted(
    ours: list[Message], theirs: list[Message], where: str, found: _Numbered
) -> Iterator[_Text | _Open]:
    if ours and theirs and ours != theirs:
        yield found.add("message", where, None, tuple(ours), tuple(theirs))
        return
    yield from (_Text(message.role, (f"{message.content}\n",)) for message in ours or theirs)


def _message(
    base: Message, ours: Message | None, theirs: Message | None, where: str, found: _Numbered
) -> _Text | _Open | None:
    if ours is None or theirs is None:
        kept = theirs if ours is None else ours
        if kept is None or kept == base:
            return None
        sides = [None if side is None else (side,) for side in (base, ours, theirs)]
        return found.add("message", where, *sides)
    if base.role == "placeholder" and len({base.content, ours.content, theirs.content}) == 3:
        return found.add("message", where, (base,), (ours,), (theirs,))
    parts = merge_texts(base.content, ours.content, theirs.content)
    return _Text(base.role, tuple(_part(part, f"{where} ({base.role})", found) for part in parts))


def _part(part: str | Clash, where: str, found: _Numbered) -> str | _Open:
    if isinstance(part, str):
        return part
    return found.add("text", f"{where}, line {part.line}", part.base, part.ours, part.theirs)


def _merged_variables(
    base: Content, ours: Content, theirs: Content, found: _Numbered
) -> Iterator[tuple[str, Any]]:
    sides = [{v.name: v for v in content.variables} for content in (base, ours, theirs)]
    old, mine, other = sides
    for name in dict.fromkeys([*mine, *other, *old]):
        merged = _variable(name, old.get(name), mine.get(name), other.get(name), found)
        if merged is not None:
            yield name, merged


def _variable(
    name: str,
    base: Variable | None,
    ours: Variable | None,
    theirs: Variable | None,
    found: _Numbered,
) -> Variable | _Open | None:
    if _same(ours, theirs) or _same(theirs, base):
        return ours
    if _same(ours, base):
        return theirs
    if base and ours and theirs:
        fields = [msgspec.structs.asdict(side) for side in (base, ours, theirs)]
        clashing = _fields_in_conflict(*fields)
        if not clashing:
            old, mine, other = fields
            merged = {k: other[k] if _same(mine[k], old[k]) else mine[k] for k in old}
            return Variable(**merged)
        return found.add(
            "variable", f"variable {name!r}: {', '.join(clashing)}", base, ours, theirs
        )
    return found.add("variable", f"variable {name!r}", base, ours, theirs)


def _fields_in_conflict(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> list[str]:
    return [
        key
        for key in base
        if not _same(ours[key], theirs[key])
        and not _same(ours[key], base[key])
        and not _same(theirs[key], base[key])
    ]


def _merged_values(
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    path: tuple[str, ...],
    found: _Numbered,
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key in dict.fromkeys([*ours, *theirs]):
        old: Any = base.get(key, _NOTHING)
        mine: Any = ours.get(key, _NOTHING)
        other: Any = theirs.get(key, _NOTHING)
        here = (*path, key)
        if _same(mine, other) or _same(other, old):
            value = mine
        elif _same(mine, old):
            value = other
        elif isinstance(mine, dict) and isinstance(other, dict):
            value = _merged_values(_mapping(old), _mapping(mine), _mapping(other), here, found)
        else:
            value = found.add(
                "config", f"config {'.'.join(here)}", _given(old), _given(mine), _given(other)
            )
        if value is not _NOTHING:
            merged[key] = value
    return merged


_NOTHING: Any = object()


def _given(value: Any) -> Any:
    return None if value is _NOTHING else value


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _same(one: Any, other: Any) -> bool:
    """As JSON, in which true is not 1, as it is in Python."""
    if one is other:
        return True
    if any(each is None or each is _NOTHING for each in (one, other)):
        return False
    return _json(one) == _json(other)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _given_choices(choices: Any) -> dict[int, Side | Own]:
    if choices is None:
        return {}
    if not isinstance(choices, Mapping) or not all(
        isinstance(number, int) for number in cast("Mapping[Any, Any]", choices)
    ):
        raise UsageError(
            "choices are no mapping from the numbers of conflicts",
            hint='write choices={1: "ours"}',
        )
    return dict(cast("Mapping[int, Side | Own]", choices))


def _check(conflicts: Sequence[MergeConflict], given: dict[int, Side | Own]) -> None:
    numbers = {conflict.number for conflict in conflicts}
    if unknown := sorted(set(given) - numbers):
        raise UsageError(
            f"there is no conflict {unknown[0]}",
            hint=f"the conflicts are 1 to {len(numbers)}" if numbers else "there is none",
        )
    left = [conflict for conflict in conflicts if conflict.number not in given]
    if left:
        shown = "; ".join(f"{conflict.number}: {conflict.where}" for conflict in left[:5])
        raise Conflict(
            f"{len(left)} conflict{'s' if len(left) > 1 else ''} to resolve ({shown})",
            hint="say which side holds for each (--take 1=ours, theirs, base or both), or write "
            "the text (--take 1:=text)",
        )


def _chosen(conflict: MergeConflict, choice: Side | Own) -> Any:
    """A text for a text, messages for a message, else a value."""
    if isinstance(choice, Own):
        return _own(conflict, choice.value)
    if choice not in SIDES:
        raise UsageError(f"{choice!r} is no side", hint=f"one of: {', '.join(SIDES)}")
    if choice != "both":
        value = getattr(conflict, choice)
        return () if value is None and conflict.kind == "message" else value
    if conflict.kind == "text":
        ours, theirs = conflict.ours, conflict.theirs
        gap = "" if not ours or not theirs or ours.endswith("\n") else "\n"
        return f"{ours}{gap}{theirs}"
    if conflict.kind == "message":
        return (*(conflict.ours or ()), *(conflict.theirs or ()))
    raise UsageError(
        f"{conflict.where} cannot have both", hint="choose ours, theirs or base, or a value"
    )


def _own(conflict: MergeConflict, value: Any) -> Any:
    if conflict.kind == "text":
        if isinstance(value, str):
            # Whole lines are replaced, so that what follows begins on a line of its own.
            return value if value.endswith("\n") or not value else f"{value}\n"
    elif conflict.kind == "message":
        if isinstance(value, str):
            role = (conflict.ours or conflict.theirs or conflict.base)[0].role
            return (Message(role, value),)
    elif conflict.kind == "config" or isinstance(value, Variable):
        return value
    wanted = "a Variable" if conflict.kind == "variable" else "a text"
    raise UsageError(f"{conflict.where} needs {wanted}", hint=f"give {wanted}, or choose a side")


def _messages(merged: Sequence[_Text | _Open], chosen: Mapping[int, Any]) -> Iterator[Message]:
    for each in merged:
        if isinstance(each, _Open):
            yield from chosen[each.number]
            continue
        parts = (part if isinstance(part, str) else chosen[part.number] for part in each.parts)
        yield Message(each.role, text_of(part or "" for part in parts))


def _closed(values: dict[str, Any], chosen: Mapping[int, Any]) -> dict[str, Any]:
    closed: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, _Open):
            if chosen[value.number] is not None:
                closed[key] = chosen[value.number]
        elif isinstance(value, dict):
            closed[key] = _closed(cast("dict[str, Any]", value), chosen)
        else:
            closed[key] = value
    return closed
