"""What has become of an experiment's versions and its label while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from burnish.errors import NotFound
from burnish.experiments.around import Around
from burnish.storage.experiment import Experiment


async def astray(around: Around, experiment: Experiment) -> tuple[str, ...]:
    """What is not as it was when it was planned, in words; of one that has ended, nothing."""
    if experiment.ended:
        return ()
    found = [each async for each in _versions(around, experiment)]
    if experiment.kind == "online" and experiment.state != "draft":
        found += [each async for each in _label(around, experiment)]
    return tuple(found)


async def _versions(around: Around, experiment: Experiment) -> AsyncIterator[str]:
    instead = ""
    if experiment.kind == "online":
        instead = f": its units get what {experiment.label} gives, and are not counted"
    for each in experiment.plan.variants:
        try:
            is_archived = (await around.prompts.get(each.prompt)).version.archived_at is not None
        except NotFound:
            yield f"{each.prompt}, which is {each.name}, was deleted{instead}"
            continue
        if is_archived:
            yield f"{each.prompt}, which is {each.name}, is archived{instead}"


async def _label(around: Around, experiment: Experiment) -> AsyncIterator[str]:
    try:
        labels = await around.prompts.labels(experiment.prompt)
    except NotFound:  # told of each variant
        return
    now = next((each.revision for each in labels if each.name == experiment.label), None)
    if experiment.before in (None, now):
        return
    if now is None:
        yield f"{experiment.label} was removed by hand since it began"
    else:
        yield (
            f"{experiment.label} was moved by hand from revision {experiment.before} to {now} "
            f"since it began: who takes no part gets revision {now}"
        )
