"""A technique's text put into a prompt, taken out of it, or changed for another's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from random import Random

from burnish.optimizers.blocks import HEADING, Block, blocks, join, split
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Messages, without
from burnish.optimizers.operators.operator import Context, added_keys, instructions, made
from burnish.prompts.prompt import Message
from burnish.prompts.sections import Section, SectionKind, Sections
from burnish.techniques.apply import apply, renumbered
from burnish.techniques.technique import Technique

_MOST_TRIES = 5
_TITLES: dict[SectionKind, str] = {
    "context": "Context",
    "steps": "Steps",
    "constraints": "Rules",
    "format": "Format",
    "quality": "Checks",
    "examples": "Examples",
}
_NUMBERED = re.compile(r"(\d{1,4})\. ")
_ROLE = re.compile(r"\s*(?:#+ .*\n\s*)?(?:you are|act as|your role|as an? )\b", re.IGNORECASE)


def add(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    parent = parents[0]
    messages = without(parent.messages)
    tried = _open(context, parent.techniques)
    random.shuffle(tried)
    for technique in tried[:_MOST_TRIES]:
        if (found := with_technique(context, messages, technique)) is not None:
            names = (*parent.techniques, technique.name)
            return made(
                context, parents, found, "add", why=f"adds {technique.title}", techniques=names
            )
    return None


def take(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    parent = parents[0]
    messages = without(parent.messages)
    for technique in _carried(context, parent, random):
        if (found := _without_technique(context, messages, technique)) is not None:
            names = [name for name in parent.techniques if name != technique.name]
            why = f"takes {technique.title} away"
            return made(context, parents, found, "take", why=why, techniques=names)
    return None


def swap(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    parent = parents[0]
    messages = without(parent.messages)
    for old in _carried(context, parent, random):
        less = _without_technique(context, messages, old)
        names = [name for name in parent.techniques if name != old.name]
        others = [new for new in _open(context, names) if new.name != old.name]
        random.shuffle(others)
        for new in others[:_MOST_TRIES] if less is not None else ():
            if less and (found := with_technique(context, less, new)) is not None:
                why = f"{new.title} in place of {old.title}"
                return made(context, parents, found, "swap", why=why, techniques=(*names, new.name))
    return None


def with_technique(context: Context, messages: Messages, technique: Technique) -> Messages | None:
    """None where the prompt says so already, or has no message for it."""
    number = instructions(messages)
    if number is None:
        return None
    text = messages[number].content
    added = _added(text, technique, context)
    if added is None or added == text:
        return None
    changed = Message(messages[number].role, added)
    return (*messages[:number], changed, *messages[number + 1 :])


def _added(text: str, technique: Technique, context: Context) -> str | None:
    """What is added stands before the inputs; the role alone stands before the task."""
    head, tail = split(text)
    if technique.section == "role" and _ROLE.match(head):
        return None
    bare = head.rstrip()
    sections = Sections((Section("task", bare), *([Section("input", tail)] if tail else [])))
    applied = apply(sections, [technique], intent=context.intent).sections
    if applied == sections:
        return None
    gap = head[len(bare) :] if bare else ""
    if technique.layout == "input_first" and tail:
        return "\n\n".join(part.text.strip() for part in applied.parts if part.text.strip())
    told = [part for part in applied.parts if part.kind != "input" and part.text]
    behind = ""
    if (at := _end_of(told[-1].kind, bare)) and told[-1].kind not in ("role", "task"):
        told = [Section("task", bare[:at].rstrip()), told[-1]]
        behind = bare[at:] and f"\n\n{bare[at:]}"
    parts = [_titled(part, bare) for part in told]
    whole = _listed(parts, continues=bool(at) or _ends_with_own(bare, context)) + behind
    return whole + (gap or ("\n\n" if tail else "")) + tail


def _end_of(kind: SectionKind, head: str) -> int:
    """Where the section of that kind ends that the prompt has under a heading; 0: it has none."""
    title, at = _TITLES.get(kind, "").casefold(), 0
    within = False
    for block in blocks(head):
        if HEADING.match(block.text):
            if within:
                return at
            # The whole heading: "Rules for dates" is no place for other rules.
            within = bool(title) and block.text.strip("#*:_ \t\n").casefold() == title
        at += len(block.text) + len(block.gap)
    return len(head) if within else 0


def _ends_with_own(head: str, context: Context) -> bool:
    """Whether the last block is a technique's, and no list of the user's that is about something
    else."""
    last = next((block.key for block in reversed(blocks(head)) if block.text), "")
    return any(last in added_keys(each, context.intent) for each in context.techniques)


def _titled(part: Section, head: str) -> str:
    """With a heading where the prompt's parts have one and stand in another's section otherwise."""
    found = [block.text for block in blocks(head) if HEADING.match(block.text)]
    title = _TITLES.get(part.kind, "")
    if not found or not title or any(title in each for each in found):
        return part.text
    return f"{'#' * found[-1].strip().index(' ')} {title}\n\n{part.text}"


def _listed(parts: Sequence[str], *, continues: bool) -> str:
    """One list where a list follows a list; numbers go on where it `continues`."""
    text = parts[0]
    for part in parts[1:]:
        last = text.rpartition("\n")[2]
        one = last.startswith("- ") and part.startswith("- ")
        count = _NUMBERED.match(last)
        if continues and count and _NUMBERED.match(part):
            one, part = True, renumbered(part, int(count[1]) + 1)  # noqa: PLW2901
        text = f"{text}{chr(10) if one else chr(10) * 2}{part}"
    return text


def _without_technique(
    context: Context, messages: Messages, technique: Technique
) -> Messages | None:
    """None where its text is not there any more, or is the original's own."""
    wanted = added_keys(technique, context.intent)
    found = tuple(
        Message(now.role, _less(blocks(was.content), blocks(now.content), wanted))
        for was, now in zip(without(context.original), messages, strict=True)
    )
    return found if found != messages else None


def _less(was: list[Block], now: list[Block], wanted: set[str]) -> str:
    own = {block.key for block in was}
    kept: list[Block] = []
    for number, block in enumerate(now):
        left = not block.text or block.key not in wanted or block.key in own
        if left and not _is_idle(number, now, wanted, own):
            kept.append(block)
        elif kept and kept[-1].gap.count("\n") < block.gap.count("\n"):
            kept[-1] = Block(kept[-1].text, block.gap)
    if len(kept) == len(now):
        return join(now)
    end = was[-1].gap if was else ""
    return join([*kept[:-1], Block(kept[-1].text, end)]) if kept else ""


def _is_idle(number: int, now: list[Block], wanted: set[str], own: set[str]) -> bool:
    """Whether it is a heading of which nothing is left."""
    text = now[number].text
    if not HEADING.match(text) or text.strip("# \t") not in _TITLES.values():
        return False
    under = list(takewhile(lambda block: not HEADING.match(block.text), now[number + 1 :]))
    return (
        now[number].key not in own
        and bool(under)
        and all(block.key in wanted and block.key not in own for block in under)
    )


def _open(context: Context, names: Sequence[str]) -> list[Technique]:
    """Those that can be added to the ones with these names."""
    known = {technique.name: technique for technique in context.techniques}
    barred = {c for name in names if name in known for c in known[name].conflicts_with}
    return [
        technique
        for technique in context.techniques
        if technique.name not in names
        and technique.name not in barred
        and not set(technique.conflicts_with) & set(names)
    ]


def _carried(context: Context, parent: Candidate, random: Random) -> list[Technique]:
    found = [each for each in context.techniques if each.name in parent.techniques]
    random.shuffle(found)
    return found
