"""The scorers of evaluations: those that are known by name, and functions given in code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import MissingExtra, UsageError
from burnish.evals.scored import Refused, Scorer
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example, ScorerSpec

if TYPE_CHECKING:
    from burnish.evals.registry import Scorers
    from burnish.evals.till import Till
    from burnish.models.budget import Budget
    from burnish.platform.live import Live


class Scoring:
    """`within` makes those whose judges spend from a budget and belong to a trace, which others of
    a till do too."""

    def __init__(
        self,
        within: Callable[[Budget | None, Till | None, str], Scorers],
        live: Live,
    ) -> None:
        self.within = within
        self._live = live
        # Functions that were given in code cannot be made again from what is stored of them.
        self._taken: dict[bytes, Scorer] = {}

    @property
    def _known(self) -> Scorers:
        return self.within(None, None, "")

    def take(self, given: Sequence[Any], *, files: bool = False) -> tuple[ScorerSpec, ...]:
        """Scorers as they are stored. Functions are kept too, for they cannot be made again from
        that. Raises UsageError for a function that is called as another scorer is."""
        scorers = self._known
        made = [scorers.take(each, files=files) for each in given]
        for each in made:
            if scorers.means_other(each):
                raise UsageError(
                    f"there is another scorer that is called {each.kind.name}",
                    hint="give the function a name of its own: @burnish.scorer(name=…)",
                    subject=each.kind.name,
                )
        # Judges among them are made again for each run, which spends from its own budget.
        self._taken |= {
            msgspec.json.encode(each.spec): each for each in made if not scorers.knows(each.spec)
        }
        return tuple(each.spec for each in made)

    def judges(self, scorers: Sequence[ScorerSpec]) -> list[str]:
        """The models that score, by their full names."""
        named = self._known.judges(scorers)
        return [self._live.registry.full_name(name) for name in named]

    def compares(self, spec: ScorerSpec) -> bool:
        """Whether it compares with what an example expects; a function may do so or not."""
        scorers = self._known
        known = spec.value is None and scorers.knows(spec)
        return known and scorers.describe(spec.name).needs == "expected"

    def questions(self, scorers: Sequence[ScorerSpec]) -> dict[str, int]:
        """How many questions about one answer they put to each model that judges, by its full
        name."""
        if not scorers:
            return {}
        asked = self._known.questions(scorers)
        return {self._live.registry.full_name(name): count for name, count in asked.items()}

    def check(self, evaluation: Evaluation, *, here: bool = True) -> None:
        """Raises UsageError for a function that only the program which gave it has: this one, or
        another. A worker has none (`here` is false)."""
        scorers = self._known
        for spec in evaluation.scorers:
            if scorers.knows(spec) or (here and msgspec.json.encode(spec) in self._taken):
                continue
            raise UsageError(
                f"the scorer {spec.name} is a function that "
                f"{'is not here' if here else 'no worker has'}",
                hint="give it again, with --scorer python:FILE.py:NAME or scorers=[…]"
                if here
                else "bring it with a plug-in, or evaluate here instead of in the background",
                subject=evaluation.id,
            )

    def make(self, spec: ScorerSpec, scorers: Scorers) -> Scorer:
        """What a file of tests asks for and is not there scores nothing, and says so."""
        if taken := self._taken.get(msgspec.json.encode(spec)):
            return taken
        try:
            return scorers.make(spec)
        except (UsageError, MissingExtra) as error:
            return Refused(spec, error.what)

    def notes(self, evaluation: Evaluation, first: Sequence[Example]) -> tuple[str, ...]:
        """What will not be scored, as far as the examples looked at tell."""
        scorers = self._known
        own = {msgspec.json.encode(s): s for example in first for s in example.scorers}
        refused = {key: why for key, spec in own.items() if (why := scorers.refusal(spec))}
        notes = [f"not scored: {why}" for why in sorted(set(refused.values()))]
        if not evaluation.scorers and len(refused) == len(own):
            notes.append("nothing is scored: name a scorer, or give what is expected")
        return tuple(notes)
