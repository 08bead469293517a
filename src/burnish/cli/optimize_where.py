"""optimize --where: all prompts that are weak, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.cli.common import Common, note, on_terminal, out, out_json, table, warn
from burnish.cli.followed import followed
from burnish.cli.going_on import go_on
from burnish.cli.optimization_plan import Later, submit, tell_plan
from burnish.errors import BurnishError, UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.optimizers.room import ShownOptimization
    from burnish.platform.weak import WeakPrompt


def check_where(prompt: str, later: Later, files: Sequence[Path]) -> None:
    """Before anything is looked up."""
    if prompt:
        raise UsageError("a prompt and --where are given", hint="leave one of them out")
    if later.resume:
        raise UsageError("--where begins, and --resume goes on", hint="leave one of them out")
    if files:
        raise UsageError(
            "--where writes no report, for there may be many",
            hint="when it is done: burnish optimizations show ID --report FILE",
        )


def optimize_where(
    p: burnish.Platform,
    where: str,
    data: str | None,
    options: dict[str, Any],
    *,
    later: Later,
    common: Common,
) -> int:
    """Prompts without examples are told and left out; one that fails keeps none from its turn. The
    exit code is 1 where any failed or could not be measured."""
    weak = p.weak_prompts(where)
    if later.dry_run:
        _show(weak, common)
        return 0
    if not weak:
        note(f"No prompt has {where}.")
    done: list[ShownOptimization] = []
    failed = False
    for each in weak:
        try:
            shown = _optimized(p, each, data, options, later=later, common=common)
        except BurnishError as error:
            failed = True
            warn(f"{each.name}: {error}")
            continue
        if shown is not None:
            done.append(shown)
            if not common.json:
                out(_line(shown))
    if common.json and not later.background:
        out_json([each.optimization for each in done])
    return 1 if failed or any(_is_open(each) for each in done) else 0


def _optimized(
    p: burnish.Platform,
    weak: WeakPrompt,
    data: str | None,
    options: dict[str, Any],
    *,
    later: Later,
    common: Common,
) -> ShownOptimization | None:
    examples = data or weak.dataset
    if not examples:
        raise UsageError(
            "nothing to measure with: its latest version was never evaluated",
            hint="give --data, or evaluate it first",
        )
    asked = options | {"model": options["model"] or weak.model}
    plan = p.plan_optimization(f"{weak.name}@{weak.revision}", examples, files=True, **asked)
    tell_plan(plan)
    if later.background:
        submit(p, plan.optimization, as_json=common.json)
        return None
    with followed(p, go_on("optimization", plan.optimization.id)) as told:
        return p.run_optimization(plan.optimization, progress=told)


def _is_open(shown: ShownOptimization) -> bool:
    return shown.optimization.outcome not in ("improved", "kept")


def _line(shown: ShownOptimization) -> str:
    one = shown.optimization
    if on_terminal():
        return f"{one.prompt}: {one.text}"
    return f"{one.id}\t{one.prompt}\t{one.outcome}\t{one.best}\t{one.text}"


def _show(weak: Sequence[WeakPrompt], common: Common) -> None:
    if common.json:
        out_json([msgspec.to_builtins(each) for each in weak])
    elif on_terminal() and weak:
        table(("prompt", "rating", "score", "examples"), [_row(each) for each in weak])
    elif weak:
        out("\n".join("\t".join(_row(each)) for each in weak))
    else:
        note("No prompt is weak.")


def _row(each: WeakPrompt) -> tuple[str, str, str, str]:
    score = "-" if each.score is None else f"{each.score:.2f}"
    rating = "-" if each.rating is None else f"{each.rating:.2f}"
    return (f"{each.name}@{each.revision}", rating, score, each.dataset or "-")
