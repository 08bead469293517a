"""evaluations list, show, results, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    counted,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
)
from burnish.cli.evaluate import Files, Gate, check_reports, finish

if TYPE_CHECKING:
    from burnish.storage.evaluation import Evaluation

Id = Annotated[str, Parameter(help="Its id, or the beginning of it.")]


def list_(
    *,
    prompt: Annotated[str, Parameter(help="Only of the prompt of this name.")] = "",
    data: Annotated[str, Parameter(help="Only over the dataset of this name.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    common: Common = NONE,
) -> None:
    """List evaluations, newest first. In a pipe: id, state, prompts, models, dataset."""
    with platform(common) as p:
        found = p.evaluations.list(prompt=prompt, dataset=data, limit=limit)
    if common.json:
        out_json(found)
        return
    rows = [_row(each) for each in found]
    if on_terminal():
        table(("id", "when", "state", "prompts", "models", "dataset"), rows, wide="prompts")
        note(counted(len(rows), "evaluation"))
    elif rows:
        out("\n".join("\t".join(row) for row in rows))


def _row(each: Evaluation) -> tuple[str, ...]:
    state = "running" if each.ended_at is None else each.stop or "done"
    when = each.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return (each.id, when, state, ", ".join(each.prompts), ", ".join(each.models), each.dataset)


def show(
    evaluation: Id,
    /,
    *,
    baseline: Annotated[str, Parameter(help="Compare all with this one of its prompts.")] = "",
    gate: Gate | None = None,
    report: Files = None,
    common: Common = NONE,
) -> int:
    """Show what its results so far add up to; with bounds, exit code 1 where they are not met."""
    check_reports(report or [])
    with platform(common) as p:
        done = p.evaluations.report(evaluation, baseline=baseline)
    return finish(done, gate or Gate(), report or [], common)


def results(evaluation: Id, /, *, common: Common = NONE) -> None:
    """Write its results as lines of JSON, one for each answer so far."""
    import msgspec

    with platform(common) as p:
        for each in p.evaluations.results(evaluation):
            out(msgspec.json.encode(each).decode())


def delete(
    evaluation: Id,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    common: Common = NONE,
) -> int:
    """Delete an evaluation with its results; the calls stay among the runs."""
    with platform(common) as p:
        found = p.evaluations.get(evaluation)
        why = f"evaluation {found.id} has {counted(found.size, 'answer')}"
        if not yes and not confirmed(f"Delete it? {why}", why, may_ask=common.input):
            note("Nothing was deleted.")
            return 1
        p.evaluations.delete(found.id)
    out_json({"deleted": found.id}) if common.json else note(f"deleted {found.id}")
    return 0
