"""What every operator is given, and what it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from burnish.intents.intent import Intent
from burnish.optimizers.blocks import blocks
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Messages, carried
from burnish.optimizers.frozen import is_frozen
from burnish.techniques.technique import Technique
from burnish.techniques.templates import render_addition


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """`original` is what the search began with, `techniques` are those that suit the prompt, best
    first. `vary` has the values that parameters of the model may have, by their names, and `usual`
    those that they have without it."""

    original: Messages
    techniques: tuple[Technique, ...] = ()
    intent: Intent | None = None
    vary: dict[str, tuple[float, ...]] = {}
    usual: dict[str, float] = {}


Make = Callable[[Context, Sequence[Candidate], Random], Candidate | None]


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """`parents` says how many candidates it is made of. `make` gives None where it finds nothing to
    do; what it makes is not checked yet."""

    name: str
    description: str
    parents: int = 1
    make: Make

    def __call__(
        self, context: Context, parents: Sequence[Candidate], random: Random
    ) -> Candidate | None:
        """Raises ValueError for fewer parents than it needs."""
        if len(parents) < self.parents:
            raise ValueError(f"{self.name} is made of {self.parents} candidates")
        return self.make(context, parents, random)


def made(
    context: Context,
    parents: Sequence[Candidate],
    messages: Messages,
    operator: str,
    *,
    why: str,
    techniques: Sequence[str] | None = None,
) -> Candidate:
    """A child of the first parent, which shows the same examples. `techniques` (None: the parents')
    may be in it; it carries those whose text still is."""
    main = parents[0]
    known = {technique.name: technique for technique in context.techniques}
    all_of_parents = [name for each in parents for name in each.techniques]
    names = dict.fromkeys(all_of_parents if techniques is None else techniques)
    texts = keys_of(messages)
    kept = [n for n in names if n not in known or texts & added_keys(known[n], context.intent)]
    return Candidate(
        messages=carried(main.messages, messages),
        parameters=main.parameters,
        demonstrations=main.demonstrations,
        techniques=tuple(kept),
        parents=tuple(dict.fromkeys(each.id for each in parents)),
        operator=operator,
        why=why,
    )


def added_keys(technique: Technique, intent: Intent | None) -> set[str]:
    """Of the blocks that a technique's text consists of."""
    return {block.key for block in blocks(render_addition(technique, {}, intent)) if block.text}


def keys_of(messages: Messages) -> set[str]:
    return {block.key for each in messages for block in blocks(each.content) if block.text}


def instructions(messages: Messages) -> int | None:
    """Which message tells the model what to do: a system message, else the last user message."""
    free = [n for n, message in enumerate(messages) if not is_frozen(message)]
    systems = [n for n in free if messages[n].role == "system"]
    users = [n for n in free if messages[n].role == "user"]
    return (systems or users[-1:] or free or [None])[0]
