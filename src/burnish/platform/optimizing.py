"""`generate` with examples: other prompts of the same idea, measured against the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import Conflict
from burnish.generation.optimized import Optimize, Optimized
from burnish.generation.result import OFFLINE, Candidate, Generation
from burnish.generation.texts import usage_example
from burnish.generation.wish import Wish, checked
from burnish.platform.groundwork import Groundwork
from burnish.platform.measuring import Measuring, Runs, Trial, arrow

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.generating import Generating


class Optimizing:
    """`budget` makes the bound on the cost of everything together."""

    def __init__(
        self,
        generating: Generating,
        evaluating: Evaluating,
        *,
        prompts: AsyncPrompts,
        datasets: AsyncDatasets,
        run: Runs,
        budget: Callable[[float | None], Budget],
        new_id: Callable[[], str],
    ) -> None:
        self._generating = generating
        self._evaluating = evaluating
        self._prompts = prompts
        self._groundwork = Groundwork(generating, evaluating, datasets)
        self._run = run
        self._budget = budget
        self._new_id = new_id

    async def make(self, wish: Wish, asked: Optimize) -> Generation:
        """The original is stored first: whatever ends the rest, it is there. Raises UsageError for
        examples that could show nothing, before any model is asked."""
        wish = checked(wish)
        ground = await self._groundwork.find(wish, asked)
        budget = self._budget(wish.max_cost_usd)
        if asked.progress is not None:
            asked.progress("writing", 0, 1)
        made = await self._generating.make(wish, budget=budget, fit=ground.fit)
        trials = await self._stored(made, _others(made, ground.outlines, asked.candidates))
        measuring = Measuring(
            self._evaluating, self._run, ground.course, budget=budget, tell=asked.progress
        )
        for each in ground.notes:
            measuring.note(each)
        if ground.fit.labels:
            measuring.note(f"the labels are what the examples expect: {ground.fit.labels}")
        try:
            found = await measuring.measure(trials)
            if made.cost_usd is None:
                found = msgspec.structs.replace(found, cost_usd=None)
            return await self._settled(made, trials, found)
        finally:
            # The candidates, into the archive: evaluations go on naming them.
            if revisions := [each.revision for each in trials[1:]]:
                await self._prompts.archive(made.name, revisions)

    async def _stored(
        self, made: Generation, others: Sequence[tuple[str, Candidate]]
    ) -> tuple[Trial, ...]:
        """Each on a line of its own that begins at the original. The line's name is taken away at
        once: the version is reached by its revision."""
        assert made.revision is not None
        first = Trial(
            revision=made.revision,
            reference=made.reference,
            made_by=made.model,
            candidate=made.best,
        )
        trials = [first]
        for number, (made_by, candidate) in enumerate(others, start=1):
            branch = f"optimize-{self._new_id()[-8:]}"
            await self._prompts.branch(made.name, branch, at=str(made.revision))
            one = msgspec.structs.replace(made, candidates=(candidate,), model=made_by)
            names = ", ".join(each.technique for each in candidate.techniques) or "no technique"
            saved = await self._prompts.update(
                made.name,
                candidate.messages,
                variables=candidate.variables,
                metadata=one.metadata(),
                branch=branch,
                message=f"Candidate {number} of {len(others)} for {made.reference}: {names}",
            )
            await self._prompts.delete_branch(made.name, branch)
            revision = saved.version.revision
            reference = f"{made.name}@{revision}"
            trials.append(
                Trial(revision=revision, reference=reference, made_by=made_by, candidate=candidate)
            )
        return tuple(trials)

    async def _settled(
        self, made: Generation, trials: Sequence[Trial], found: Optimized
    ) -> Generation:
        """With the better prompt in the place of the original, where there is one."""
        if found.outcome == "improved":
            best = next(each for each in trials if each.reference == found.best)
            try:
                made = await self._taken(made, best, found)
            except Conflict:
                found = msgspec.structs.replace(
                    found,
                    outcome="kept",
                    text=f"{found.best} is better than {found.original}, but somebody has saved "
                    f"{made.name} meanwhile, so that one stays; see burnish prompts show "
                    f"{found.best}",
                )
        return msgspec.structs.replace(made, optimized=found)

    async def _taken(self, made: Generation, best: Trial, found: Optimized) -> Generation:
        original = made.revision
        assert original is not None
        rest = tuple(each for each in made.candidates if each is not best.candidate)
        made = msgspec.structs.replace(
            made, candidates=(best.candidate, *rest), model=best.made_by, choice=None
        )
        record = {
            "original": found.original,
            "candidate": found.best,
            "dataset": found.dataset,
            "scorers": list(found.scorers),
            "evaluations": list(found.evaluations),
            "before": [msgspec.to_builtins(each) for each in found.before],
            "after": [msgspec.to_builtins(each) for each in found.after],
            "examples": found.examples,
            "held_out": found.held_out,
        }
        saved = await self._prompts.improve(
            made.name,
            best.revision,
            over=original,
            message=f"Improve {found.original}: {arrow(found.before, found.after)}",
            metadata=made.metadata() | {"optimised": record},
        )
        revision = saved.version.revision
        made = msgspec.structs.replace(made, revision=revision, reference=f"{made.name}@{revision}")
        return msgspec.structs.replace(made, example_usage=usage_example(made))


def _others(made: Generation, outlines: Generation, most: int) -> list[tuple[str, Candidate]]:
    """Who made them, and other prompts than the original: what the model wrote besides, then what
    the composer has; no text twice."""
    offered = [(made.model, each) for each in made.candidates[1:]]
    offered += [(OFFLINE, each) for each in outlines.candidates]
    found: dict[str, tuple[str, Candidate]] = {made.text: (made.model, made.best)}
    for made_by, candidate in offered:
        found.setdefault(candidate.text, (made_by, candidate))
    return list(found.values())[1 : most + 1]
