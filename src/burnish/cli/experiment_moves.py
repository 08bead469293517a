"""experiments list, start, pause, stop, shares, check, promote, rollback, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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
    warn,
)
from burnish.cli.experiments import weights_of
from burnish.cli.followed import followed
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.experiments.findings import Findings
    from burnish.storage.experiment import Experiment

Name = Annotated[str, Parameter(help="Its name, or the beginning of its id.")]
Why = Annotated[str, Parameter(help="The reason; kept in its log.")]
Force = Annotated[bool, Parameter(negative="", help="Do it all the same; wants --why.")]


def list_(
    *,
    state: Annotated[
        Literal["draft", "running", "paused", "completed", "stopped"] | None,
        Parameter(help="Only in this state."),
    ] = None,
    prompt: Annotated[str, Parameter(help="Only of the prompt of this name.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    common: Common = NONE,
) -> None:
    """List experiments, newest first. In a pipe: name, state, prompt, metric, winner, begun."""
    with platform(common) as p:
        found = p.experiments.list(state=state, prompt=prompt, limit=limit)
    if common.json:
        out_json(found)
        return
    rows = [_row(each) for each in found]
    if on_terminal():
        table(("name", "state", "prompt", "metric", "winner", "begun"), rows, wide="prompt")
        note(counted(len(rows), "experiment"))
    elif rows:
        out("\n".join("\t".join(row) for row in rows))


def _row(each: Experiment) -> tuple[str, ...]:
    begun = each.started_at
    when = begun.astimezone().strftime("%Y-%m-%d %H:%M") if begun else "-"
    return (each.name, each.state, each.prompt, each.plan.metric.name, each.winner or "-", when)


def start(
    experiment: Name,
    /,
    *,
    why: Why = "",
    background: Annotated[
        bool, Parameter(negative="", help="Leave one on a dataset to burnish worker.")
    ] = False,
    common: Common = NONE,
) -> int:
    """Begin an experiment, or go on with one that was paused. On a dataset: ask it to its end."""
    go_on = f"burnish experiments start {experiment}"
    with platform(common) as p, followed(p, go_on) as told:
        now = p.experiments.start(experiment, why=why, background=background, progress=told)
    if common.json:
        out_json(now)
    else:
        out(_where(now))
        if now.kind == "online":
            note(f"Who asks for {now.prompt}@{now.label} with a {now.plan.unit} takes part.")
        elif background:
            note(f"burnish worker does it; burnish jobs watch {now.job_id} shows how far it is")
    return 1 if now.state == "stopped" else 0


def _where(now: Experiment) -> str:
    """With a verdict, where there is one by now."""
    return (
        f"{now.name} is {now.state}. {now.verdict}" if now.verdict else f"{now.name} is {now.state}"
    )


def pause(experiment: Name, /, *, why: Why = "", common: Common = NONE) -> None:
    """Assign nobody any more, within a second; `start` goes on."""
    with platform(common) as p:
        now = p.experiments.pause(experiment, why=why)
    out_json(now) if common.json else out(f"{now.name} is {now.state}")


def stop(experiment: Name, /, *, why: Why = "", common: Common = NONE) -> None:
    """End an experiment for good, and keep its verdict."""
    with platform(common) as p:
        now = p.experiments.stop(experiment, why=why)
    out_json(now) if common.json else out(f"{now.name} is {now.state}. {now.verdict}")


def shares(
    experiment: Name,
    weights: Annotated[str, Parameter(help="Of each variant, such as A=90,B=10; 0 is nobody.")],
    /,
    *,
    why: Why = "",
    common: Common = NONE,
) -> None:
    """Change the shares of variants; whom one was shown to keeps it."""
    with platform(common) as p:
        now = p.experiments.set_shares(experiment, weights_of(weights, "A=50,B=50") or {}, why=why)
    if common.json:
        out_json(now)
        return
    from burnish.experiments.figures import percent

    out(", ".join(f"{name} {percent(share)}" for name, share in now.shares.items()))


def check(
    experiment: Annotated[
        str, Parameter(show_default="all that run", help="Its name, or the beginning of its id.")
    ] = "",
    /,
    *,
    common: Common = NONE,
) -> None:
    """Do what is due: guardrails, ramps, stop rules, promotions."""
    with platform(common) as p:
        found = p.experiments.check(experiment)
    if common.json:
        out_json(found)
        return
    for each in found:
        out(_standing(each))
        for said in each.notes:
            warn(said)
    if not found:
        note("No experiment runs.")


def _standing(found: Findings) -> str:
    now = found.experiment
    return f"{now.name} is {now.state}. {found.verdict}"


def promote(
    experiment: Name,
    variant: Annotated[str, Parameter(show_default="the winner", help="The variant to take.")] = "",
    /,
    *,
    force: Force = False,
    why: Why = "",
    common: Common = NONE,
) -> None:
    """Move the label to the winner, with the evidence in the log."""
    with platform(common) as p:
        done = p.experiments.promote(experiment, variant, force=force, why=why)
    if common.json:
        out_json(done)
        return
    prompt, label = done.experiment.prompt, done.label
    if done.moved:
        out(f"{prompt}@{label} is revision {done.revision} now ({done.variant})")
        note(f"Take it back: burnish experiments rollback {done.experiment.name}")
    elif done.request is not None:
        out(f"asked for {prompt}@{label} to be revision {done.revision} ({done.variant})")
        note(f"Another person approves it: burnish prompts approve {done.request.id}")


def rollback(
    experiment: Name, /, *, force: Force = False, why: Why = "", common: Common = NONE
) -> None:
    """Take a promotion back."""
    if force and not why:
        raise UsageError("what is forced wants a reason", hint="give one with --why")
    with platform(common) as p:
        now = p.experiments.rollback(experiment, force=force, why=why)
    stands = f"revision {now.before}" if now.before else "removed"
    out_json(now) if common.json else out(f"{now.prompt}@{now.label} is {stands} again")


def delete(
    experiment: Name,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    common: Common = NONE,
) -> int:
    """Delete an experiment with all that was recorded of it."""
    with platform(common) as p:
        found = p.experiments.get(experiment)
        why = f"experiment {found.name} is {found.state}"
        if not yes and not confirmed(f"Delete it? {why}", why, may_ask=common.input):
            note("Nothing was deleted.")
            return 1
        p.experiments.delete(found.id)
    out_json({"deleted": found.name}) if common.json else note(f"deleted {found.name}")
    return 0
