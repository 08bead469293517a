"""What experiments ask of the rest of a platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from burnish.prompts.prompt import Label
from burnish.storage.example import ScorerSpec
from burnish.storage.experiment import Experiment
from burnish.storage.job import Job
from burnish.storage.lineage import LabelRequest
from burnish.storage.store import Fetched, LabelMove, Store


class Prompts(Protocol):
    def get(self, reference: str) -> Coroutine[Any, Any, Fetched]: ...
    def labels(self, name: str) -> Coroutine[Any, Any, tuple[Label, ...]]: ...
    def set_label(
        self, name: str, label: str, revision: int, *, by: str = "", why: str = ""
    ) -> Coroutine[Any, Any, LabelMove]: ...
    def remove_label(
        self, name: str, label: str, *, by: str = "", why: str = ""
    ) -> Coroutine[Any, Any, LabelMove]: ...
    def ask_label(
        self, name: str, label: str, revision: int | None, *, by: str = "", why: str = ""
    ) -> Coroutine[Any, Any, LabelRequest]: ...
    def create(
        self,
        name: str,
        content: Any,
        *,
        config: dict[str, Any] | None = None,
        message: str = "",
        always: bool = False,
    ) -> Coroutine[Any, Any, Any]: ...


class Offline(Protocol):
    """Experiments on a dataset, which jobs do."""

    def submit(self, experiment: Experiment, *, why: str) -> Coroutine[Any, Any, Job]:
        """Begins it, or goes on with it, by workers."""
        ...

    def run(
        self, experiment: Experiment, *, why: str, progress: Callable[[Job], None] | None
    ) -> Coroutine[Any, Any, Experiment]:
        """Begins it, or goes on with it, in this process, until it has ended."""
        ...

    def halt(self, experiment: Experiment) -> Coroutine[Any, Any, None]:
        """Ends its job, running or not."""
        ...


@dataclass(frozen=True, kw_only=True)
class Around:
    """`dataset` pins a dataset's reference to a version, `scorers` reads how they are named. `tell`
    is told the prompt whose experiment changed, for what is kept in memory."""

    store: Callable[[], Awaitable[Store]]
    prompts: Prompts
    new_id: Callable[[], str]
    who: Callable[[], str]
    dataset: Callable[[str], Awaitable[str]]
    scorers: Callable[[Sequence[Any]], tuple[ScorerSpec, ...]]
    offline: Offline
    tell: Callable[[str], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
