"""evaluate --background, --dry-run and --resume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.going_on import submitted
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.cli.evaluate import Gate
    from burnish.storage.evaluation import Evaluation


@Parameter(name="*")
@dataclass(frozen=True)
class When:
    """Whether it is done now, later, or not at all."""

    dry_run: Annotated[
        bool, Parameter(negative="", help="Only tell what would be asked, and its cost.")
    ] = False
    background: Annotated[
        bool, Parameter(negative="", help="Leave it to burnish worker, and print the ids.")
    ] = False
    resume: Annotated[str, Parameter(help="Go on with the evaluation of this id.")] = ""

    def check(self, files: list[Path]) -> None:
        """Before an evaluation is stored that nobody wants so."""
        if self.background and self.resume:
            raise UsageError(
                "--resume goes on here, not in the background",
                hint="for that: burnish jobs resume JOB --background",
            )
        if self.background and files:
            raise UsageError(
                "an evaluation in the background writes no report",
                hint="when it is done: burnish evaluations show ID --report FILE",
            )


def submit(p: burnish.Platform, evaluation: Evaluation, bounds: Gate, *, as_json: bool) -> None:
    """Prints the ids of the job and of the evaluation, with a tab between them."""
    job = p.submit_evaluation(
        evaluation, min_score=bounds.min_score, max_regression=bounds.max_regression
    )
    submitted(job, "evaluation", evaluation, as_json=as_json)
