"""What is begun, and how to go on with it: here after an interruption, or by a worker."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from burnish.cli.common import note, on_terminal, out, out_json
from burnish.errors import StoreError

if TYPE_CHECKING:
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.job import Job
    from burnish.storage.optimization import Optimization

Noun = Literal["evaluation", "optimization"]
_VERBS: dict[Noun, str] = {"evaluation": "evaluate", "optimization": "optimize"}
# So much of an id is its own, and leaves a command room on a line.
SHOWN_ID = 18
_SPOKEN: dict[Noun, str] = {"evaluation": "evaluation", "optimization": "optimisation"}


def go_on(noun: Noun, id_: str) -> str:
    """The command that goes on with it."""
    return f"burnish {_VERBS[noun]} --resume {id_}"


@contextmanager
def resumable(noun: Noun, id_: str = "") -> Generator[list[str]]:
    """Takes the id of what is begun, which a store that fails, be it while it is closed, must not
    hide."""
    begun = [id_] if id_ else []
    try:
        yield begun
    except StoreError as error:
        if not begun:
            raise
        hint = f"{error.hint}; then go on with {go_on(noun, begun[0])}"
        raise StoreError(error.what, hint=hint, subject=error.subject) from error


def submitted(job: Job, noun: Noun, of: Evaluation | Optimization, *, as_json: bool) -> None:
    """Prints the ids of the job and of what it does, with a tab between them."""
    if as_json:
        out_json({"job": job, noun: of})
    elif on_terminal():
        out(f"job {job.id}, {_SPOKEN[noun]} {of.id}")
    else:
        out(f"{job.id}\t{of.id}")
    note(
        f"burnish worker runs it; burnish jobs watch {job.id[:SHOWN_ID]} shows how far it is, "
        f"burnish {noun}s show {of.id[:SHOWN_ID]} what came so far"
    )
