"""generate --optimize: its options, how it goes, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import console, counted, on_terminal, out, progress_bar, styled, table, warn
from burnish.cli.money import cost_of
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.generation.optimized import Optimized, Scored
    from burnish.generation.result import Generation


@Parameter(name="*")
@dataclass(frozen=True)
class Optimizing:
    """What --optimize measures with."""

    optimize: Annotated[
        bool,
        Parameter(negative="", help="Try other prompts on --data; keep the best if it is better."),
    ] = False
    data: Annotated[
        str | None,
        Parameter(help="Examples: a dataset (name, name@3), or a file: CSV, JSONL, JSON, YAML."),
    ] = None
    models: Annotated[
        list[str] | None,
        Parameter(
            show_default="that of --model",
            help="Models that answer the examples, with commas between; repeatable.",
        ),
    ] = None
    scorer: Annotated[
        list[str] | None,
        Parameter(
            show_default="exact",
            help="How answers are scored: NAME, NAME:VALUE or NAME:{JSON}; repeatable.",
        ),
    ] = None
    candidates: Annotated[
        int | None, Parameter(show_default="4", help="How many other prompts are tried, 1 to 20.")
    ] = None
    limit: Annotated[
        int | None, Parameter(help="Only the first so many examples of each part.")
    ] = None


def asked_of(given: Optimizing | None, *, stream: bool) -> dict[str, Any] | None:
    """None without --optimize. Raises UsageError before anything is written."""
    given = given or Optimizing()
    own = {
        name: value
        for name in ("data", "models", "scorer", "candidates", "limit")
        if (value := getattr(given, name)) is not None
    }
    if not given.optimize:
        if own:
            raise UsageError(f"--{next(iter(own))} is for --optimize", hint="add --optimize")
        return None
    if stream:
        raise UsageError(
            "--stream prints one prompt, and --optimize tries several", hint="leave one out"
        )
    if given.data is None:
        raise UsageError(
            "--optimize takes examples to measure with",
            hint="give --data FILE or a dataset's name; burnish datasets generate writes some to "
            "begin with",
        )
    named = own.pop("models", ())
    own["models"] = [name for each in named for name in each.split(",") if name.strip()]
    return own | {"scorers": own.pop("scorer", ()), "files": True}


def optimized(
    p: burnish.Platform, idea: str, options: dict[str, Any], asked: dict[str, Any]
) -> Generation:
    from burnish.generation.optimized import Optimize

    try:
        with progress_bar() as tell:
            return p.generate(idea, optimize=Optimize(progress=tell, **asked), **options)
    except KeyboardInterrupt:
        warn("stopped; a prompt that was written is stored, and answers are remembered for a while")
        raise


def told(made: Generation, *, as_json: bool) -> int:
    """Shows what came of it; the exit code."""
    found = made.optimized
    if found is None:
        return 0
    if not as_json:
        for each in found.notes:
            warn(each)
        _terminal(made, found) if on_terminal() else warn(
            f"{_sentence(found)}; {_now(made, found)}"
        )
    measured = any(each.mean is not None for each in found.before)
    return 0 if measured or not found.evaluations else 1


def _sentence(found: Optimized) -> str:
    return f"{found.text}; {cost_of(found.cost_usd)}"


def _now(made: Generation, found: Optimized) -> str:
    """Which version is the prompt in the end."""
    if made.reference == found.original:
        return f"{made.reference} stays the prompt"
    return f"the prompt is now {made.reference}, with the text of the candidate {found.best}"


def _terminal(made: Generation, found: Optimized) -> None:
    screen = console()
    if any(each.n for tried in found.tried for each in tried.scores):
        scorers = f", scored by {', '.join(found.scorers)}" if found.scorers else ""
        on = f"{counted(found.chosen_on, 'example')} of {found.dataset}{scorers}"
        screen.print(styled(f"\nTried on {on}", "bold"))
        table(("prompt", "score", "made by", "techniques"), _rows(found), wide="techniques")
    better = found.outcome == "improved"
    screen.print(styled(f"\n{_sentence(found)}", "green" if better else "yellow"))
    # Of candidates that score no higher, the comparison is with any one of them.
    for each in found.comparisons if _leads(found) else ():
        screen.print(styled(f"  {each}", "dim"))
    screen.print(styled(f"  {_now(made, found)}", "dim"))
    if better:
        out(f"  see burnish prompts diff {found.original} {made.reference}")


def _leads(found: Optimized) -> bool:
    pairs = zip(found.before, found.after, strict=False)  # without a best one, after is empty
    return any((after.mean or 0.0) > (before.mean or 0.0) for before, after in pairs)


def _rows(found: Optimized) -> list[tuple[str, str, str, str]]:
    """Revisions alone: the name, which may be long, stands above."""
    return [
        (
            "original" if each.reference == found.original else _revision(each.reference),
            "\n".join(map(_score, each.scores)) or "-",
            each.made_by,
            ", ".join(each.techniques) or "no technique",
        )
        for each in found.tried
    ]


def _revision(reference: str) -> str:
    return f"@{reference.rpartition('@')[2]}"


def _score(score: Scored) -> str:
    if score.mean is None:
        return "-"
    if score.low is None or score.high is None:
        return f"{score.mean:.2f}"
    return f"{score.mean:.2f} [{score.low:.2f}, {score.high:.2f}]"
