"""What each side lacks of the other: versions that git's commits become, and commits that versions
become.

Where both sides changed, the changes of each are applied on top of the other's newest text, so
both keep who changed what when, and both end at the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from burnish.errors import BurnishError
from burnish.library.sync.file_form import Form
from burnish.prompts.merge import Content, MergeConflict, Own, Side, merge
from burnish.prompts.prompt import join_messages

Take = Literal["", "ours", "theirs"]
_WHOLE = "the whole prompt"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The form that the change with this number (of one side, from 0) leads to."""

    change: int
    form: Form


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`imports` are steps of git's changes, `exports` of the library's. `final` is None where the
    prompt is gone on both sides; with conflicts nothing else counts."""

    imports: tuple[Step, ...] = ()
    exports: tuple[Step, ...] = ()
    final: Form | None = None
    conflicts: tuple[MergeConflict, ...] = ()


def reconcile(
    base: Form | None,
    ours: Sequence[Form | None],
    theirs: Sequence[Form | None],
    take: Take = "",
    *,
    applied: int = 0,
    current: Form | None = None,
) -> Outcome:
    """`base` is what both sides had; `ours` (the library's) and `theirs` (git's) what each had
    since, oldest first, None for a prompt or file that is gone. `take` decides conflicts.
    `applied` of git's changes are in the library already, which says `current` now; `ours` are
    then its own changes alone."""
    if not applied and not (ours and theirs):
        return _one_sided(base, ours, theirs)
    mine, other = current if applied else ours[-1], theirs[-1]
    if mine is None or other is None:
        return _one_gone(mine, other, take)
    start = theirs[applied - 1] if applied else base
    if start is None:
        return _unrelated(mine, other, take)
    final, conflicts = _merged(start, mine, other, take)
    if final is None:
        return Outcome(conflicts=conflicts)
    left = [_merged(start, mine, each, take)[0] for each in theirs[applied:]]
    own = [_merged(base or start, each, other, take)[0] for each in ours]
    return Outcome(
        imports=_rebased(left, mine, final, applied),
        exports=_rebased(own, other, final),
        final=final,
    )


def _one_sided(
    base: Form | None, ours: Sequence[Form | None], theirs: Sequence[Form | None]
) -> Outcome:
    final = (ours or theirs or [base])[-1]
    if final is None:
        return Outcome()
    return Outcome(imports=_steps(theirs), exports=_steps(ours), final=final)


def _steps(forms: Sequence[Form | None]) -> tuple[Step, ...]:
    return tuple(
        Step(change=index, form=form) for index, form in enumerate(forms) if form is not None
    )


def _rebased(
    forms: Sequence[Form | None], start: Form, final: Form, first: int = 0
) -> tuple[Step, ...]:
    """Those that change something, the last of them as `final`; one that clashes on its own is
    part of the next. `first` is the number of the first change."""
    steps: list[Step] = []
    last = start.key
    for index, form in enumerate((*forms[:-1], final) if forms else ()):
        if form is not None and form.key != last:
            steps.append(Step(change=first + index, form=form))
            last = form.key
    return tuple(steps)


def _merged(
    base: Form, mine: Form | None, other: Form | None, take: Take
) -> tuple[Form | None, tuple[MergeConflict, ...]]:
    if mine is None or other is None:
        return None, ()
    merged = merge(base.merged(), mine.merged(), other.merged())
    if merged.conflicts and not take:
        return None, tuple(_plain(conflict) for conflict in merged.conflicts)
    side: Side = take or "ours"
    choices: dict[int, Side | Own] = {each.number: side for each in merged.conflicts}
    try:
        resolved: Content = merged.resolved(choices)
    except BurnishError:
        # What both sides' parts add up to is no prompt; neither is lost.
        return None, (_whole(mine, other),)
    return Form.of_merged(resolved), ()


def _one_gone(mine: Form | None, other: Form | None, take: Take) -> Outcome:
    if mine is None and other is None:
        return Outcome()
    if not take:
        return Outcome(conflicts=(_whole(mine, other),))
    kept = mine if take == "ours" else other
    if take == "ours":
        exports = () if kept is None else (Step(change=-1, form=kept),)
        return Outcome(exports=exports, final=kept)
    imports = () if kept is None else (Step(change=-1, form=kept),)
    return Outcome(imports=imports, final=kept)


def _unrelated(mine: Form, other: Form, take: Take) -> Outcome:
    """Both sides have a prompt of that name, and no text of one was ever one of the other."""
    if mine.key == other.key:
        return Outcome(final=mine)
    if not take:
        return Outcome(conflicts=(_whole(mine, other),))
    if take == "ours":
        return Outcome(exports=(Step(change=-1, form=mine),), final=mine)
    return Outcome(imports=(Step(change=-1, form=other),), final=other)


def _whole(mine: Form | None, other: Form | None) -> MergeConflict:
    ours, theirs = (
        None if form is None else join_messages(form.content.messages) for form in (mine, other)
    )
    return MergeConflict(number=1, kind="text", where=_WHOLE, ours=ours, theirs=theirs)


def _plain(conflict: MergeConflict) -> MergeConflict:
    """Named as people know it: the config was merged as a part of all that a file says."""
    where = conflict.where.removeprefix("config ")
    where = f"config {where.removeprefix('config.')}" if where.startswith("config.") else where
    return msgspec.structs.replace(
        conflict, where=where if conflict.kind == "config" else conflict.where
    )
