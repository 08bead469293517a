"""Prompts that a condition holds for, and what they can be optimised with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.optimizers.where import Condition, parse_where
from burnish.storage.example import ScorerSpec

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts
    from burnish.prompts.prompt import Prompt
    from burnish.storage.store import Store

_PAGE = 200
_LOOKED_AT = 10


class WeakPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`rating` is that of people, `score` the mean of `n` answers in the newest evaluation of its
    latest version that has one; None where there is none. `dataset` is the one that this evaluation
    was over, `model` who answered and `scorers` how; empty where there is none."""

    name: str
    revision: int
    rating: float | None = None
    score: float | None = None
    n: int = 0
    dataset: str = ""
    model: str = ""
    scorers: tuple[ScorerSpec, ...] = ()


async def weak_prompts(store: Store, prompts: AsyncPrompts, where: str) -> list[WeakPrompt]:
    """The weakest first. Raises UsageError for what is no condition."""
    conditions = parse_where(where)
    found: list[WeakPrompt] = []
    page = await prompts.list(limit=_PAGE, sort="name")
    while True:
        several = [await _weak(store, each, conditions) for each in page.items]
        found += [each for each in several if each is not None]
        if page.next is None:
            break
        page = await prompts.list(limit=_PAGE, sort="name", cursor=page.next)
    return sorted(found, key=lambda each: min(_known(each.rating), _known(each.score)))


async def _weak(store: Store, prompt: Prompt, conditions: Sequence[Condition]) -> WeakPrompt | None:
    facts: dict[str, Any] = {
        "name": prompt.name,
        "category": prompt.category,
        "tag": prompt.tags,
        "rating": prompt.rating,
    }
    if not all(each.holds(facts) for each in conditions if each.field != "score"):
        return None
    weak = await _scored(store, prompt)
    if not all(each.holds({"score": weak.score}) for each in conditions if each.field == "score"):
        return None
    return weak


async def _scored(store: Store, prompt: Prompt) -> WeakPrompt:
    bare = WeakPrompt(name=prompt.name, revision=prompt.latest_revision, rating=prompt.rating)
    reference = f"{prompt.name}@{prompt.latest_revision}"
    for evaluation in await store.evaluations.page(_LOOKED_AT, prompt=prompt.name):
        if reference not in evaluation.prompts:
            continue
        for counts in await store.evaluations.counts(evaluation.id):
            if counts.prompt == reference and counts.scored:
                return msgspec.structs.replace(
                    bare,
                    score=counts.score / counts.scored,
                    n=counts.scored,
                    dataset=evaluation.dataset.partition("@")[0],
                    model=counts.model,
                    scorers=evaluation.scorers,
                )
    return bare


def _known(value: float | None) -> float:
    return 1.0 if value is None else value
