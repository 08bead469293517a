"""Whether examples say what scorers need, found out before anything is stored or paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.optimizers.wanted import Wanted
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.example import Example, ScorerSpec


def check_scored(wanted: Wanted, dataset: str, examples: Sequence[Example]) -> None:
    """Raises UsageError where nothing tells a right answer from a wrong one."""
    if not wanted.scorers and not any(e.scorers or e.expected is not None for e in examples):
        raise UsageError(
            f"nothing tells a right answer: {dataset} says not what is expected",
            hint="name a scorer, or give a column expected",
            subject=dataset,
        )


def of_expected(
    evaluation: Evaluation,
    dataset: str,
    examples: Sequence[Example],
    compares: Callable[[ScorerSpec], bool],
) -> Iterator[str]:
    """Notes on examples that a scorer cannot score, for it `compares` with what is expected and
    they do not say it. Raises UsageError where it could score none."""
    lacking = sum(each.expected is None for each in examples)
    for spec in filter(compares, evaluation.scorers) if lacking else ():
        if lacking == len(examples):
            raise UsageError(
                f"the scorer {spec.name} compares with what is expected, and no example of "
                f"{dataset} says that",
                hint=f"give a column expected, a value (--scorer {spec.name}:VALUE), or another "
                "scorer",
                subject=spec.name,
            )
        yield (
            f"{lacking} of {len(examples)} examples do not say what is expected: the scorer "
            f"{spec.name} cannot score them, and each counts 0"
        )
