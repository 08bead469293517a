"""What an optimisation needs to know of its examples before there is a prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import UsageError
from burnish.evals.prepared import Prepared
from burnish.generation.fitting import LABELS, Fit
from burnish.generation.result import OFFLINE, Generation
from burnish.generation.wish import Wish
from burnish.models.model import ModelRequest
from burnish.optimizers.wanted import Wanted
from burnish.platform.measurable import check_scored
from burnish.platform.optimization_plan import OptimizationPlan, as_evaluated

if TYPE_CHECKING:
    from burnish.platform.evaluating import Evaluating
    from burnish.platform.generating import Generating
    from burnish.platform.optimization_plan import OptimizationPlans
    from burnish.platform.pinned import Looked

_LABEL = re.compile(r"[^\s,;][^,;\n\r]{0,38}")
_MOST_LABELS, _LOOKED_AT = 30, 10_000


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before there is a prompt: the `name` that it will have, what is `wanted` of it,
    and a `plan` as if the prompt were what the composer makes of the idea."""

    name: str
    wanted: Wanted
    fit: Fit
    plan: OptimizationPlan


class Groundwork:
    def __init__(
        self,
        generating: Generating,
        evaluating: Evaluating,
        plans: OptimizationPlans,
    ) -> None:
        self._generating = generating
        self._evaluating = evaluating
        self._plans = plans

    async def find(self, wish: Wish, wanted: Wanted, *, keep_words: bool) -> Ground:
        """Nothing is stored. Raises UsageError for examples that could show nothing, before any
        model is asked."""
        name = wish.name or await self._generating.name_of(wish)
        wanted = msgspec.structs.replace(wanted, prompt=name)
        async with self._plans.looking.at(as_evaluated(wanted)) as looked:
            return await self._found(wish, wanted, looked, keep_words=keep_words)

    async def _found(
        self, wish: Wish, wanted: Wanted, looked: Looked, *, keep_words: bool
    ) -> Ground:
        sample = await self._evaluating.sample(as_evaluated(wanted), looked)
        check_scored(wanted, looked.name, sample)
        inputs = tuple(sorted({each for example in sample for each in example.inputs}))
        fit = Fit(inputs[0] if len(inputs) == 1 and inputs[0].isidentifier() else "")
        outline = await self._outline(wish, fit, keep_words=keep_words)
        notes = looked.notes
        if _missing(outline, inputs) == [LABELS] and (labels := await _labels(looked)):
            fit = msgspec.structs.replace(fit, labels=labels)
            notes = (*notes, f"the labels are what the examples expect: {labels}")
            outline = await self._outline(wish, fit, keep_words=keep_words)
        _check_fit(outline, inputs, keep_words=keep_words)
        plan = await self._plans.plan(wanted, _draft(outline, wanted), looked)
        told = tuple(dict.fromkeys((*notes, *plan.notes)))
        plan = msgspec.structs.replace(plan, notes=told)
        return Ground(name=wanted.prompt, wanted=wanted, fit=fit, plan=plan)

    async def _outline(self, wish: Wish, fit: Fit, *, keep_words: bool) -> Generation:
        """What the composer makes of it; no model is asked."""
        bare = msgspec.structs.replace(wish, model=OFFLINE, selector="", count=1, store=False)
        write = self._generating.enhance if keep_words else self._generating.make
        return await write(bare, fit=fit)


async def _labels(looked: Looked) -> str:
    """What the examples expect, where that is few short texts, each of them again and again."""
    counts: Counter[str] = Counter()
    async for example in looked.examples.iter_examples(looked.reference, limit=_LOOKED_AT):
        if not isinstance(example.expected, str) or not _LABEL.fullmatch(example.expected):
            return ""
        counts[example.expected] += 1
        if len(counts) > _MOST_LABELS:
            return ""
    is_set = len(counts) > 1 and counts.total() >= 2 * len(counts)
    return ", ".join(sorted(counts)) if is_set else ""


def _draft(outline: Generation, wanted: Wanted) -> Prepared:
    bare = ModelRequest(model="", messages=())
    return Prepared(
        reference=wanted.prompt,
        name=wanted.prompt,
        version_id="",
        messages=outline.messages,
        variables=outline.variables,
        parameters=msgspec.structs.replace(bare, **wanted.parameters),
    )


def _missing(outline: Generation, inputs: Sequence[str]) -> list[str]:
    return [v.name for v in outline.variables if v.required and v.name not in inputs]


def _check_fit(outline: Generation, inputs: Sequence[str], *, keep_words: bool) -> None:
    """Before a model is asked: no answer would come of an example that leaves a place open."""
    names = [each.name for each in outline.variables]
    missing = _missing(outline, inputs)
    if not missing and set(names) & set(inputs):
        return
    given = f"the examples have {', '.join(inputs) or 'no inputs'}"
    place = f"{{{{ {inputs[0] if inputs else 'text'} }}}}"
    if not missing:
        raise UsageError(
            f"the prompt has no variable of the examples: it has {', '.join(names) or 'none'}, "
            f"{given}",
            hint=f"write {place} where it belongs in the text"
            if keep_words
            else f"say in the idea what it works on, such as: about {place}",
        )
    raise UsageError(
        f"the prompt asks for {', '.join(missing)}, and {given}",
        hint="give the examples a column of that name"
        if keep_words
        else "say it in the idea (classify as a, b or c says the labels), or give the examples a "
        "column of that name",
    )
