"""What variants may differ in, and what is measured of the answers to an offline experiment."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.shapes import convert, refusal
from burnish.storage.experiment import Variant

SCORE: Final = "score"
COST: Final = "cost_usd"
LATENCY: Final = "latency_ms"
SPENT: Final = (COST, LATENCY)
"""Metrics of answers that are no scores: they have no bounds, and less of them is better."""


class Parameters(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a variant's config may set of how its model is asked."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


def configured(config: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """A version's config with what the variant says in its place."""
    model = {"model": variant.model} if variant.model else {}
    return {**config, **model, **variant.config}


def parameters_of(variant: Variant) -> dict[str, Any]:
    """Those that are set. Raises UsageError for what an offline experiment cannot set."""
    try:
        given = convert(variant.config, Parameters)
    except msgspec.ValidationError as error:
        what, hint = refusal(error, Parameters)
        raise UsageError(
            f"the config of variant {variant.name!r} is wrong: {what}",
            hint=f"{hint}; a model is given beside it" if "model" in variant.config else hint,
            subject=variant.name,
        ) from None
    plain: dict[str, Any] = msgspec.to_builtins(given)
    return plain
