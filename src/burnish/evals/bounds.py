"""What a gate can be held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.evals.report import Report, Verdict


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Of the mean score and of the fall below the baseline, each 0 to 1. None is no bound."""

    min_score: float | None = None
    max_regression: float | None = None

    @property
    def given(self) -> dict[str, float]:
        """Those that are, by name."""
        fields = msgspec.structs.asdict(self)
        return {name: value for name, value in fields.items() if value is not None}

    def over(self, before: Bounds) -> Bounds:
        """With those of `before` where none is given here."""
        return Bounds(**(before.given | self.given))

    def check(self, baseline: str) -> None:
        """Raises UsageError for bounds that make no sense, which is better known before a call."""
        if self.given:
            check_bounds(self.min_score, baseline, self.max_regression)


def check_bounds(min_score: float | None, baseline: str, max_regression: float | None) -> None:
    """Raises UsageError for bounds that make no sense, which is better known before a call."""
    if min_score is None and max_regression is None:
        raise UsageError("a gate needs a bound", hint="give --min-score or --max-regression")
    for name, bound in (("min_score", min_score), ("max_regression", max_regression)):
        if bound is not None and not 0 <= bound <= 1:
            raise UsageError(f"{name} is {bound:g}", hint="give a number from 0 to 1")
    if max_regression is not None and not baseline:
        raise UsageError("max_regression needs a baseline", hint="give --baseline")


def judged(report: Report, baseline: str, bounds: Bounds) -> Verdict | None:
    """What the gate says of an evaluation with that `baseline`; None without bounds."""
    if not bounds.given:
        return None
    # With its numbers it takes memory that asking can do without.
    from burnish.evals.report import Verdict, gate

    if bounds.max_regression is not None and report.baseline != baseline:
        text = f"failed: nothing was answered to the baseline {baseline}, so no fall can be judged"
        return Verdict(passed=False, text=text, checks=(), failing=())
    return gate(report, baseline=report.baseline, **bounds.given)
