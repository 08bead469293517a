"""What is asked of an evaluation, before anything is looked up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from burnish.errors import UsageError
from burnish.prompts.config import read_config
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example, Split

Data = str | Path | Sequence[Mapping[str, Any] | Example]
_MOST_AT_ONCE = 1_000
_MOST_REPEATS = 1_000
PARAMETERS = ("temperature", "max_tokens", "top_p", "seed", "stop")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`data` is a dataset's reference, a file of examples, or examples. `parameters` are those of
    `ModelRequest` that are set for all prompts, `scorers` what `Scorers.take` understands; `files`
    lets it run a file that is named. With `stored`, prompts and data are in the library, and a file
    of that name is not looked for."""

    prompts: tuple[str, ...]
    data: Any = None
    models: tuple[str, ...] = ()
    scorers: tuple[Any, ...] = ()
    baseline: str = ""
    split: Split | None = None
    tags: tuple[str, ...] = ()
    limit: int | None = None
    repeats: int = 1
    concurrency: int | None = None
    parameters: dict[str, Any] = {}
    max_cost_usd: float | None = None
    fresh: bool = False
    dataset: str = ""
    files: bool = False
    stored: bool = False

    def checked(self) -> Self:
        """Raises UsageError for what no evaluation can be."""
        if not self.prompts:
            raise UsageError("no prompt is named", hint="name one or more, such as mail/late@3")
        for name, value, most in (
            ("repeats", self.repeats, _MOST_REPEATS),
            ("concurrency", self.concurrency, _MOST_AT_ONCE),
            ("limit", self.limit, None),
        ):
            if value is not None and (value < 1 or (most is not None and value > most)):
                bound = f"1 to {most}" if most else "1 or more"
                raise UsageError(f"{name} is {value}", hint=f"use {bound}", subject=name)
        check_parameters(self.parameters)
        if self.max_cost_usd is not None and self.max_cost_usd < 0:
            raise UsageError("the bound on cost is below 0", hint="give dollars, or leave it out")
        return self

    @classmethod
    def again(cls, evaluation: Evaluation) -> Self:
        """As the evaluation was asked for, its prompts and dataset pinned."""
        return cls(
            prompts=evaluation.prompts,
            data=evaluation.dataset,
            models=evaluation.models,
            scorers=evaluation.scorers,
            baseline=evaluation.baseline,
            split=evaluation.split,
            tags=evaluation.tags,
            limit=evaluation.examples,
            repeats=evaluation.repeats,
            concurrency=evaluation.concurrency,
            parameters=evaluation.parameters,
            max_cost_usd=evaluation.max_cost_usd,
            fresh=evaluation.fresh,
        )


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raises UsageError for what no model could be asked with."""
    given = {name: parameters[name] for name in ("temperature", "max_tokens") if name in parameters}
    heat = given.get("temperature")
    if isinstance(heat, float) and math.isnan(heat):
        raise UsageError("temperature is no number", hint="give 0 to 2", subject="temperature")
    try:
        read_config(given)
    except UsageError as error:
        what = error.what.removeprefix("config ")
        raise UsageError(what, hint=error.hint, subject=error.subject) from None
