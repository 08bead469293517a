"""stats; cache stats, clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
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
from burnish.cli.runs import (
    Agent,
    Kind,
    Model,
    Offline,
    PromptName,
    hides_offline,
    tell_left_out,
    usd,
)

if TYPE_CHECKING:
    from burnish.storage.stats import CategoryStat, RunStat

# With fewer columns some figures are left to --json.
_WIDE = 110


def stats(
    *,
    by: Annotated[
        str, Parameter(help="model, prompt, agent, task, kind, day, or category of prompts.")
    ] = "model",
    days: Annotated[float, Parameter(help="Of the last so many days; 0 is all time.")] = 7,
    model: Model = None,
    prompt: PromptName = None,
    agent: Agent = None,
    kind: Kind = None,
    offline: Offline = False,
    common: Common = NONE,
) -> None:
    """Add up runs: how many, how well, how fast, what they cost; or prompts by category. Runs of
    the offline composer count only where they are asked for.

    In a pipe: group, runs, errors, success rate, average and 95th percentile of latency in
    milliseconds, retries a run, cache hit rate, validation rate, tokens, USD; - for no data.
    By category: category, prompts, average rating, uses.
    """
    with platform(common) as p:
        if by == "category":
            categories = p.stats(by="category")
            out_json(categories) if common.json else _categories(categories)
            return
        hides = hides_offline(model, kind, offline=offline)
        where: dict[str, Any] = {
            "days": days or None, "prompt": prompt, "agent": agent, "kind": kind,
        }  # fmt: skip
        found: list[RunStat] = p.stats(
            by,  # pyright: ignore[reportArgumentType] - refused there with what is possible
            model=model,
            not_model=hides or None,
            **where,
        )
        hidden: list[RunStat] = p.stats(model=hides, **where) if hides else []
    if common.json:
        out_json(found)
    elif not found:
        note("No runs.")
    elif on_terminal():
        _terminal(by, found)
    else:
        out("\n".join("\t".join(_line(stat)) for stat in found))
    tell_left_out(sum(each.runs for each in hidden))


def _terminal(by: str, found: Sequence[RunStat]) -> None:
    wide = console().width >= _WIDE
    headings = [by, "runs", "ok", "avg ms", "p95 ms", "cache", "tokens", "USD"]
    headings += ["errors", "retries", "valid"] if wide else []
    rows = (
        [
            styled(stat.group or "-", "cyan"),
            f"{stat.runs}",
            _percent(stat.success_rate),
            _whole(stat.avg_latency_ms),
            _whole(stat.p95_latency_ms),
            _percent(stat.cache_hit_rate),
            _short(stat.tokens),
            _cost(stat),
            *((str(stat.errors), f"{stat.avg_retries:.2f}") if wide else ()),
            *((_percent(stat.validation_rate),) if wide else ()),
        ]
        for stat in found
    )
    table(headings, rows, wide=by)
    if any(stat.cost_unknown and stat.cost_usd is not None for stat in found):
        note("+ : the price of some runs is unknown")


def _line(stat: RunStat) -> tuple[str, ...]:
    figures = (stat.success_rate, stat.avg_latency_ms, stat.p95_latency_ms, stat.avg_retries)
    rates = (stat.cache_hit_rate, stat.validation_rate)
    return (
        stat.group,
        str(stat.runs),
        str(stat.errors),
        *map(_number, figures),
        *map(_number, rates),
        str(stat.tokens),
        _number(stat.cost_usd),
    )


def _categories(found: Sequence[CategoryStat]) -> None:
    rows = (
        (
            each.category or "-",
            str(each.prompts),
            _number(each.average_rating),
            f"{each.usage_count}",
        )
        for each in found
    )
    if not found:
        note("No prompts yet.")
    elif on_terminal():
        table(("category", "prompts", "rating", "uses"), rows, wide="category")
    else:
        out("\n".join("\t".join(row) for row in rows))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _short(count: int) -> str:
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")):
        if count >= size:
            return f"{count / (1_000 if unit == 'k' else size):.3g}{unit}"
    return str(count)


def _cost(stat: RunStat) -> str:
    known = usd(None if stat.cost_usd is None else round(stat.cost_usd, 4))
    return f"{known}+" if stat.cost_unknown and stat.cost_usd is not None else known


def cache_stats(*, common: Common = NONE) -> None:
    """How full the cache of answers is, and how often it helped."""
    with platform(common) as p:
        found = p.cache_stats()
    if common.json:
        out_json(found)
        return
    mib = 1024 * 1024
    facts = (
        ("answers", str(found.entries)),
        ("size", f"{found.size_bytes / mib:.1f} of {found.max_size_bytes / mib:.0f} MiB"),
        ("used", _percent(found.utilization)),
        ("hits", f"{found.hits} of {found.hits + found.misses} ({_percent(found.hit_rate)})"),
        ("average age", _age(found.average_age_s)),
        ("oldest", _age(found.oldest_age_s)),
    )
    line = "{:13}{}" if on_terminal() else "{}\t{}"
    out("\n".join(line.format(name, value) for name, value in facts))
    if found.problem:
        warn(found.problem)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def cache_clear(*, common: Common = NONE) -> None:
    """Forget all remembered answers."""
    with platform(common) as p:
        gone = p.cache_clear()
    out_json({"cleared": gone}) if common.json else out(f"{gone} answers forgotten")
