"""evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
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
    warn,
)
from burnish.cli.compose import MaxCost
from burnish.cli.evaluate_later import When, submit
from burnish.cli.evaluation_plan import show_plan, tell_plan
from burnish.cli.followed import followed
from burnish.cli.going_on import go_on, resumable
from burnish.cli.report_files import check_files, write_file
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.evals.report import Verdict
    from burnish.evals.room import Evaluated

Prompts = Annotated[
    list[str] | None,
    Parameter(help="Prompts (name, name@3, name@label), or a promptfoo configuration."),
]
Data = Annotated[
    str | None,
    Parameter(help="Dataset (name, name@3), or a file: CSV, JSONL, JSON, YAML."),
]
Var = Annotated[
    list[str] | None, Parameter(help="Instead of data: NAME=VALUE of a variable; repeatable.")
]
Models = Annotated[
    list[str] | None,
    Parameter(name=["--models", "--model"], help="Models, with commas between; repeatable."),
]
Scorer = Annotated[
    list[str] | None,
    Parameter(help="NAME, NAME:VALUE or NAME:{JSON}; repeatable. See burnish scorers."),
]
Baseline = Annotated[
    str, Parameter(help="Compare all with this prompt, such as mail/late@production.")
]
Files = Annotated[
    list[Path] | None,
    Parameter(
        name="--report",
        help="Write the report there: .html, .md, .xml (JUnit) or .json; repeatable.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True)
class Gate:
    """Bounds below which a command ends with exit code 1."""

    min_score: Annotated[
        float | None, Parameter(help="Fail (exit 1) where a mean score is below, 0 to 1.")
    ] = None
    max_regression: Annotated[
        float | None,
        Parameter(help="Fail where a score is surely so much below the baseline's, 0 to 1."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class Asking:
    """How models are asked."""

    repeats: Annotated[int, Parameter(help="How often each question is asked.")] = 1
    concurrency: Annotated[
        int | None,
        Parameter(show_default="setting evaluation.concurrency", help="How many at once."),
    ] = None
    temperature: Annotated[
        float | None, Parameter(show_default="the prompt's", help="For all prompts.")
    ] = None
    max_tokens: Annotated[
        int | None,
        Parameter(show_default="the prompt's", help="Longest answer; bounds the worst cost too."),
    ] = None
    seed: Annotated[int | None, Parameter(help="Sent to the models that take one.")] = None
    fresh: Annotated[
        bool, Parameter(negative="", help="Ask also where the answer is remembered.")
    ] = False


@Parameter(name="*")
@dataclass(frozen=True)
class Which:
    """Which examples."""

    split: Annotated[
        str | None, Parameter(help="Only examples of this split: train, dev (or validation), test.")
    ] = None
    tags: Annotated[
        list[str] | None, Parameter(name="--tag", help="Only examples with this tag; repeatable.")
    ] = None
    limit: Annotated[int | None, Parameter(help="Only the first so many examples.")] = None
    dataset: Annotated[
        str, Parameter(show_default="the file's name", help="Name to keep a file's examples under.")
    ] = ""


def evaluate(
    prompts: Prompts = None,
    /,
    *,
    data: Data = None,
    var: Var = None,
    models: Models = None,
    scorer: Scorer = None,
    which: Which | None = None,
    asking: Asking | None = None,
    max_cost: MaxCost = None,
    baseline: Baseline = "",
    gate: Gate | None = None,
    report: Files = None,
    when: When | None = None,
    common: Common = NONE,
) -> int:
    """Try prompts on examples and models, and tell how good the answers are and how sure that is.

    Ends with exit code 1 below --min-score, past --max-regression, or where nothing was answered.
    """
    gate, when = gate or Gate(), when or When()
    check_reports(report or [])
    _check_gate(gate, baseline or ("its own" if when.resume else ""))
    when.check(report or [])
    options: dict[str, Any] = {
        **asdict(asking or Asking()),
        **asdict(which or Which()),
        "models": _named(models),
        "scorers": scorer or (),
        "baseline": baseline,
        "max_cost_usd": max_cost,
        "files": True,
    }
    with resumable("evaluation", when.resume) as begun, platform(common) as p:
        if when.resume:
            done = _resumed(p, when.resume, gate, scorer or (), bool(prompts or data))
        else:
            plan = p.plan_evaluation(*_given(prompts, data, var), **options)
            if when.dry_run:
                out_json(plan) if common.json else show_plan(plan)
                return 0
            tell_plan(plan)
            if when.background:
                submit(p, plan.evaluation, gate, as_json=common.json)
                return 0
            begun.append(plan.evaluation.id)
            with followed(p, go_on("evaluation", plan.evaluation.id)) as told:
                done = p.run_evaluation(plan.evaluation, **asdict(gate), progress=told)
    return _told(done, finish(done, gate, report or [], common))


def _told(done: Evaluated, code: int) -> int:
    note(f"Kept as an evaluation: burnish evaluations show {done.evaluation.id}")
    return code


def _named(models: list[str] | None) -> list[str]:
    return [name for each in models or () for name in each.split(",") if name.strip()]


def _given(
    prompts: list[str] | None, data: str | None, var: list[str] | None
) -> tuple[list[str], Any]:
    if not prompts:
        raise UsageError("no prompt is named", hint="burnish evaluate mail/late --data cases.csv")
    if data is not None and var:
        raise UsageError("--data and --var are given", hint="leave one of them out")
    return prompts, [{"inputs": dict(map(_pair, var))}] if var else data


def _pair(written: str) -> tuple[str, str]:
    name, sign, value = written.partition("=")
    if not sign or not name:
        raise UsageError(f"{written!r} is no NAME=VALUE", hint="such as --var city=Lisbon")
    return name, value


def _resumed(
    p: burnish.Platform, evaluation_id: str, bounds: Gate, scorers: Sequence[str], more: bool
) -> Evaluated:
    if more:
        raise UsageError(
            "--resume goes on with an evaluation as it was asked for",
            hint="leave out prompts and --data",
        )
    with followed(p, go_on("evaluation", evaluation_id)) as told:
        done = p.resume_evaluation(
            evaluation_id, scorers=scorers, files=True, **asdict(bounds), progress=told
        )
    if held := done.bounds.given:
        note(f"Held to {_held(held, asdict(bounds))}")
    return done


def _held(bounds: Mapping[str, float], given: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"--{name.replace('_', '-')} {bound:g}{' as before' if given[name] is None else ''}"
        for name, bound in bounds.items()
    )


def _check_gate(bounds: Gate, baseline: str) -> None:
    from burnish.evals.bounds import check_bounds

    if bounds.min_score is not None or bounds.max_regression is not None:
        check_bounds(bounds.min_score, baseline, bounds.max_regression)


def check_reports(files: list[Path]) -> None:
    from burnish.evals.report.files import ENDINGS

    check_files(files, ENDINGS)


def finish(done: Evaluated, bounds: Gate, files: list[Path], common: Common) -> int:
    """Shows and writes the report; the exit code."""
    from burnish.evals.report.files import Judged, report_file

    verdict = done.verdict or _judged(done, bounds)
    for path in files:
        content = report_file(done.report, path.suffix.lower(), verdict)
        write_file(
            path,
            content,
            "the results are kept; write it elsewhere with burnish evaluations show "
            f"{done.evaluation.id} --report FILE",
        )
    if common.json:
        out_json(Judged(evaluation=done.evaluation, report=done.report, verdict=verdict))
    else:
        _show(done, verdict)
    answered = any(column.answered for column in done.report.columns)
    return 0 if answered and (verdict is None or verdict.passed) else 1


def _judged(done: Evaluated, bounds: Gate) -> Verdict | None:
    """None where no bound is given."""
    from burnish.evals.report import gate

    if bounds.min_score is None and bounds.max_regression is None:
        return None
    return gate(
        done.report,
        min_score=bounds.min_score,
        baseline=done.report.baseline,
        max_regression=bounds.max_regression,
    )


def _show(done: Evaluated, verdict: Verdict | None) -> None:
    if on_terminal():
        from burnish.evals.report.terminal import terminal

        screen = console()
        screen.print(terminal(done.report, verdict, width=screen.width))
    else:
        from burnish.evals.report.markdown import markdown

        out(markdown(done.report, verdict))
    if done.why:
        warn(f"ended early: {done.why}")
