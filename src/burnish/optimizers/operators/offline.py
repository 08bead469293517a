"""Operators that ask no model."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from burnish.optimizers import lines
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import without
from burnish.optimizers.operators.operator import Context, Operator, made
from burnish.optimizers.operators.parameters import VARY, vary
from burnish.optimizers.operators.techniques import add, swap, take
from burnish.optimizers.operators.wording import once, phrase, shorten
from burnish.prompts.prompt import Message

_SHOWN = 80
_BACK = {"added": "leaves out", "changed": "takes back the change to", "removed": "brings back"}


def merge(context: Context, parents: Sequence[Candidate], _: Random) -> Candidate | None:
    original, a, b = (without(m) for m in (context.original, *(p.messages for p in parents[:2])))
    united = lines.merged(original, a, b)
    if united is None:
        return None
    # What both added in different places is said once.
    united = tuple(
        Message(now.role, once(was.content, now.content))
        for was, now in zip(original, united, strict=True)
    )
    return made(context, parents[:2], united, "merge", why="has the changes of both")


def drop(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    original, messages = without(context.original), without(parents[0].messages)
    found = lines.edits(original, messages)
    moved = {edit.before for edit in found} & {edit.after for edit in found}
    options = [k for k, each in enumerate(found) if not {each.before, each.after} & (moved - {""})]
    if not options:
        return None
    k = random.choice(options)
    line = " ".join((found[k].after or found[k].before).split())
    shown = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
    back = _BACK[found[k].kind]
    less = lines.without(original, messages, k)
    return made(context, parents[:1], less, "drop", why=f"{back} {shown!r}")


def reorder(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    found = lines.moved(without(parents[0].messages), random)
    if found is None:
        return None
    return made(context, parents[:1], found, "reorder", why="two parts change places")


OPERATORS: dict[str, Operator] = {
    each.name: each
    for each in (
        Operator(name="add", description="adds the text of a technique that suits it", make=add),
        Operator(name="take", description="takes the text of a technique away", make=take),
        Operator(name="swap", description="changes one technique for another", make=swap),
        Operator(
            name="merge",
            description="unites the changes of two candidates line by line",
            parents=2,
            make=merge,
        ),
        Operator(name="drop", description="takes one change of the original back", make=drop),
        Operator(
            name="reorder",
            description="lets two sections or two bullets of a list change places",
            make=reorder,
        ),
        Operator(name=VARY, description="asks with another value of a parameter", make=vary),
        Operator(name="phrase", description="says an instruction in other words", make=phrase),
        Operator(
            name="shorten", description="leaves out fillers and what is said twice", make=shorten
        ),
    )
}
"""By name; all are fast, and the same random numbers give the same candidate."""
