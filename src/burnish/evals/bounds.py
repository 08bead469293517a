"""What a gate can be held to."""

from burnish.errors import UsageError


def check_bounds(min_score: float | None, baseline: str, max_regression: float | None) -> None:
    """Raises UsageError for bounds that make no sense, which is better known before a call."""
    if min_score is None and max_regression is None:
        raise UsageError("a gate needs a bound", hint="give --min-score or --max-regression")
    for name, bound in (("min_score", min_score), ("max_regression", max_regression)):
        if bound is not None and not 0 <= bound <= 1:
            raise UsageError(f"{name} is {bound:g}", hint="give a number from 0 to 1")
    if max_regression is not None and not baseline:
        raise UsageError("max_regression needs a baseline", hint="give --baseline")
