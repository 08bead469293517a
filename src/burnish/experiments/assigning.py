"""Who takes part in an experiment, and which variant it gets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from burnish.errors import UsageError
from burnish.experiments.assign import Assigner, Place, Share
from burnish.experiments.figures import percent
from burnish.library.units import Attributes
from burnish.storage.experiment import Experiment, shares_of
from burnish.storage.store import Fetched

MOST_UNIT_CHARS = 255
_MOST_ATTRIBUTES = 20
_MOST_ATTRIBUTE_CHARS = 200


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Which variant a unit gets of an experiment, and the version (`name@3`) that it is of; without
    a variant, `why` says why it gets none."""

    experiment: str
    unit: str
    variant: str = ""
    prompt: str = ""
    why: str = ""


class Live:
    """An experiment, made ready to assign units in some microseconds. `served` are its variants'
    versions as far as they were looked for; None for one that is gone."""

    def __init__(self, experiment: Experiment) -> None:
        plan = experiment.plan
        self.experiment = experiment
        self.id = experiment.id
        self.label = experiment.label
        self.runs = experiment.state == "running"
        # Where shares were changed, who came before keeps what it saw, and only the store knows.
        self.reshuffled = experiment.generation > 0
        self.shares = dict(experiment.shares or shares_of(plan.variants))
        self.variants = {each.name: each for each in plan.variants}
        self.served: dict[str, Fetched | None] = {}
        drawn = [Share(name, self.shares.get(name, 0.0)) for name in self.variants]
        self.variant = Assigner(experiment.salt, drawn).variant
        self._targets = {name: frozenset(values) for name, values in plan.targets.items()}
        self._holdout = plan.holdout
        self._held_at = Place(f"holdout:{plan.layer or experiment.salt}")
        self._layer = plan.layer
        self._layer_at = Place(f"layer:{plan.layer}")
        self._slot = experiment.slot
        self._taking = experiment.taking
        self._taken_at = Place(f"{experiment.salt}:in")

    def refuses(self, unit: str, attributes: Attributes | None) -> str:
        """Why the unit takes no part; empty where it does."""
        if not self.runs:
            return f"the experiment is {self.experiment.state}"
        for name, values in self._targets.items():
            if _text((attributes or {}).get(name, "")) not in values:
                return f"not targeted: {name} is none of {', '.join(sorted(values))}"
        if self._holdout and self._held_at(unit) <= self._holdout:
            return f"held out of {'all experiments of the layer' if self._layer else 'it'}"
        if self._layer:
            low, high = self._slot
            if not low < self._layer_at(unit) <= high:
                return f"outside of its part of the layer {self._layer}"
        if self._taking < 1 and self._taken_at(unit) > self._taking:
            return f"not ramped in: {percent(self._taking)} of units take part"
        return ""


def checked_unit(unit: object) -> str:
    """Raises UsageError for what no unit can be named."""
    if not isinstance(unit, str):
        raise UsageError(
            f"the unit is {type(unit).__name__}, and no text", hint="give its id as a text"
        )
    if not unit.strip():
        raise UsageError("the unit is empty", hint="give its id, such as that of a user")
    if len(unit) > MOST_UNIT_CHARS or not _is_plain(unit):
        raise UsageError(
            f"{unit[:40]!r} cannot name a unit: it is longer than {MOST_UNIT_CHARS} characters, "
            "or has control characters",
            hint="give a shorter id, such as a hash of it",
        )
    return unit


def slices_of(attributes: Mapping[str, object] | None) -> dict[str, str]:
    """As they are kept. Raises UsageError for more than are kept, and for what is no text, number
    or truth value."""
    if not attributes:
        return {}
    if len(attributes) > _MOST_ATTRIBUTES:
        raise UsageError(
            f"a unit comes with {len(attributes)} attributes",
            hint=f"give the {_MOST_ATTRIBUTES} that matter most",
        )
    for name, value in attributes.items():
        if not isinstance(value, str | int | float):
            raise UsageError(
                f"attribute {name!r} is {type(value).__name__}",
                hint="give a text, a number or a truth value",
                subject=name,
            )
    slices = {name: _text(value) for name, value in attributes.items()}
    for name, text in slices.items():
        if max(len(name), len(text)) > _MOST_ATTRIBUTE_CHARS or not _is_plain(name + text):
            raise UsageError(
                f"attribute {name[:40]!r} is longer than {_MOST_ATTRIBUTE_CHARS} characters, or "
                "has control characters",
                hint="give a shorter one, such as a group that the unit is in",
                subject=name[:40],
            )
    return slices


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_plain(text: str) -> bool:
    """Whether every store keeps it."""
    return not any(each < " " or "\ud800" <= each <= "\udfff" for each in text)
