"""What the prompts of a pack include: the pack's own prompts, and nothing else. Somebody else's
text could take in what your library says under a name that is easily guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from burnish.errors import BurnishError, UsageError
from burnish.library.composition import Coming, Composition, labels_of
from burnish.library.packs.plan import Step
from burnish.library.shelf import Shelf
from burnish.prompts.composition import includes_of
from burnish.prompts.includes import Include
from burnish.prompts.prompt import MAIN
from burnish.prompts.refs import LATEST, Reference

_NAMED = 5


async def refusals(shelf: Shelf, steps: Sequence[Step], prefix: str) -> tuple[str, ...]:
    """Why the pack cannot be installed, one sentence for each prompt."""
    by_name = {step.plan.name: step for step in steps}
    coming = [each for each in map(_coming, steps) if each is not None]
    composition = Composition(shelf, shelf.fetch_reference)
    found: list[str] = []
    for each in coming:
        foreign = [
            why
            for include in includes_of(each.messages)
            if (why := await _foreign(shelf, include, by_name, prefix))
        ]
        if foreign:
            found.append(f"{each.name} includes {foreign[0]}")
            continue
        try:
            await composition.check([each], beside=coming)
        except BurnishError as error:
            # Whatever would keep it from being rendered is the pack's fault.
            found.append(error.what)
    return tuple(dict.fromkeys(found))


def refusal(pack: str, reasons: Sequence[str]) -> UsageError:
    more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return UsageError(
        f"the pack {pack!r} cannot be installed: {'; '.join(reasons[:_NAMED])}{more}",
        hint="nothing was installed; ask its maker for a pack that burnish packs build made: "
        "that has the included texts in it",
        subject=pack,
    )


async def _foreign(shelf: Shelf, include: Include, by_name: Mapping[str, Step], prefix: str) -> str:
    """What the include means, where that is not of the pack."""
    name, asked = include.reference.name, repr(include.asked)
    if name in by_name:
        why = _not_brought(include.reference, by_name[name])
        return f"{asked}, {why}" if why else ""
    if f"{prefix}/{name}" in by_name:
        return f"{asked}, which the prefix gives another name: install it without one"
    if await shelf.store.prompts.by_name(name) is not None:
        return f"{asked}, a prompt of yours that is not in the pack"
    return f"{asked}, which is not in the pack"


def _not_brought(reference: Reference, step: Step) -> str:
    newest = reference.label == LATEST
    if step.entry is not None:
        meant = newest or reference.revision == 1
        return "" if meant else "and here that prompt of the pack is revision 1 and has no label"
    if step.brought is not None:
        # What was yours before has the pack's text in one of its revisions at most.
        same = newest and step.plan.outcome != "skipped"
        if step.brought.created or same or reference.revision == step.brought.revision:
            return ""
    return "which in your library is a text of your own"


def _coming(step: Step) -> Coming | None:
    """None for what stays as it is."""
    draft = step.entry.versions[-1] if step.entry is not None else None
    if step.change is not None:
        draft = step.change.draft
    if draft is None:
        return None
    return Coming(
        name=step.plan.name,
        revision=step.plan.revision or 1,
        messages=draft.messages,
        variables=draft.variables,
        labels=labels_of(MAIN, None),
    )
