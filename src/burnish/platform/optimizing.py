"""`generate` with examples: other prompts of the same idea, measured against the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from burnish.errors import Conflict, UsageError
from burnish.evals import gain
from burnish.evals.report.words import counted
from burnish.evals.wanted import Wanted
from burnish.generation.optimized import MOST_CANDIDATES, Optimize, Optimized
from burnish.generation.result import OFFLINE, Candidate, Generation
from burnish.generation.texts import usage_example
from burnish.generation.wish import Wish, checked
from burnish.platform.measuring import Course, Measuring, Runs, Trial, arrow
from burnish.shapes import convert

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.generating import Generating
    from burnish.storage.example import Example, Split


_COUNT: Any = Annotated[int, msgspec.Meta(ge=1, le=MOST_CANDIDATES)]


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before there is a prompt. `outlines` are compositions of the idea, and
    `input_name` is what its one text is called in the examples."""

    course: Course
    outlines: Generation
    input_name: str


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
        self._datasets = datasets
        self._run = run
        self._budget = budget
        self._new_id = new_id

    async def make(self, wish: Wish, asked: Optimize) -> Generation:
        """The original is stored first: whatever ends the rest, it is there. Raises UsageError for
        examples that could show nothing, before any model is asked."""
        wish = checked(wish)
        _check(wish, asked)
        ground = await self._ground(wish, asked)
        budget = self._budget(wish.max_cost_usd)
        made = await self._generating.make(wish, budget=budget, input_name=ground.input_name)
        trials = await self._stored(made, _others(made, ground.outlines, asked.candidates))
        measuring = Measuring(
            self._evaluating, self._run, ground.course, budget=budget, tell=asked.progress
        )
        try:
            found = await measuring.measure(trials)
            if made.cost_usd is None:
                found = msgspec.structs.replace(found, cost_usd=None)
            return await self._settled(made, trials, found)
        finally:
            # The candidates, into the archive: evaluations go on naming them.
            if revisions := [each.revision for each in trials[1:]]:
                await self._prompts.archive(made.name, revisions)

    async def _ground(self, wish: Wish, asked: Optimize) -> _Ground:
        models = (asked.models,) if isinstance(asked.models, str) else tuple(asked.models)
        if not any(models):
            models = () if wish.model in ("", "auto", OFFLINE) else (wish.model,)
        wanted = Wanted(
            prompts=("the prompt",),
            data=asked.data,
            models=tuple(model for model in models if model),
            scorers=tuple(asked.scorers),
            limit=asked.limit,
            max_cost_usd=wish.max_cost_usd,
            fresh=wish.fresh,
            dataset=asked.dataset,
            files=asked.files,
        ).checked()
        wanted, sample = await self._evaluating.looked_up(wanted)
        course = await self._course(wanted, asked)
        _check_scored(wanted, sample)
        inputs = tuple(sorted({name for example in sample for name in example.inputs}))
        input_name = inputs[0] if len(inputs) == 1 and inputs[0].isidentifier() else ""
        outlines = await self._outlines(wish, asked.candidates + 1, input_name)
        _check_fit(outlines, inputs)
        return _Ground(course=course, outlines=outlines, input_name=input_name)

    async def _course(self, wanted: Wanted, asked: Optimize) -> Course:
        async def count(split: Split | None) -> int:
            return min(await self._datasets.count(wanted.data, split=split), wanted.limit or 10**9)

        total = await count(None)
        least = gain.least_examples(asked.candidates * max(len(wanted.models), 1))
        if total < least:
            raise UsageError(
                f"{counted(total, 'example')} cannot show a gain, whatever the answers are: over "
                f"{counted(asked.candidates, 'candidate')} it takes {least}",
                hint="give some 40 or more; burnish datasets generate writes some to begin with",
                subject=str(wanted.data),
            )
        choose_by, judge_by = gain.held_back(await count("train"), await count("test"))
        return Course(wanted=wanted, choose_by=choose_by, judge_by=judge_by)

    async def _outlines(self, wish: Wish, count: int, input_name: str) -> Generation:
        """As many different compositions as there are, up to `count`; no model is asked."""
        bare = msgspec.structs.replace(wish, model=OFFLINE, selector="", store=False)
        for fewer in range(count, 0, -1):
            one = msgspec.structs.replace(bare, count=fewer)
            if fewer == 1:
                return await self._generating.make(one, input_name=input_name)
            with suppress(UsageError):  # so many there are not, or the last one tells what is wrong
                return await self._generating.make(one, input_name=input_name)
        raise AssertionError("there is always one")

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


def _check(wish: Wish, asked: Optimize) -> None:
    if not wish.store:
        raise UsageError(
            "what is optimised is stored, and store is false", hint="leave store=False out"
        )
    try:
        convert(asked.candidates, _COUNT)
    except msgspec.ValidationError:
        raise UsageError(
            f"candidates is {asked.candidates!r}",
            hint=f"let 1 to {MOST_CANDIDATES} other prompts be tried",
        ) from None
    if asked.data is None:
        raise UsageError(
            "there are no examples to measure with",
            hint="give data: a file, a dataset's name or examples; "
            "burnish datasets generate writes some to begin with",
        )


def _check_scored(wanted: Wanted, sample: Sequence[Example]) -> None:
    if not wanted.scorers and not any(e.scorers or e.expected is not None for e in sample):
        raise UsageError(
            f"nothing tells a right answer: {wanted.data} says not what is expected",
            hint="name a scorer, or give a column expected",
        )


def _check_fit(outlines: Generation, inputs: Sequence[str]) -> None:
    """Before a model is asked: no answer would come of an example that leaves a place open."""
    names = [each.name for each in outlines.variables]
    missing = [each.name for each in outlines.variables if each.required]
    missing = [name for name in missing if name not in inputs]
    if not missing and set(names) & set(inputs):
        return
    given = f"the examples have {', '.join(inputs) or 'no inputs'}"
    if not missing:
        raise UsageError(
            f"the prompt has no variable of the examples: it has {', '.join(names) or 'none'}, "
            f"{given}",
            hint="say in the idea what it works on, such as: about {{ "
            f"{inputs[0] if inputs else 'text'}"
            " }}",
        )
    raise UsageError(
        f"the prompt asks for {', '.join(missing)}, and {given}",
        hint="say it in the idea (classify as a, b or c says the labels), or give the examples a "
        "column of that name",
    )
