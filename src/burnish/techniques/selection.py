"""What a choice of techniques is made from, what it gives, and how it is explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from burnish.intents.intent import Classification
from burnish.techniques.technique import Calls, ModelClass


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The measured improvement of a technique: posterior mean, interval and number of runs.

    The unit is that of the score, 0 to 1: +0.05 is five points of a hundred."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f}, n={self.n})"


class SelectRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice depends on.

    has_input       the prompt carries pasted text or a variable for it
    has_labels      a pool of labelled cases exists
    machine_output  a program reads the answer (JSON, CSV)
    count           how many techniques; None for as many as the complexity asks, at most 4
    chosen          techniques chosen by hand; they come first and are always kept
    estimates       measured improvement by technique; one without an entry has no data
    variation       0 for the best set, k for the k-th different one
    """

    classification: Classification
    has_input: bool = False
    input_is_long: bool = False
    has_examples: bool = False
    has_labels: bool = False
    has_tools: bool = False
    machine_output: bool = False
    model_class: ModelClass = "standard"
    count: Annotated[int, Meta(ge=1, le=12)] | None = None
    chosen: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    estimates: Mapping[str, Estimate] = {}
    variation: Annotated[int, Meta(ge=0)] = 0


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """`confidence` is 0 to 1. `expected_improvement` is None where there is no data."""

    technique: str
    title: str
    confidence: float
    reasons: tuple[str, ...]
    expected_improvement: Estimate | None = None
    source: Literal["selected", "chosen"] = "selected"
    expected_calls: Calls


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    technique: str
    title: str
    because: str

    @property
    def reason(self) -> str:
        return f"{self.title} is left out: {self.because}"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """`none_needed` holds the reason where no technique is recommended, else it is empty."""

    recommendations: tuple[Recommendation, ...] = ()
    alternatives: tuple[Recommendation, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    none_needed: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.technique for each in self.recommendations)

    @property
    def expected_calls(self) -> Calls:
        """Model calls per answer with all recommendations together."""
        calls = [each.expected_calls for each in self.recommendations]
        most = [each.max for each in calls]
        return Calls(
            1 + sum(each.min - 1 for each in calls),
            None if None in most else 1 + sum((limit or 1) - 1 for limit in most),
        )


def explain(selection: Selection) -> str:
    """Why these techniques, which others there are and what was left out, in plain language."""
    parts = [_recommended(selection)]
    if selection.alternatives:
        lines = (f"- {each.title}: {' '.join(each.reasons)}" for each in selection.alternatives)
        parts.append("\n".join(("Other possibilities:", *lines)))
    if selection.skipped:
        parts.append("\n".join(("Left out:", *_left_out(selection.skipped))))
    if selection.warnings:
        parts.append("\n".join(("Note:", *(f"- {each}" for each in selection.warnings))))
    return "\n\n".join(parts)


def _recommended(selection: Selection) -> str:
    if not selection.recommendations:
        why = selection.none_needed
        return f"No technique is needed: {why}." if why else "No technique was applied."
    lines: list[str] = []
    for number, each in enumerate(selection.recommendations, 1):
        by = ", chosen by you" if each.source == "chosen" else ""
        lines.append(f"{number}. {each.title} (confidence {each.confidence:.2f}{by})")
        lines.extend(f"   {reason}" for reason in each.reasons)
        lines.append(f"   Expected improvement: {each.expected_improvement or 'no data'}.")
    calls = selection.expected_calls
    lines.append(f"Model calls per answer: {calls}.")
    return "\n".join(lines)


def _left_out(skipped: Sequence[Skipped]) -> list[str]:
    titles: dict[str, list[str]] = {}
    for each in skipped:
        titles.setdefault(each.because, []).append(each.title)
    return [f"- {', '.join(group)}: {because}." for because, group in titles.items()]
