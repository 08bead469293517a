"""One example of a dataset, as it is stored."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Split = Literal["train", "dev", "test"]


class ScorerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A scorer as it is named and stored, so that a run can be repeated. `not-` before a name
    turns its verdict around. `value` is what the answer is compared with (None: what the example
    expects), `threshold` the least score that passes (None: the scorer's own), `weight` how much
    it counts in the score of an answer (0: reported alone), `metric` the name it is reported
    under (empty: its own)."""

    name: str
    value: Any = None
    threshold: float | None = None
    weight: float = 1.0
    metric: str = ""
    parameters: dict[str, Any] = {}


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt is tried on. `inputs` are values of its variables, `expected` what a right
    answer is compared with (text or any JSON; None where scorers need nothing). `scorers` count
    for this example alone, beside those of the evaluation. `id` is unique in its dataset and the
    same in each of its versions; `synthetic` says that a model wrote it."""

    id: str
    inputs: dict[str, Any]
    expected: Any = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    scorers: tuple[ScorerSpec, ...] = ()
    split: Split = "test"
    synthetic: bool = False
