"""What an optimisation needs to know of its examples before there is a prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from burnish.errors import UsageError
from burnish.evals import gain
from burnish.evals.report.words import counted
from burnish.evals.wanted import Wanted
from burnish.generation.fitting import LABELS, Fit
from burnish.generation.optimized import MOST_CANDIDATES, Optimize
from burnish.generation.result import OFFLINE, Generation
from burnish.generation.wish import Wish
from burnish.platform.measuring import Course
from burnish.shapes import convert

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.generating import Generating
    from burnish.storage.example import Example, Split

_LABEL = re.compile(r"[^\s,;][^,;\n\r]{0,38}")
_MOST_LABELS, _LOOKED_AT = 30, 10_000
_COUNT: Any = Annotated[int, msgspec.Meta(ge=1, le=MOST_CANDIDATES)]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before there is a prompt. `outlines` are compositions of the idea,
    `notes` what to tell of the examples."""

    course: Course
    outlines: Generation
    fit: Fit
    notes: tuple[str, ...] = ()


class Groundwork:
    def __init__(
        self, generating: Generating, evaluating: Evaluating, datasets: AsyncDatasets
    ) -> None:
        self._generating = generating
        self._evaluating = evaluating
        self._datasets = datasets

    async def find(self, wish: Wish, asked: Optimize) -> Ground:
        """Raises UsageError for examples that could show nothing, before any model is asked."""
        _check(wish, asked)
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
        wanted, sample, notes = await self._evaluating.looked_up(wanted)
        course = await self._course(wanted, asked)
        _check_scored(wanted, sample)
        inputs = tuple(sorted({name for example in sample for name in example.inputs}))
        fit = Fit(inputs[0] if len(inputs) == 1 and inputs[0].isidentifier() else "")
        outlines = await self._outlines(wish, asked.candidates + 1, fit)
        if _missing(outlines, inputs) == [LABELS] and (labels := await self._labels(wanted)):
            fit = msgspec.structs.replace(fit, labels=labels)
            outlines = await self._outlines(wish, asked.candidates + 1, fit)
        _check_fit(outlines, inputs)
        return Ground(course=course, outlines=outlines, fit=fit, notes=notes)

    async def _labels(self, wanted: Wanted) -> str:
        """What the examples expect, where that is few short texts, each of them again and again."""
        counts: Counter[str] = Counter()
        async for example in self._datasets.iter_examples(wanted.data, limit=_LOOKED_AT):
            if not isinstance(example.expected, str) or not _LABEL.fullmatch(example.expected):
                return ""
            counts[example.expected] += 1
            if len(counts) > _MOST_LABELS:
                return ""
        is_set = len(counts) > 1 and counts.total() >= 2 * len(counts)
        return ", ".join(sorted(counts)) if is_set else ""

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

    async def _outlines(self, wish: Wish, count: int, fit: Fit) -> Generation:
        """As many different compositions as there are, up to `count`; no model is asked."""
        bare = msgspec.structs.replace(wish, model=OFFLINE, selector="", store=False)
        for fewer in range(count, 0, -1):
            one = msgspec.structs.replace(bare, count=fewer)
            if fewer == 1:
                return await self._generating.make(one, fit=fit)
            with suppress(UsageError):  # so many there are not, or the last one tells what is wrong
                return await self._generating.make(one, fit=fit)
        raise AssertionError("there is always one")


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


def _missing(outlines: Generation, inputs: Sequence[str]) -> list[str]:
    return [v.name for v in outlines.variables if v.required and v.name not in inputs]


def _check_fit(outlines: Generation, inputs: Sequence[str]) -> None:
    """Before a model is asked: no answer would come of an example that leaves a place open."""
    names = [each.name for each in outlines.variables]
    missing = _missing(outlines, inputs)
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
