"""batch."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    from_stdin,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    progress_bar,
    table,
    warn,
)
from burnish.cli.compose import MaxCost, MaxTokens, Model, Target
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.generation.batch import BatchReport, Progress
    from burnish.platform.batches import BatchPlan

_SHOWN_CHARS = 70
SkipErrors = Annotated[bool, Parameter(negative="", help="Note an item that fails and go on.")]
Phases = Annotated[
    str,
    Parameter(show_default="setting generation.phases", help="Phases: explore,draft,refine."),
]
Persona = Annotated[
    str, Parameter(show_default="setting generation.persona", help="Voice; see burnish personas.")
]
Background = Annotated[
    bool, Parameter(negative="", help="Leave it to burnish worker, and print the job's id.")
]
DryRun = Annotated[bool, Parameter(negative="", help="Only tell what would be done.")]


def batch(
    file: Annotated[
        Path, Parameter(help="JSON, JSON lines, CSV (column idea) or text, an idea a line; - too.")
    ],
    /,
    *,
    workers: Annotated[int, Parameter(help="How many at once (1 to 64).")] = 4,
    output: Annotated[
        Path | None,
        Parameter(show_default="FILE.results.jsonl", help="Journal of the results."),
    ] = None,
    resume: Annotated[bool, Parameter(negative="", help="Go on with what is left.")] = False,
    skip_errors: SkipErrors = False,
    background: Background = False,
    dry_run: DryRun = False,
    model: Model = "",
    phases: Phases = "",
    count: Annotated[int, Parameter(help="Variants for each idea.")] = 1,
    persona: Persona = "",
    category: Annotated[str, Parameter(help="Category of the stored prompts.")] = "",
    target: Target = "",
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    common: Common = NONE,
) -> int:
    """Make a prompt from each idea in a file; what is done is done, even after a kill."""
    options: dict[str, Any] = {
        "model": model,
        "phases": [part for part in phases.split(",") if part.strip()],
        "count": count,
        "persona": persona,
        "category": category,
        "target": target,
        "max_cost_usd": max_cost,
        "max_tokens": max_tokens,
    }
    how = {"workers": workers, "resume": resume, "skip_errors": skip_errors}
    given, output = _items(file, output)
    with platform(common) as p:
        if dry_run:
            _show_plan(p.plan_batch(given, **options), as_json=common.json)
            return 0
        if background:
            _submit(p, given, output, how, options, as_json=common.json)
            return 0
        with _shown_progress() as told:
            report = p.batch(given, output=output, progress=told, **how, **options)
    out_json(report) if common.json else _show(report)
    return 1 if report.failed else 0


def _items(file: Path, output: Path | None) -> tuple[list[str] | Path, Path | None]:
    if str(file) != STDIN:
        return file, output
    return _from_stdin(), output or Path("batch.results.jsonl")


def _submit(
    p: burnish.Platform,
    given: list[str] | Path,
    output: Path | None,
    how: dict[str, Any],
    options: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    if not isinstance(given, Path):
        raise UsageError("a job outlives standard input", hint="name a file with the ideas")
    p.plan_batch(given, **options)  # what is wrong with it is said now, not later
    places = {"file": str(given.absolute()), "output": str(output.absolute()) if output else None}
    told = {name: value for name, value in options.items() if value not in (None, "", [])}
    wanted = places | how | {"options": told}
    job = p.jobs.submit("batch", wanted, subject=given.name, here=False)
    out_json(job) if as_json else out(job.id)
    note(f"burnish worker runs it; burnish jobs watch {job.id} shows how far it is")


def _from_stdin() -> list[str]:
    lines = from_stdin().splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


@contextmanager
def _shown_progress() -> Generator[Callable[[Progress], None] | None]:
    with progress_bar() as tell:
        if tell is None:
            yield None
            return

        def told(progress: Progress) -> None:
            failed = f", {progress.failed} failed" if progress.failed else ""
            tell(f"writing{failed}", progress.done + progress.failed, progress.total)

        yield told


def _show_plan(plan: BatchPlan, *, as_json: bool) -> None:
    if as_json:
        out_json(plan)
        return
    rows = [(str(each.number), each.item.name, _short(each.item.idea)) for each in plan.items]
    if on_terminal():
        table(("", "name", "idea"), rows, wide="idea")
    else:
        out("\n".join("\t".join(row) for row in rows))
    note(f"{len(rows)} items, model {plan.model}, at most {plan.calls} calls; nothing was run")


def _show(report: BatchReport) -> None:
    rows = [
        (str(r.number), r.status, r.reference or _short(r.error, 36), _short(r.idea))
        for r in report.results
    ]
    if on_terminal():
        table(("", "", "prompt", "idea"), rows, wide="idea")
    else:
        out("\n".join("\t".join(row) for row in rows))
    again = f" ({report.resumed} of them before)" if report.resumed else ""
    note(f"{report.done} of {report.total} done{again}; journal: {report.journal}")
    if report.failed:
        warn(f"{report.failed} of {report.total} items failed; --resume tries them again")


def _short(text: str, chars: int = _SHOWN_CHARS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= chars else f"{line[: chars - 1]}…"
