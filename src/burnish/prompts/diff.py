"""What changed between two versions, word by word.

Texts are compared line by line first, then word by word where lines differ, so that a long
prompt costs about as much as what changed in it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, cast

import msgspec

from burnish.prompts.prompt import Message, PromptVersion, Variable
from burnish.prompts.tags import INCLUDE

SegmentKind = Literal["equal", "insert", "delete"]
Change = Literal["added", "removed", "changed"]

# A character of a script without spaces is a word of its own.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# So is what includes another prompt: half of one names nothing, or a version that nobody meant.
_TOKEN = re.compile(rf"{INCLUDE}|[{_CJK}]|(?:(?![{_CJK}])\w)+|\n|[^\S\n]+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Beyond these, comparing words takes seconds; lines, or the whole, are told apart instead.
MAX_TOKENS = 20_000
_MAX_PAIRS = 2_000_000
_MOST_MESSAGES, _LIKENESS_CHARS = 60, 4_000


class Segment(msgspec.Struct, frozen=True):
    kind: SegmentKind
    text: str


class MessageDiff(msgspec.Struct, frozen=True, kw_only=True):
    """`role_before` is None for an added message, `role_after` for a removed one."""

    role_before: str | None
    role_after: str | None
    segments: tuple[Segment, ...] = ()

    @property
    def changed(self) -> bool:
        return self.role_before != self.role_after or any(
            segment.kind != "equal" for segment in self.segments
        )


class VariableDiff(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    change: Change
    before: Variable | None = None
    after: Variable | None = None


class ValueDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A value inside config or metadata; `path` leads to it."""

    path: tuple[str, ...]
    change: Change
    before: Any = None
    after: Any = None


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    before_revision: int
    after_revision: int
    messages: tuple[MessageDiff, ...]
    variables: tuple[VariableDiff, ...] = ()
    config: tuple[ValueDiff, ...] = ()
    metadata: tuple[ValueDiff, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(
            self.variables
            or self.config
            or self.metadata
            or any(message.changed for message in self.messages)
        )


def compare(before: PromptVersion, after: PromptVersion) -> Diff:
    return Diff(
        before_revision=before.revision,
        after_revision=after.revision,
        messages=compare_messages(before.messages, after.messages),
        variables=tuple(_variables(before.variables, after.variables)),
        config=tuple(_values(before.config, after.config)),
        metadata=tuple(_values(before.metadata, after.metadata)),
    )


def compare_messages(
    before: Sequence[Message], after: Sequence[Message]
) -> tuple[MessageDiff, ...]:
    return tuple(_pair(*pair) for pair in pairs_of(before, after))


def compare_texts(before: str, after: str) -> tuple[Segment, ...]:
    """Segments whose `sides` are the two texts, character for character."""
    return tuple(_joined(_by_line(before, after)))


def sides(segments: Iterable[Segment]) -> tuple[str, str]:
    """The text before and the text after."""
    kept = list(segments)
    return (
        "".join(s.text for s in kept if s.kind != "insert"),
        "".join(s.text for s in kept if s.kind != "delete"),
    )


def messages_before(diff: Diff) -> tuple[Message, ...]:
    return tuple(
        Message(m.role_before, sides(m.segments)[0])
        for m in diff.messages
        if m.role_before is not None
    )


def messages_after(diff: Diff) -> tuple[Message, ...]:
    return tuple(
        Message(m.role_after, sides(m.segments)[1])
        for m in diff.messages
        if m.role_after is not None
    )


def as_words(segments: Iterable[Segment]) -> str:
    """The text with [-what went-] and {+what came+}."""
    marks = {"equal": "{}", "delete": "[-{}-]", "insert": "{{+{}+}}"}
    return "".join(marks[s.kind].format(s.text) for s in segments)


def as_lines(segments: Iterable[Segment], context: int = 3) -> list[str]:
    """The lines of a unified diff, without line ends and file names."""
    before, after = (text.split("\n") for text in sides(segments))
    return list(difflib.unified_diff(before, after, n=context, lineterm=""))[2:]


def lines_of(text: str) -> list[str]:
    return _LINE.findall(text)


def words_of(text: str) -> list[str]:
    """Words, spaces and marks; together they are the text."""
    return _TOKEN.findall(text)


def edits_of(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """(i, j, k, m) for each stretch where old[i:j] became new[k:m]."""
    for kind, i, j, k, m in _opcodes(list(old), list(new)):
        if kind != "equal":
            yield i, j, k, m


def pairs_of(
    before: Sequence[Message], after: Sequence[Message]
) -> Iterator[tuple[Message | None, Message | None]]:
    """Each message beside what became of it; None where it came or went."""
    if [m.role for m in before] == [m.role for m in after]:
        yield from zip(before, after, strict=True)
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(before[i:j], after[k:m], strict=True)
        else:
            yield from _replaced(list(before[i:j]), list(after[k:m]))


def _replaced(
    before: list[Message], after: list[Message]
) -> Iterator[tuple[Message | None, Message | None]]:
    """Messages of one role are versions of each other, those that are most alike, in order; the
    rest came or went."""
    likeness = {
        (i, k): _likeness(old, new)
        for i, old in enumerate(before[:_MOST_MESSAGES])
        for k, new in enumerate(after[:_MOST_MESSAGES])
        if old.role == new.role
    }
    i = k = 0
    for old, new in _best_pairs(len(before), len(after), likeness):
        yield from ((message, None) for message in before[i:old])
        yield from ((None, message) for message in after[k:new])
        yield before[old], after[new]
        i, k = old + 1, new + 1
    yield from ((message, None) for message in before[i:])
    yield from ((None, message) for message in after[k:])


def _likeness(old: Message, new: Message) -> float:
    """1 and more for messages of one role, up to 2 for equal ones."""
    here, there = (Counter(words_of(each.content[:_LIKENESS_CHARS])) for each in (old, new))
    return 1 + 2 * (here & there).total() / max(1, here.total() + there.total())


def _best_pairs(
    rows: int, columns: int, likeness: dict[tuple[int, int], float]
) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, whose likeness adds up to most."""
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for k in range(columns - 1, -1, -1):
            paired = likeness[i, k] + best[i + 1][k + 1] if (i, k) in likeness else 0.0
            best[i][k] = max(paired, best[i + 1][k], best[i][k + 1])
    pairs: list[tuple[int, int]] = []
    i = k = 0
    while i < rows and k < columns:
        if (i, k) in likeness and best[i][k] == likeness[i, k] + best[i + 1][k + 1]:
            pairs.append((i, k))
            i, k = i + 1, k + 1
        elif best[i][k] == best[i + 1][k]:
            i += 1
        else:
            k += 1
    return pairs


def _pair(before: Message | None, after: Message | None) -> MessageDiff:
    return MessageDiff(
        role_before=None if before is None else before.role,
        role_after=None if after is None else after.role,
        segments=compare_texts(
            "" if before is None else before.content, "" if after is None else after.content
        ),
    )


def _by_line(before: str, after: str) -> Iterator[Segment]:
    old, new = lines_of(before), lines_of(after)
    for kind, i, j, k, m in _opcodes(old, new):
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        if kind == "replace":
            yield from _by_word(gone, come)
        else:
            yield from _told(kind, gone, come)


def _by_word(before: str, after: str) -> Iterator[Segment]:
    old, new = words_of(before), words_of(after)
    if max(len(old), len(new)) > MAX_TOKENS or _pairs(old, new) > _MAX_PAIRS:
        yield from _told("replace", before, after)
        return
    for kind, i, j, k, m in _opcodes(old, new):
        yield from _told(kind, "".join(old[i:j]), "".join(new[k:m]))


def _told(kind: str, gone: str, come: str) -> Iterator[Segment]:
    if kind == "equal":
        yield Segment("equal", gone)
        return
    if gone:
        yield Segment("delete", gone)
    if come:
        yield Segment("insert", come)


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    if _pairs(old, new) > _MAX_PAIRS:
        return _ends(old, new)
    # Space alone is no reason to call two places the same; beside equal words it joins them.
    matcher = difflib.SequenceMatcher(str.isspace, old, new, autojunk=False)
    return list(matcher.get_opcodes())


def _ends(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    """Only what both begin and end with is the same."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    i, k = len(old) - end, len(new) - end
    return [
        ("equal", 0, start, 0, start),
        ("replace", start, i, start, k),
        ("equal", i, len(old), k, len(new)),
    ]


def _pairs(old: list[str], new: list[str]) -> int:
    """How many equal pairs the comparison has to weigh; its time grows with them."""
    here, there = Counter(old), Counter(new)
    return sum(n * there[token] for token, n in here.items() if not token.isspace())


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Without empty segments and with neighbours of one kind as one, deletions before insertions
    between two equal stretches."""
    gone: list[str] = []
    come: list[str] = []
    same: list[str] = []
    for segment in segments:
        if not segment.text:
            continue
        if segment.kind == "equal":
            yield from _flush(gone, come)
            same.append(segment.text)
        else:
            if same:
                yield Segment("equal", "".join(same))
                same.clear()
            (gone if segment.kind == "delete" else come).append(segment.text)
    if same:
        yield Segment("equal", "".join(same))
    yield from _flush(gone, come)


def _flush(gone: list[str], come: list[str]) -> Iterator[Segment]:
    yield from _told("replace", "".join(gone), "".join(come))
    gone.clear()
    come.clear()


def _variables(before: Sequence[Variable], after: Sequence[Variable]) -> Iterator[VariableDiff]:
    old, new = {v.name: v for v in before}, {v.name: v for v in after}
    for name in old | new:
        change = _change(name, old, new)
        if change is not None:
            yield VariableDiff(name=name, change=change, before=old.get(name), after=new.get(name))


def _values(
    before: dict[str, Any], after: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[ValueDiff]:
    for key in before | after:
        old, new = before.get(key), after.get(key)
        change = _change(key, before, after)
        if isinstance(old, dict) and isinstance(new, dict):
            inside = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
            yield from _values(*inside, (*path, key))
        elif change is not None:
            yield ValueDiff(path=(*path, key), change=change, before=old, after=new)


def _change(key: str, before: dict[str, Any], after: dict[str, Any]) -> Change | None:
    if key not in before:
        return "added"
    if key not in after:
        return "removed"
    # As JSON, in which true is not 1, as it is in Python.
    old, new = (msgspec.json.encode(side[key], order="deterministic") for side in (before, after))
    return None if old == new else "changed"
