"""experiments create."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, out, out_json, platform, warn
from burnish.cli.experiments import weights_of
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.storage.experiment import Experiment


@Parameter(name="*")
@dataclass(frozen=True)
class Stopping:
    """When there is an answer."""

    method: Annotated[
        Literal["sequential", "fixed", "group", "bayes"] | None,
        Parameter(
            show_default="sequential; with --data fixed",
            help="sequential may be looked at and ended at any time, fixed looks once, "
            "group as often as planned, bayes tells beliefs.",
        ),
    ] = None
    units: Annotated[
        int | None, Parameter(help="Units of each variant at which it ends; see plan.")
    ] = None
    days: Annotated[float | None, Parameter(help="Days after which it ends.")] = None
    looks: Annotated[int, Parameter(help="How often a group plan looks.")] = 5
    least: Annotated[int, Parameter(help="Units of each before anything is decided.")] = 50
    level: Annotated[float, Parameter(help="How sure intervals are, 0.5 to 1.")] = 0.95
    matters: Annotated[
        float | None, Parameter(help="The least difference that would change a decision.")
    ] = None
    loss: Annotated[
        float | None, Parameter(help="With bayes: end when a wrong choice would lose less.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True)
class Assigning:
    """Who gets which variant."""

    label: Annotated[str, Parameter(help="Where the prompt is asked for by this label.")] = (
        "production"
    )
    unit: Annotated[str, Parameter(help="What is assigned: user, session, document.")] = "user"
    target: Annotated[
        list[str] | None,
        Parameter(negative="", help="Only units with one of these values: country=de,fr."),
    ] = None
    holdout: Annotated[float, Parameter(help="Share of units that it leaves alone.")] = 0.0
    layer: Annotated[str, Parameter(help="Experiments of one layer share no unit.")] = ""
    layer_share: Annotated[float, Parameter(help="Its share of the layer's units.")] = 1.0
    ramp: Annotated[
        str, Parameter(help="Shares of units that take part, one after another: 0.01,0.1,0.5,1.")
    ] = ""
    ramp_h: Annotated[float, Parameter(help="Hours of each step.")] = 24.0
    allocation: Annotated[
        Literal["weights", "thompson", "top_two"],
        Parameter(help="Fixed shares, or shares that follow what is seen."),
    ] = "weights"
    auto: Annotated[
        bool, Parameter(negative="", help="Promote the winner when the stop rule is met.")
    ] = False


@Parameter(name="*")
@dataclass(frozen=True)
class Trying:
    """Instead of units: examples of a dataset."""

    data: Annotated[str, Parameter(help="Dataset whose examples each variant answers.")] = ""
    scorer: Annotated[list[str] | None, Parameter(negative="", help="How answers are scored.")] = (
        None
    )
    split: Annotated[
        str | None,
        Parameter(
            show_default="test, where that has enough examples",
            help="Only this split: train, dev (or validation), test; or all of them.",
        ),
    ] = None
    tag: Annotated[list[str] | None, Parameter(negative="", help="Only with this tag.")] = None
    limit: Annotated[int | None, Parameter(help="At most so many examples.")] = None
    repeats: Annotated[int, Parameter(help="How often each is asked.")] = 1
    concurrency: Annotated[int | None, Parameter(help="Calls at once.")] = None
    max_cost: Annotated[float | None, Parameter(help="End before this many dollars.")] = None


def create(
    name: Annotated[str, Parameter(help="What to call it.")],
    variants: Annotated[
        list[str],
        Parameter(help="Two or more: NAME=PROMPT@REVISION, the control first."),
    ],
    /,
    *,
    metric: Annotated[
        str, Parameter(help="What decides: solved; 'tokens, kind=mean, lower'; thumb, score.")
    ] = "",
    guardrail: Annotated[
        list[str] | None,
        Parameter(negative="", help="What must not get worse: 'cost_usd, margin=0.001'."),
    ] = None,
    control: Annotated[
        str, Parameter(show_default="the first", help="Compare all with this variant.")
    ] = "",
    weights: Annotated[str, Parameter(help="Shares of the variants: A=90,B=10.")] = "",
    why: Annotated[str, Parameter(help="What for; kept in its log.")] = "",
    stopping: Stopping | None = None,
    assigning: Assigning | None = None,
    trying: Trying | None = None,
    common: Common = NONE,
) -> None:
    """Plan an experiment. It begins with `experiments start`."""
    who, tried = asdict(assigning or Assigning()), asdict(trying or Trying())
    with platform(common) as p:
        made = p.experiments.create(
            name,
            variants,
            metric=metric,
            guardrails=guardrail or (),
            control=control,
            weights=weights_of(weights),
            targets=_targets(who.pop("target")),
            ramp=_shares(who.pop("ramp")),
            scorers=tried.pop("scorer") or (),
            tags=tried.pop("tag") or (),
            max_cost_usd=tried.pop("max_cost"),
            why=why,
            **asdict(stopping or Stopping()),
            **who,
            **tried,
        )
        lacks = _lacks_label(p, made)
    out_json(made) if common.json else out(f"{made.name}: {described(made)}")
    warn(lacks) if lacks else note(f"Begin it: burnish experiments start {quote(made.name)}")


def _lacks_label(p: burnish.Platform, made: Experiment) -> str:
    """What has to be done before it can begin; people may ask by the label later than it is
    planned."""
    labels = () if made.kind == "offline" else p.prompts.labels(made.prompt)
    if made.kind == "offline" or any(each.name == made.label for each in labels):
        return ""
    return (
        f"{made.prompt} has no label {made.label} so far; set it before the start: "
        f"burnish prompts label {quote(made.prompt)} {made.label} REVISION"
    )


def described(experiment: Experiment) -> str:
    """`A mail/late@1 (control), B mail/late@2 by solved, draft`."""
    plan = experiment.plan
    named = [
        f"{each.name} {each.prompt}" + (" (control)" if each.name == plan.control else "")
        for each in plan.variants
    ]
    return f"{', '.join(named)} by {plan.metric.name}, {experiment.state}"


def _targets(written: list[str] | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in written or ():
        key, sign, values = each.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{each!r} is no target", hint="such as --target country=de,fr")
        found[key.strip()] = [value.strip() for value in values.split(",") if value.strip()]
    return found


def _shares(written: str) -> list[float]:
    """`0.01,0.1` as well as `1%,10%`."""
    parts = [each.strip() for each in written.split(",") if each.strip()]
    try:
        return [float(each.rstrip("%")) / (100 if each.endswith("%") else 1) for each in parts]
    except ValueError:
        raise UsageError(
            f"{written!r} are no shares", hint="such as --ramp 0.01,0.1,0.5,1"
        ) from None
