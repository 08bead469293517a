"""generate --optimize and enhance --optimize: their options, how it goes, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import Common, note, on_terminal, out, out_json, warn
from burnish.cli.followed import followed
from burnish.cli.going_on import SHOWN_ID, go_on
from burnish.cli.money import cost_of
from burnish.cli.optimization_plan import show_plan, tell_plan
from burnish.cli.version_options import values_of
from burnish.errors import UsageError
from burnish.optimizers.usual import CALLS

if TYPE_CHECKING:
    import burnish
    from burnish.generation.optimized import Optimized
    from burnish.generation.result import Generation
    from burnish.optimizers.report.report import OptimizationReport
    from burnish.platform.optimization_plan import OptimizationPlan


@Parameter(name="*")
@dataclass(frozen=True)
class Optimizing:
    """What --optimize goes on with, as `burnish optimize` does."""

    optimize: Annotated[
        bool,
        Parameter(
            negative="", help="Go on: look for a text of it that is surely better on --data."
        ),
    ] = False
    data: Annotated[
        str | None,
        Parameter(help="Examples: a dataset (name, name@3), or a file: CSV, JSONL, JSON, YAML."),
    ] = None
    models: Annotated[
        str | None,
        Parameter(show_default="that of --model", help="The model that answers the examples."),
    ] = None
    writer: Annotated[
        str | None,
        Parameter(show_default="that of --model", help="Writes candidates; offline: none does."),
    ] = None
    algorithm: Annotated[
        str | None, Parameter(show_default="auto", help="As of burnish optimize.")
    ] = None
    goal: Annotated[
        str | None, Parameter(show_default="quality", help="As of burnish optimize.")
    ] = None
    scorer: Annotated[
        list[str] | None,
        Parameter(
            show_default="exact",
            help="How answers are scored: NAME, NAME:VALUE or NAME:{JSON}; repeatable.",
        ),
    ] = None
    budget: Annotated[
        int | None,
        Parameter(show_default=str(CALLS), help="Calls of models in all, for the search."),
    ] = None
    limit: Annotated[int | None, Parameter(help="Only the first so many examples.")] = None
    vary: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="PARAMETER=VALUES that the search may choose from, such as temperature=0,0.7; "
            "repeatable.",
        ),
    ] = None
    seed: Annotated[
        int | None, Parameter(show_default="0", help="The same again gives the same search.")
    ] = None
    dry_run: Annotated[
        bool, Parameter(negative="", help="Only tell what --optimize would do, and its cost.")
    ] = False

    def asked(self, *, stream: bool = False) -> dict[str, Any] | None:
        """What `burnish.Optimize` takes; None without --optimize. Raises UsageError before
        anything is written."""
        all_ = asdict(self).items()
        given = {name: value for name, value in all_ if value is not None and value is not False}
        if not given.pop("optimize", False):
            if given:
                name = next(iter(given)).replace("_", "-")
                raise UsageError(f"--{name} is for --optimize", hint="add --optimize")
            return None
        if stream:
            raise UsageError(
                "--stream prints one prompt, and --optimize tries several", hint="leave one out"
            )
        if self.data is None:
            raise UsageError(
                "--optimize takes examples to measure with",
                hint="give --data FILE or a dataset's name; burnish datasets generate writes some "
                "to begin with",
            )
        given.pop("dry_run", None)
        if self.vary:
            given["vary"] = values_of(self.vary)
        model, scorers = _one(given.pop("models", "")), given.pop("scorer", ())
        return {**given, "model": model, "scorers": scorers, "files": True}


NOT_ASKED = Optimizing()


@dataclass(frozen=True)
class Done:
    """What was made, and the report of how it was optimised. `notes` are those that were told when
    it began."""

    made: Generation
    report: OptimizationReport
    notes: tuple[str, ...]


def optimized(
    p: burnish.Platform,
    text: str,
    options: dict[str, Any],
    asked: dict[str, Any],
    begun: list[str],
    *,
    enhance: bool = False,
) -> Done:
    """`begun` takes the id of the optimisation when it has begun."""
    import burnish
    from burnish.optimizers.report.report import report_of

    notes: list[str] = []
    bound: list[int | None] = []

    def heard(plan: OptimizationPlan) -> None:
        notes.extend(plan.notes)
        bound.append(plan.optimization.budget.get("calls"))
        begun.append(plan.optimization.id)
        tell_plan(plan)
        line = "if it is interrupted, go on with"
        if on_terminal():
            # The bar breaks lines at the edge, and a command is copied in one piece.
            note(f"  {line}\n  {go_on('optimization', begun[0][:SHOWN_ID])}")
        else:
            warn(f"{line} {go_on('optimization', begun[0])}")

    def again() -> str:
        return go_on("optimization", begun[0]) if begun else ""

    make = p.enhance if enhance else p.generate
    with followed(p, again, first="writing", calls=lambda: bound[0]) as told:
        made = make(text, **options, optimize=burnish.Optimize(begun=heard, progress=told, **asked))
    return Done(made, report_of(p.optimizations.show(begun[0])), tuple(notes))


def planned(
    p: burnish.Platform,
    text: str,
    options: dict[str, Any],
    asked: dict[str, Any],
    common: Common,
    *,
    enhance: bool = False,
) -> int:
    """--dry-run; the exit code."""
    import burnish

    plan = (p.plan_enhancement if enhance else p.plan_generation)(
        text, burnish.Optimize(**asked), **options
    )
    out_json(plan) if common.json else show_plan(plan)
    return 0


def told(done: Done, common: Common) -> int:
    """Shows what came of it, after the prompt; the exit code."""
    found = done.made.optimized
    assert found is not None
    if common.json:
        pass
    elif on_terminal():
        from burnish.cli.optimization_report import show_terminal

        out("")
        show_terminal(done.report, done.notes)
    else:
        warn(f"{found.text}; {cost_of(found.cost_usd, found.unpriced)}; {_now(found)}")
    return 0 if done.report.is_measured else 1


def _now(found: Optimized) -> str:
    if found.best:
        return f"the prompt is now {found.best}, before it was {found.original}"
    return f"{found.original} stays the prompt"


def _one(models: str) -> str:
    if "," in models:
        raise UsageError(
            "--models names several, and a prompt is optimised for one",
            hint="name one; for another, burnish optimize NAME --variant afterwards",
        )
    return models
