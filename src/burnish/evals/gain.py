"""Whether a prompt is better than the one before it, by what a report says."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.evals.report import Comparison, Report
from burnish.evals.report.compare import ALPHA
from burnish.storage.example import Split

# With fewer examples held back, hardly any gain could be shown on them: of 20, a quarter more must
# be right, and none wrong that was right before.
LEAST_HELD_BACK = 20


def least_examples(comparisons: int) -> int:
    """So many show a gain if each of them turns from wrong to right. By fewer, the exact test of so
    many comparisons (corrected after Holm) shows none, whatever the answers."""
    least = 2
    while comparisons * 2.0 ** (1 - least) >= ALPHA:
        least += 1
    return least


def held_back(train: int, test: int) -> tuple[Split | None, Split | None]:
    """The split to choose by and the one to judge by; none where either has too few examples, so
    that all serve for both."""
    enough = min(train, test) >= LEAST_HELD_BACK
    return ("train", "test") if enough else (None, None)


def mean_score(report: Report, prompt: str) -> float | None:
    """Over its models, each of which counts the same; None where one has no score."""
    means = [column.score.mean for column in report.columns if column.prompt == prompt]
    known = [mean for mean in means if mean is not None]
    return sum(known) / len(known) if means and len(known) == len(means) else None


def leading(report: Report, prompts: Sequence[str]) -> str:
    """The one that scores best, the first of several alike; empty where none has a score."""
    scores = {prompt: mean_score(report, prompt) for prompt in prompts}
    known = {prompt: score for prompt, score in scores.items() if score is not None}
    return max(known, key=lambda prompt: known[prompt]) if known else ""


def compared(report: Report, prompt: str) -> tuple[Comparison, ...]:
    """Those of the prompt with the baseline, one for each model."""
    names = {column.name for column in report.columns if column.prompt == prompt}
    return tuple(each for each in report.comparisons if each.column in names)


def unanswered(report: Report, prompt: str) -> int:
    """Calls that failed or never came: they are in no score."""
    columns = [column for column in report.columns if column.prompt == prompt]
    return sum(column.failed + column.missing for column in columns)


def is_gain(comparisons: Sequence[Comparison]) -> bool:
    """Better by one model at least, and worse by none."""
    outcomes = {each.outcome for each in comparisons}
    return "better" in outcomes and "worse" not in outcomes
