"""What an evaluation is made of: what was wanted, with what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import UsageError
from burnish.evals.prepared import Prepared
from burnish.evals.wanted import Wanted
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Example, ScorerSpec

if TYPE_CHECKING:
    from burnish.platform.live import Live
    from burnish.platform.pinned import Looked
    from burnish.settings import Settings

NO_MODEL = "generation.model"
"""What the refusal of an evaluation concerns that has no model."""
_EXACT = ScorerSpec(name="exact")
# Its prompts and scorers are looked at with the first so many examples.
_FIRST = 1_000
_FIRST_BYTES = 8 * 1024 * 1024


class Making:
    def __init__(self, settings: Settings, live: Live, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._live = live
        self._new_id = new_id

    def evaluation(
        self,
        wanted: Wanted,
        dataset: str,
        count: int,
        prepared: Sequence[Prepared],
        sample: Sequence[Example],
    ) -> Evaluation:
        scorers = wanted.scorers
        if not scorers and any(each.expected is not None for each in sample):
            scorers = () if any(each.scorers for each in sample) else (_EXACT,)
        return Evaluation(
            id=self._new_id(),
            prompts=tuple(dict.fromkeys(each.reference for each in prepared)),
            baseline=prepared[-1].reference if wanted.baseline else "",
            models=self.models(wanted, prepared),
            dataset=dataset,
            split=wanted.split,
            tags=wanted.tags,
            examples=count,
            repeats=wanted.repeats,
            scorers=scorers,
            parameters=wanted.parameters,
            concurrency=wanted.concurrency or self._settings.evaluation.concurrency,
            max_cost_usd=wanted.max_cost_usd,
            fresh=wanted.fresh,
            who=self._settings.author_name,
            created_at=datetime.now(UTC),
        )

    def models(self, wanted: Wanted, prepared: Sequence[Prepared]) -> tuple[str, ...]:
        """Those that are named, else that of the prompts' config, else the usual one."""
        registry = self._live.registry
        own = [each.model for each in prepared if each.model]
        usual = self._settings.generation.model
        named = wanted.models or own or [registry.automatic() if usual == "auto" else usual]
        if "offline" in named:
            raise UsageError(
                "answering examples takes a model, and none is set up",
                hint="name one with --model provider:model; see burnish models list",
                subject=NO_MODEL,
            )
        return tuple(dict.fromkeys(registry.full_name(name) for name in named))


async def first_examples(looked: Looked, wanted: Wanted, count: int) -> list[Example]:
    """Of its examples, as many as are looked at before it begins."""
    found: list[Example] = []
    size = 0
    async for example in looked.examples.iter_examples(
        looked.reference, split=wanted.split, tags=wanted.tags, limit=min(count, _FIRST)
    ):
        found.append(example)
        size += len(msgspec.json.encode(example))
        if size > _FIRST_BYTES:
            break
    return found
