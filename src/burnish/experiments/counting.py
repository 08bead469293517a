"""Whether an outcome that is in the store counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from burnish.experiments.journal import Journal
from burnish.storage.experiment import Outcome
from burnish.storage.store import Store

Counts = Literal["recorded", "unmatched", "early"]


async def counting(store: Store, journal: Journal, outcomes: Sequence[Outcome]) -> list[Counts]:
    """Of each: `unmatched` where its unit has seen no variant so far, `early` where it is from
    before its unit did. Raises StoreError where the store cannot be read."""
    since = await _since(store, outcomes)
    if any((each.experiment_id, each.unit) not in since for each in outcomes):
        # The exposure may be on its way from this very process.
        await journal.flush()
        since = await _since(store, outcomes)
    return [_counts(each, since.get((each.experiment_id, each.unit))) for each in outcomes]


async def _since(store: Store, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], datetime]:
    units: dict[str, dict[str, None]] = {}
    for each in outcomes:
        units.setdefault(each.experiment_id, {})[each.unit] = None
    return {
        (experiment, unit): at
        for experiment, own in units.items()
        for unit, at in (await store.experiments.since(experiment, list(own))).items()
    }


def _counts(outcome: Outcome, since: datetime | None) -> Counts:
    if since is None:
        return "unmatched"
    return "early" if outcome.at < since else "recorded"


def told(outcome: Outcome, counts: Counts) -> str:
    """Why it does not count, or not yet."""
    if counts == "unmatched":
        return f"{outcome.unit} has seen no variant so far: the outcome waits for its exposure"
    if counts == "early":
        return (
            f"it is from before {outcome.unit} saw its variant: it does not count, and tells what "
            "the unit was like"
        )
    return ""
