"""The package `gepa` as one more way to search: what it wants to know is measured, paid for and
written down as with any other."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from burnish.errors import MissingExtra
from burnish.optimizers.ask import Ask, Drafts, Measure, Pair
from burnish.optimizers.book import mean_of
from burnish.optimizers.changes import changed, is_changeable
from burnish.optimizers.problem import Problem, Search

# What every accepted candidate is measured on. 25 gained more than 50 or 100 with as many calls.
VALIDATION = 25
# It ends by our ledger, which counts each answer, and not by its own count between two rounds.
_NO_BOUND = 10**9
# So many steps that cost nothing, such as looking at what is known to be right already.
_IDLE = 50
_PROMPT = "prompt"


class Gepa:
    """Reflective evolution with a Pareto front by example (Agrawal et al. 2025,
    arXiv:2507.19457), as the package of its authors does it. Candidates are known to it by their
    ids. Where no model writes, what it takes for a reflection is a change by chance."""

    name = "gepa"

    def check(self) -> None:
        """Raises MissingExtra without the package."""
        _package()

    def search(self, problem: Problem) -> Search:
        if is_changeable(problem):
            yield from _searched(problem, *_package())


def _package() -> tuple[Any, Any]:
    return _module("gepa"), _module("greenlet")


def _searched(problem: Problem, package: Any, greenlet: Any) -> Search:
    adapter = _Adapter(problem, greenlet.getcurrent)

    def run() -> None:
        package.optimize(
            seed_candidate={_PROMPT: problem.original},
            trainset=list(problem.train),
            valset=list(adapter.judges),
            adapter=adapter,
            max_metric_calls=_NO_BOUND,
            logger=_Silent(),
            track_best_outputs=False,
            seed=problem.random("gepa").getrandbits(32),
        )

    # It calls us where a search is a generator: each call is answered from outside of it.
    worker: Any = greenlet.greenlet(_until_over(run))
    ask: Ask | None = worker.switch()
    try:
        while ask is not None:
            drafts = yield ask
            ask = worker.switch(drafts)
    finally:
        if worker:
            worker.throw(greenlet.GreenletExit)


class _Over(BaseException):
    """Nothing more can be measured. No Exception, for the package catches those."""


class _Adapter:
    """What gepa asks of a task."""

    def __init__(self, problem: Problem, current: Any) -> None:
        self._problem = problem
        self._current = current
        self._idle = 0
        self.judges: Sequence[int] = problem.validation[:VALIDATION]

    def evaluate(
        self, batch: Sequence[int], candidate: Mapping[str, str], capture_traces: bool = False
    ) -> Any:
        one, book = candidate[_PROMPT], self._problem.book
        missing = tuple(pair for n in batch if (pair := Pair(one, n)) not in book)
        self._idle = 0 if missing else self._idle + 1
        if missing:
            self._played(Measure(missing))
        values = book.values(one)
        if self._idle > _IDLE or any(n not in values for n in batch):
            raise _Over
        if set(self.judges) <= values.keys():
            self._lead()
        scores = [values[n] for n in batch]
        return _module("gepa.core.adapter").EvaluationBatch(
            outputs=scores, scores=scores, trajectories=list(batch) if capture_traces else None
        )

    def make_reflective_dataset(
        self, candidate: Mapping[str, str], eval_batch: Any, components_to_update: Sequence[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """Failures are looked up in the book, by `changed`."""
        del candidate
        records = [{"example": number} for number in eval_batch.trajectories]
        return dict.fromkeys(components_to_update, records)

    def propose_new_texts(
        self,
        candidate: Mapping[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: Sequence[str],
    ) -> dict[str, str]:
        del reflective_dataset, components_to_update
        problem, parent = self._problem, candidate[_PROMPT]
        problem.rounds += 1
        made: str | None = None
        making = changed(problem, parent, problem.random("change", problem.rounds))
        try:
            ask = next(making)
            while True:
                ask = making.send(self._played(ask))
        except StopIteration as end:
            made = end.value
        return {_PROMPT: made or parent}

    def _played(self, ask: Ask) -> Drafts | None:
        return self._current().parent.switch(ask)

    def _lead(self) -> None:
        """gepa's own choice: the best mean on what all accepted ones were measured on."""
        problem, judges = self._problem, set(self.judges)
        whole = [each for each in problem.book.candidates if judges <= self._known(each)]
        means = {each: mean_of(problem.book.values(each), self.judges) for each in whole}
        best = max(whole, key=means.__getitem__)
        problem.lead(best, means[best])

    def _known(self, candidate: str) -> set[int]:
        return set(self._problem.book.values(candidate))


class _Silent:
    def log(self, message: str) -> None:
        """What gepa tells of each round is in our own log."""


def _until_over(run: Any) -> Any:
    def ended(*_: object) -> None:
        try:
            run()
        except _Over:
            return

    return ended


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise MissingExtra(name.partition(".")[0], "gepa") from None
