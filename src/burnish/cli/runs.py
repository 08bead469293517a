"""runs list, show, export, import, forget."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    confirmed,
    console,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    warn,
)
from burnish.cli.money import usd
from burnish.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from burnish.analytics.runs import RunPage
    from burnish.storage.run import Run, RunFilter

_SPAN = re.compile(r"(\d{1,6})\s*([mhdw])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Ids begin with the time; so much of them sets apart runs that were not made at one instant.
_SHORT_ID = 13
# With fewer columns some figures are left to `show` and --json.
_WIDE = 110
Since = Annotated[str, Parameter(help="From then on: 7d, 12h, 30m or a date.")]
Model = Annotated[str | None, Parameter(help="Only of this model.")]
PromptName = Annotated[str | None, Parameter(help="Only of the prompt of this name.")]
Agent = Annotated[str | None, Parameter(help="Only of prompts called AGENT or AGENT/….")]
Offline = Annotated[
    bool, Parameter(negative="", help="Also the phases that the offline composer carried out.")
]
Kind = Annotated[str | None, Parameter(help="Only of this kind.")]


def list_(
    *,
    model: Model = None,
    prompt: PromptName = None,
    agent: Agent = None,
    kind: Kind = None,
    failed: Annotated[
        bool | None, Parameter(negative="--succeeded", help="Only failed ones, or only others.")
    ] = None,
    cached: Annotated[
        bool | None, Parameter(negative="--asked", help="Only from the cache, or only others.")
    ] = None,
    since: Since = "",
    limit: Annotated[int, Parameter(help="How many on a page.")] = 20,
    cursor: Annotated[str | None, Parameter(help="Where the last page ended.")] = None,
    offline: Offline = False,
    common: Common = NONE,
) -> None:
    """List runs, newest first; those of the offline composer only where they are asked for.

    In a pipe: id, time, kind, prompt, model, tokens in, tokens out, USD, milliseconds, state.
    """
    from msgspec.structs import replace

    from burnish.storage.run import RunFilter

    hides = hides_offline(model, kind, offline=offline)
    where = RunFilter(
        model=model,
        not_model=hides or None,
        prompt=prompt,
        agent=agent,
        kind=kind,
        failed=failed,
        cached=cached,
        since=moment(since),
    )
    with platform(common) as p:
        page = p.runs.page(where, limit=limit, cursor=cursor)
        hidden = replace(where, model=hides, not_model=None) if hides and not cursor else None
        left_out = 0 if hidden is None else p.runs.count(hidden)
    _list(page, as_json=common.json)
    tell_left_out(left_out)


def _list(page: RunPage, *, as_json: bool) -> None:
    if as_json:
        out_json(page)
    elif not page.items:
        note("None found.")
    elif on_terminal():
        _list_terminal(page)
    else:
        out("\n".join("\t".join(_line(run)) for run in page.items))
        if page.next:
            # The cursor is long and for programs; a person raises the limit.
            note(f"there are more; raise --limit, or go on with --cursor {page.next}")


def hides_offline(model: str | None, kind: str | None, *, offline: bool) -> str:
    """The model whose runs are left out, unless somebody asks for them: each prompt that is made
    offline brings one for each phase, and they cost nothing."""
    return "" if offline or model is not None or kind == "generate" else "offline"


def tell_left_out(runs: int) -> None:
    if runs:
        note(f"offline runs left out: {runs}; --offline shows them")


def _list_terminal(page: RunPage) -> None:
    wide = console().width >= _WIDE
    short = short_ids([run.id for run in page.items])
    headings = ["id", "when", "what", "model", *(("tokens", "USD") if wide else ()), "ms", ""]
    today = datetime.now(UTC).date()
    rows = (
        [
            styled(shown, "cyan"),
            _when(run.created_at.astimezone(UTC), today, wide=wide),
            run.prompt or run.kind,
            _model(run.model, wide=wide),
            *((str(run.input_tokens + run.output_tokens), usd(run.cost_usd)) if wide else ()),
            f"{run.latency_ms:.0f}",
            styled(_state(run), "red" if run.error else ""),
        ]
        for shown, run in zip(short, page.items, strict=True)
    )
    table(headings, rows, wide="what")
    if page.next:
        note(f"the next page: --cursor {page.next}")


def _when(at: datetime, today: date, *, wide: bool) -> str:
    if at.year != today.year:
        return f"{at:%Y-%m-%d}"
    if wide:
        return f"{at:%m-%d %H:%M}"
    return f"{at:%H:%M}" if at.date() == today else f"{at:%m-%d}"


def _model(name: str, *, wide: bool) -> str:
    """No longer than lets the columns behind it stay in view."""
    shown, most = (name, 24) if wide else (name.rpartition(":")[2], 16)
    return f"{shown[: most - 1]}…" if len(shown) > most else shown or "-"


def short_ids(ids: list[str]) -> list[str]:
    length = _SHORT_ID
    while len({run_id[:length] for run_id in ids}) < len(ids):
        length += 1
    return [run_id[:length] for run_id in ids]


def _line(run: Run) -> tuple[str, ...]:
    return (
        run.id,
        run.created_at.isoformat(timespec="milliseconds"),
        run.kind,
        run.prompt,
        run.model,
        str(run.input_tokens),
        str(run.output_tokens),
        usd(run.cost_usd),
        f"{run.latency_ms:.1f}",
        _state(run),
    )


def _state(run: Run) -> str:
    if run.error:
        return "failed"
    return "cached" if run.cached else "ok"


def show(
    run_id: Annotated[str, Parameter(help="The run's id, or the beginning of it.")],
    /,
    *,
    common: Common = NONE,
) -> None:
    """Show all of a run: what was sent, what came back, and every attempt."""
    with platform(common) as p:
        run = p.runs.get(run_id)
    if common.json:
        out_json(run)
        return
    facts = [(name, value) for name, value in _facts(run) if value]
    if not on_terminal():
        lines = [f"{name}: {value}" for name, value in facts]
        lines += ["\t".join(("attempt:", *_attempt(each))) for each in run.attempts]
        out("\n".join([*lines, "input:", _text(run.input), "output:", run.output]))
        return
    from rich.table import Table

    grid = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(name, styled(value, "red" if name == "error" else ""))
    console().print(grid)
    if run.attempts:
        console().print()
        headings = ("attempt", "result", "HTTP", "ms")
        table(headings, map(_attempt, run.attempts), wide="result")
    for name, text in (("input", _text(run.input)), ("output", run.output)):
        console().print(styled(f"\n{name}", "bold"))
        console().print(styled(text))


def _facts(run: Run) -> Iterable[tuple[str, str]]:
    valid = {None: "", True: "kept the rules for it", False: "broke the rules for it"}[run.valid]
    about = "about " if run.estimated else ""
    tokens = f"{about}{run.input_tokens} in, {run.output_tokens} out"
    requests = f"{run.requests}, {run.retries} of them again" if run.retries else str(run.requests)
    return (
        ("id", run.id),
        ("when", f"{run.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("kind", run.kind),
        ("prompt", run.prompt),
        ("version", run.version_id or ""),
        ("model", run.model),
        ("parameters", _text(run.parameters) if run.parameters else ""),
        ("state", _state(run)),
        ("error", run.error),
        ("answer", valid),
        ("tokens", f"{tokens}, {run.cached_tokens} cached" if run.cached_tokens else tokens),
        ("USD", usd(run.cost_usd)),
        ("latency", f"{run.latency_ms:.1f} ms"),
        ("requests", requests),
        ("phase", run.phase),
        ("parent", run.parent_id or ""),
        ("who", run.who),
        ("trace", run.trace_id),
    )


def _attempt(attempt: Any) -> tuple[str, ...]:
    result = attempt.error or "ok"
    return (
        attempt.model,
        result if attempt.sent else f"{result} (not sent)",
        str(attempt.status or "-"),
        f"{attempt.latency_ms:.0f}",
    )


def _text(value: Any) -> str:
    """Messages as people read them; anything else as JSON."""
    if isinstance(value, str):
        return value
    import msgspec

    from burnish.prompts.prompt import Message
    from burnish.shapes import convert

    try:
        messages = convert(value, list[Message])
    except msgspec.ValidationError:
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)


def export(
    *,
    jsonl: Annotated[str, Parameter(help="The file to write; - is standard output.")] = "-",
    since: Since = "",
    days: Annotated[int | None, Parameter(help="Only of the last so many days.")] = None,
    model: Model = None,
    prompt: PromptName = None,
    agent: Agent = None,
    kind: Kind = None,
    common: Common = NONE,
) -> None:
    """Write runs as lines of JSON, oldest first."""
    from burnish.storage.run import RunFilter

    if days is not None and since:
        raise UsageError("--since and --days are given", hint="leave one of them out")
    begin = moment(since if days is None else f"{days}d")
    where = RunFilter(model=model, prompt=prompt, agent=agent, kind=kind, since=begin)
    with platform(common) as p:
        if jsonl == "-":
            p.runs.export(sys.stdout.buffer.write, where)
            return
        count = _export_to(Path(jsonl), p.runs.export, where)
    out_json({"exported": count, "file": jsonl}) if common.json else out(f"{count} runs in {jsonl}")


def _export_to(path: Path, export_runs: Any, where: RunFilter) -> int:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            count: int = export_runs(file.write, where)
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    return count


def import_(
    file: Annotated[Path, Parameter(help="Lines of JSON; - reads standard input.")],
    /,
    *,
    common: Common = NONE,
) -> int:
    """Take in runs that export wrote. Lines that hold no run are skipped; exit code 1 tells that
    there were some."""
    with platform(common) as p:
        if str(file) == STDIN:
            done = p.runs.import_(sys.stdin.buffer)
        else:
            try:
                with file.open("rb") as lines:
                    done = p.runs.import_(lines)
            except OSError as error:
                raise UsageError(
                    f"{file} cannot be read: {error.strerror}",
                    hint="check the path",
                    subject=str(file),
                ) from None
    if common.json:
        out_json(done)
    else:
        out(f"{done.imported} runs imported, {done.present} were there already")
        if done.unlinked:
            note(f"{done.unlinked} name a prompt version that is not here")
    if done.corrupt:
        shown = ", ".join(map(str, done.corrupt_lines[:20]))
        more = ", …" if done.corrupt > 20 else ""
        warn(f"{done.corrupt} lines hold no run and were skipped: {shown}{more}")
    return 1 if done.corrupt else 0


def forget(
    *,
    before: Annotated[str, Parameter(help="Runs made before this date.")] = "",
    older_than: Annotated[str, Parameter(help="Runs older than so long: 30d, 12h.")] = "",
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask.")] = False,
    common: Common = NONE,
) -> int:
    """Delete old runs. What they add up to in statistics stays."""
    from burnish.storage.run import RunFilter

    if bool(before) == bool(older_than):
        raise UsageError("which runs is not said", hint="give --before DATE or --older-than 30d")
    until = moment(before or older_than)
    assert until is not None
    with platform(common) as p:
        if not (yes or _agreed(p.runs.count(RunFilter(until=until)), until, common)):
            note("Nothing was deleted.")
            return 1
        gone = p.runs.forget(until)
    out_json({"forgotten": gone}) if common.json else out(f"{gone} runs forgotten")
    return 0


def _agreed(count: int, until: datetime, common: Common) -> bool:
    question = f"Delete {count} runs from before {until:%Y-%m-%d %H:%M} UTC?"
    return confirmed(question, "runs are deleted for good", may_ask=common.input)


def moment(text: str) -> datetime | None:
    """So long ago, or the moment that an ISO date or time names (in UTC where it does not say);
    None for an empty text."""
    if not text:
        return None
    if found := _SPAN.match(text.strip()):
        try:
            return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{text!r} is no time", hint="write 7d, 12h, 30m or a date like 2026-05-04"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
