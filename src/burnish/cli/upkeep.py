"""prompts archive, tidy, approve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
    warn,
)
from burnish.cli.prompts import Name

if TYPE_CHECKING:
    from burnish.prompts.prompt import Prompt
    from burnish.storage.lineage import LabelRequest

By = Annotated[str, Parameter(show_default="setting author", help="Who you are.")]


def archive(
    name: Name,
    revisions: Annotated[list[int], Parameter(help="Revisions to put away.")],
    /,
    *,
    undo: Annotated[bool, Parameter(negative="", help="Take them out again.")] = False,
    common: Common = NONE,
) -> None:
    """Put old versions away; they stay in the history and can be fetched by number."""
    with platform(common) as p:
        done = (p.prompts.unarchive if undo else p.prompts.archive)(name, revisions)
    if common.json:
        out_json({"name": name, "revisions": done, "archived": not undo})
        return
    what = "out of the archive" if undo else "archived"
    shown = ", ".join(map(str, done)) or "nothing"
    out(f"{name}: {shown} {what}")


def tidy(
    *,
    days: Annotated[float, Parameter(help="Unused and unchanged for so many days.")] = 90,
    archive: Annotated[
        bool, Parameter(negative="", help="Take them out of the library; restore brings back.")
    ] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    limit: Annotated[int, Parameter(help="How many at most.")] = 100,
    common: Common = NONE,
) -> None:
    """List prompts that nobody used for long, and take them out of the library on request."""
    with platform(common) as p:
        found = p.prompts.unused(days, limit=limit)
        if not common.json:
            _listed(found, days)
        gone = archive and bool(found) and (yes or _agreed(len(found), common))
        for prompt in found if gone else ():
            p.prompts.delete(prompt.name)
    if common.json:
        out_json({"prompts": found, "archived": gone})
    elif gone:
        warn(f"{len(found)} archived; burnish prompts restore NAME brings one back")
    elif found and not archive:
        note("Nothing was changed; --archive takes them out of the library.")


def _listed(found: Sequence[Prompt], days: float) -> None:
    rows = [
        (
            each.name,
            f"{each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never",
            f"{each.updated_at:%Y-%m-%d}",
            str(each.usage_count),
        )
        for each in found
    ]
    if not rows:
        note(f"Every prompt was used or changed in the last {days:g} days.")
    elif on_terminal():
        table(("name", "last used", "changed", "uses"), rows, wide="name")
    else:
        out("\n".join("\t".join(row) for row in rows))


def _agreed(count: int, common: Common) -> bool:
    what = "this prompt" if count == 1 else f"these {count} prompts"
    return confirmed(
        f"Take {what} out of the library?",
        f"{count} prompts would be taken out, and nobody can be asked",
        may_ask=common.input and on_terminal(),
    )


def approve(
    request: Annotated[str | None, Parameter(help="The request's id; none lists them.")] = None,
    /,
    *,
    refuse: Annotated[bool, Parameter(negative="", help="Refuse it instead.")] = False,
    by: By = "",
    message: Annotated[str, Parameter(name=["--message", "-m"], help="Why.")] = "",
    common: Common = NONE,
) -> None:
    """Approve or refuse what another person asked of a protected label."""
    with platform(common) as p:
        if request is None:
            found = p.prompts.label_requests()
            if common.json:
                out_json(found)
            elif not found:
                note("Nobody asks for anything.")
            else:
                out("\n".join(map(_request, found)))
            return
        if refuse:
            refused = p.prompts.refuse(request, by=by, because=message)
            out_json(refused) if common.json else out(
                f"{refused.name}@{refused.label} stays where it is"
            )
            return
        move = p.prompts.approve(request, by=by, why=message)
    out_json(move) if common.json else out(
        f"{move.label} is now revision {move.to_revision or '-'}"
    )


def _request(each: LabelRequest) -> str:
    """Whole lines, so that the id can be copied."""
    way = f"{each.from_revision or '-'} → {each.to_revision or '-'}"
    what = f"{each.name}@{each.label}{' (tag)' if each.tag else ''}"
    if on_terminal():
        return f"{each.id}\n    {what}: {way}, asked by {each.asked_by}. {each.why}".rstrip()
    return f"{each.id}\t{what}\t{way}\t{each.asked_by}\t{each.why}"
