"""What an evaluation adds up to. Every figure says of how many it is, and how sure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from burnish.evals.confusion import Confusion
from burnish.evals.statistics import Interval, McNemar, Wilcoxon
from burnish.storage.example import ScorerSpec, Split

Outcome = Literal["better", "worse", "no difference", "no data"]
Compared = Literal["each", "best", "baseline"]
DecidedBy = Literal["score", "cost and latency", "nothing"]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A `rate` is the share of ones where each value is 0 or 1. `mean` is None without values and
    `interval` without enough of them; `unscored` answers are those that a scorer could say
    nothing of, and are in no other figure."""

    metric: str
    kind: Literal["rate", "mean"]
    n: int
    mean: float | None
    interval: Interval | None
    unscored: int = 0


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to the examples that carry a tag."""

    tag: str
    score: Measure
    passed: Measure


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """What the model took, without waiting for its turn, failed calls left out; None without any.
    Of answers from the cache it is that of the call that first gave them."""

    p50_ms: float | None
    p95_ms: float | None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """`usd` was spent, on judges too, as far as prices are known, and is None where none is; a
    cached answer cost nothing. `unknown` counts the answers that cost nobody knows what.
    `per_answer_usd` is what an answer costs that is not cached, without judges; None where no price
    is known."""

    usd: float | None
    unknown: int
    per_answer_usd: float | None


class Flicker(msgspec.Struct, frozen=True, kw_only=True):
    """Of the `examples` that were answered more than once, how many passed at one time and failed
    at another, and the first of these by name."""

    examples: int
    changed: int
    ids: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An answer worth looking at. Long texts are cut; `reasons` are of the metrics that failed.
    `input` and `expected` are those of the example, empty where nobody looked it up."""

    example: str
    repeat: int
    score: float | None
    passed: bool | None
    error: str
    input: str = ""
    expected: str = ""
    output: str
    reasons: tuple[str, ...]
    latency_ms: float
    run_id: str


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt by one model. `name` is as short as tells the columns of the report apart. Failed
    calls are in no figure but `failed`; `missing` were planned and never came. `rows` are the
    worst first: wrong answers, then failed calls; `failing` counts all of both. There is one of
    `confusions` for each metric that tells which label was expected and which was found."""

    name: str
    prompt: str
    model: str
    results: int
    answered: int
    failed: int
    missing: int
    cached: int
    score: Measure
    passed: Measure
    metrics: tuple[Measure, ...]
    tags: tuple[Slice, ...]
    confusions: tuple[Confusion, ...] = ()
    latency: Latency
    input_tokens: int
    output_tokens: int
    cost: Cost
    flicker: Flicker
    failing: int
    rows: tuple[Row, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of `column` less those of `against`, example by example (a mean over repeats),
    over the `n` examples that both answered; `missing` are the others. `p` is McNemar's where
    every score is 0 or 1, else Wilcoxon's; `p_holm` and `p_bh` are corrected for all comparisons
    of the report. `outcome` is `better` or `worse` only where `p_holm` is below 0.05 and the
    interval of the mean difference leaves 0 out. Where none is shown, `needed` is about how many
    examples would show a difference as large as this one. `verdicts` compares pass and fail."""

    column: str
    against: str
    n: int
    missing: int
    difference: float | None
    interval: Interval | None
    test: Literal["mcnemar", "wilcoxon"]
    p: float
    p_holm: float
    p_bh: float
    ranks: Wilcoxon
    verdicts: McNemar | None
    cohens_dz: float | None
    outcome: Outcome
    needed: int | None = None
    text: str


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """The score decides. Among columns that are `alike` (the best is ahead by `margin` at most, and
    no difference is shown) cost and latency do, by their `weights`; `column` is empty where these
    do not differ either, or nothing is scored. Of those in `unsure` the best is ahead by more,
    without enough examples to show it."""

    column: str
    decided_by: DecidedBy
    alike: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    weights: dict[str, float]
    margin: float
    text: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Errors that differ by numbers alone, shown by one of them. `metric` is the scorer's, empty
    for a call that failed."""

    column: str
    metric: str
    error: str
    count: int


class Unscored(msgspec.Struct, frozen=True, kw_only=True):
    """A scorer that could say nothing of some answers: by its `metric`, on how many `answers` of
    how many it was to score (`of`), and the `error` that came most often. With `counts` these
    answers have no score at all; else the others make it up, for its weight is 0."""

    metric: str
    answers: int
    of: int
    error: str
    counts: bool


class About(msgspec.Struct, frozen=True, kw_only=True):
    """`evaluation` is its id, `dataset` a pinned reference of which the examples of the `split`
    and with all the `tags` were taken. `parameters` went to the models in the place of the
    prompts' own."""

    evaluation: str
    dataset: str
    split: Split | None = None
    tags: tuple[str, ...] = ()
    scorers: tuple[ScorerSpec, ...] = ()
    models: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    who: str = ""
    created_at: datetime


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`compared` says which columns were: each with `each`, each with the `best`, or with the
    `baseline` that is named. `about` is None for results that are of no stored evaluation."""

    title: str
    about: About | None = None
    examples: int
    repeats: int
    results: int
    missing: int
    columns: tuple[Column, ...]
    compared: Compared
    baseline: str
    comparisons: tuple[Comparison, ...]
    recommendation: Recommendation
    faults: tuple[Fault, ...]
    unscored: tuple[Unscored, ...] = ()
