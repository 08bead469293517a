"""evaluations list, show, results, delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
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
    styled,
    table,
)
from burnish.cli.evaluate import Files, Gate, check_reports, finish
from burnish.cli.job_words import when
from burnish.cli.runs import short_ids

if TYPE_CHECKING:
    from burnish.evals.room import ListedEvaluation

_STYLES = {"done": "green", "stopped": "yellow", "running": "cyan", "queued": ""}
Id = Annotated[str, Parameter(help="Its id, or the beginning of it.")]


def list_(
    *,
    prompt: Annotated[str, Parameter(help="Only of the prompt of this name.")] = "",
    data: Annotated[str, Parameter(help="Only over the dataset of this name.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    common: Common = NONE,
) -> None:
    """List evaluations, newest first, with the score of the column that leads.

    In a pipe: id, time of creation, state (queued, running, done or stopped), prompts, models,
    dataset, that score, what stopped it.
    """
    with platform(common) as p:
        found = p.evaluations.list(prompt=prompt, dataset=data, limit=limit)
    if common.json:
        out_json(found)
        return
    if on_terminal() and found:
        _list_terminal(found)
    elif found:
        out("\n".join("\t".join(_row(each)) for each in found))
    else:
        note("No evaluations.")


def _list_terminal(found: Sequence[ListedEvaluation]) -> None:
    rows = [
        [
            styled(shown, "cyan"),
            when(each.created_at.astimezone(UTC)),
            styled(each.state + (f": {each.stop}" if each.stop else ""), _STYLES[each.state]),
            _score(each),
            f"{', '.join(each.prompts)} on {each.dataset} by {', '.join(each.models)}",
        ]
        for shown, each in zip(short_ids([each.id for each in found]), found, strict=True)
    ]
    table(("id", "when", "state", "best", "about"), rows, wide="about")
    note(counted(len(rows), "evaluation"))


def _row(each: ListedEvaluation) -> tuple[str, ...]:
    made = each.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    about = (", ".join(each.prompts), ", ".join(each.models), each.dataset)
    return (each.id, made, each.state, *about, _score(each), each.stop)


def _score(each: ListedEvaluation) -> str:
    return "-" if each.score is None else f"{each.score:.2f}"


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
