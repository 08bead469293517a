"""Other values of the model's parameters, where these may vary."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from burnish.optimizers.candidate import Candidate
from burnish.optimizers.operators.operator import Context
from burnish.optimizers.varied import number_text

VARY = "vary"


def vary(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    parent = parents[0]
    now = {**context.usual, **parent.parameters}
    options = [
        (name, value)
        for name, values in context.vary.items()
        for value in values
        if now.get(name) != value
    ]
    return with_value(context, parent, *random.choice(options)) if options else None


def with_value(context: Context, parent: Candidate, name: str, value: Any) -> Candidate:
    """The same text, asked with another value of a parameter."""
    return msgspec.structs.replace(
        parent,
        parameters=with_values(context, parent.parameters, {name: value}),
        parents=(parent.id,),
        operator=VARY,
        why=f"{name} {number_text(value)}",
    )


def with_values(
    context: Context, parameters: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """Those that differ from the original's, so that one way to ask has one name."""
    both = {**parameters, **values}
    return {name: both[name] for name in sorted(both) if context.usual.get(name) != both[name]}
