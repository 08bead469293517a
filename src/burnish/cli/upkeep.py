"""prompts archive, tidy, approve."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
)
from burnish.cli.prompts import Name
from burnish.errors import UsageError

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
    delete: Annotated[
        bool, Parameter(negative="", help="Take them out of the library; restore brings back.")
    ] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    limit: Annotated[int, Parameter(help="How many at most.")] = 100,
    common: Common = NONE,
) -> None:
    """List prompts that nobody used for long, and take them out of the library on request."""
    with platform(common) as p:
        found = p.prompts.unused(days, limit=limit)
        gone = delete and bool(found) and (yes or _confirmed(len(found), common))
        for prompt in found if gone else ():
            p.prompts.delete(prompt.name)
    if common.json:
        out_json({"prompts": found, "deleted": gone})
        return
    rows = [
        (
            each.name,
            f"{each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never",
            f"{each.updated_at:%Y-%m-%d}",
            str(each.usage_count),
        )
        for each in found
    ]
    if on_terminal() and rows:
        table(("name", "last used", "changed", "uses"), rows, wide="name")
    elif rows:
        out("\n".join("\t".join(row) for row in rows))
    if not rows:
        note(f"Every prompt was used or changed in the last {days:g} days.")
    elif gone:
        note(f"{len(rows)} deleted; burnish prompts restore NAME brings one back")
    else:
        note("Nothing was changed; --delete takes them out of the library.")


def _confirmed(count: int, common: Common) -> bool:
    if not (common.input and on_terminal()):
        raise UsageError(
            f"{count} prompts would be deleted, and nobody can be asked", hint="add --yes"
        )
    from burnish.cli.common import console

    answer = console().input(f"Delete {count} prompts? [y/N] ", markup=False)
    return answer.strip().lower() in ("y", "yes")


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
            rows = [
                (
                    each.id,
                    each.name,
                    each.label,
                    f"{each.from_revision or '-'} → {each.to_revision or '-'}",
                    each.asked_by,
                    each.why,
                )
                for each in found
            ]
            if common.json:
                out_json(found)
            elif not rows:
                note("Nobody asks for anything.")
            elif on_terminal():
                table(("request", "prompt", "label", "move", "asked by", "why"), rows, wide="why")
            else:
                out("\n".join("\t".join(row) for row in rows))
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
