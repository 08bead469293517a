"""A report out of results, in one pass."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.evals.report.columns import column_of, faults_of
from burnish.evals.report.compare import Marks, Pair, compare, leader, pairs_of
from burnish.evals.report.recommend import Weights, recommend
from burnish.evals.report.report import About, Column, Fault, Report, Unscored
from burnish.evals.report.tally import Tally
from burnish.storage.result import Result

# Of more tags, those with most examples.
MAX_TAGS = 50
_MAX_FAULTS = 50
WEIGHTS = Weights()
Planned = Mapping[tuple[str, str], int]


class _Seen:
    """What came so far, examples by the number of their first appearance. `names` are those that
    were answered more than once; `in_order`, all of an example comes together, and nothing else
    has to be known of those before it."""

    def __init__(self, *, in_order: bool) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.names: dict[int, str] = {}
        self.examples = 0
        self.repeats = 0
        self._in_order = in_order
        self._numbers: dict[str, int] = {}
        self._tags: dict[str, array[int]] = {}

    def add(self, result: Result) -> None:
        example = self._numbers.get(result.example)
        if example is None:
            example = self._begin(result)
        if result.repeat:
            self.names[example] = result.example
        self.repeats = max(self.repeats, result.repeat + 1)
        key = result.prompt, result.model
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally(*key)
        tally.add(result, example)

    def _begin(self, result: Result) -> int:
        if self._in_order:
            self._numbers.clear()
        number = self._numbers[result.example] = self.examples
        self.examples += 1
        for tag in set(result.tags):
            self._tags.setdefault(tag, array("i")).append(number)
        return number

    def masks(self) -> dict[str, NDArray[Any]]:
        """For each tag, which examples carry it."""
        often = sorted(self._tags, key=lambda tag: (-len(self._tags[tag]), tag))[:MAX_TAGS]
        masks: dict[str, NDArray[Any]] = {}
        for tag in sorted(often):
            masks[tag] = np.zeros(self.examples, dtype=bool)
            masks[tag][np.array(self._tags[tag])] = True
        return masks


def report_of(
    results: Iterable[Result],
    *,
    title: str = "",
    baseline: str = "",
    planned: int | Planned | None = None,
    weights: Weights = WEIGHTS,
    about: About | None = None,
    in_order: bool = False,
) -> Report:
    """What `results` add up to; none of them may come twice. The order matters to nothing but the
    order of the columns, which is that of appearance.

    `baseline` names what the others are compared with: a prompt (each model with itself), a model
    (each prompt with itself) or a column; without it each is compared with each. `planned` is how
    many results a column should have (None: as many as examples and repeats that were seen), for
    all or by prompt and model. `about` says what they are the results of. Where they come
    `in_order`, all of an example together, a million of them take less than half the memory.
    Raises NotFound for a baseline that has no result.
    """
    seen = _Seen(in_order=in_order)
    for result in results:
        seen.add(result)
    found = list(seen.tallies.values())
    if planned is None:
        planned = seen.examples * seen.repeats
    if isinstance(planned, int):
        planned = dict.fromkeys(seen.tallies, planned)
    columns = _columns(found, seen, planned)
    marks = [Marks.of(tally, seen.examples) for tally in found]
    pairs, compared = pairs_of(columns, baseline)
    comparisons = compare(columns, marks, pairs)
    beside = compare(columns, marks, _with_leader(columns)) if baseline else comparisons
    return Report(
        title=title,
        about=about,
        examples=seen.examples,
        repeats=seen.repeats,
        results=sum(column.results for column in columns),
        missing=sum(column.missing for column in columns),
        columns=columns,
        compared=compared,
        baseline=baseline,
        comparisons=tuple(comparisons),
        recommendation=recommend(columns, beside, weights),
        faults=_faults(found, columns),
        unscored=_unscored(found),
    )


def _columns(tallies: Sequence[Tally], seen: _Seen, planned: Planned) -> tuple[Column, ...]:
    tagged = seen.masks()
    prompts = {tally.prompt for tally in tallies}
    models = {tally.model for tally in tallies}

    def name(tally: Tally) -> str:
        if len(models) == 1:
            return tally.prompt
        return tally.model if len(prompts) == 1 else f"{tally.prompt} · {tally.model}"

    return tuple(
        column_of(
            tally,
            name(tally),
            planned=planned.get((tally.prompt, tally.model), 0),
            names=seen.names,
            tagged=tagged,
        )
        for tally in tallies
    )


def _faults(tallies: Sequence[Tally], columns: Sequence[Column]) -> tuple[Fault, ...]:
    found = [
        fault
        for tally, column in zip(tallies, columns, strict=True)
        for fault in faults_of(tally, column.name)
    ]
    found.sort(key=lambda fault: (-fault.count, fault.column, fault.metric, fault.error))
    return tuple(found[:_MAX_FAULTS])


def _unscored(tallies: Sequence[Tally]) -> tuple[Unscored, ...]:
    found: list[Unscored] = []
    for metric in sorted({metric for tally in tallies for metric in tally.metrics}):
        values = [tally.metrics[metric] for tally in tallies if metric in tally.metrics]
        silent = sum(each.missing for each in values)
        if silent:
            errors: Counter[str] = Counter()
            for tally in tallies:
                errors.update({e: n for (m, _), (n, e) in tally.faults.items() if m == metric})
            error = min(errors, key=lambda each: (-errors[each], each), default="")
            found.append(
                Unscored(
                    metric=metric,
                    answers=silent,
                    of=silent + sum(len(each.values) for each in values),
                    error=error,
                    counts=any(metric in tally.lacking for tally in tallies),
                )
            )
    return tuple(found)


def _with_leader(columns: Sequence[Column]) -> list[Pair]:
    """What the recommendation rests on, where other pairs were asked for."""
    first = leader(columns)
    return [(at, first) for at in range(len(columns)) if first is not None and at != first]
