"""The port to the labels that point at versions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from burnish.prompts.prompt import Label
from burnish.storage.lineage import LabelRequest, RequestState

if TYPE_CHECKING:
    from burnish.storage.store import LabelChange, LabelMove


class Labels(Protocol):
    async def change(self, prompt_id: str, change: LabelChange) -> LabelMove:
        """Moves or removes a label and logs it.

        Raises NotFound when the revision, or the label to remove, does not exist; Conflict when
        a tag would move, or a label whose request was decided already or that stands elsewhere
        than when it was asked for.
        """
        ...

    async def ask(self, request: LabelRequest) -> None:
        """Keeps a request to move a label."""
        ...

    async def requests(
        self, *, prompt_id: str | None = None, state: RequestState | None = None, limit: int = 100
    ) -> list[LabelRequest]:
        """Newest first."""
        ...

    async def request(self, request_id: str) -> LabelRequest | None: ...

    async def refuse(self, request_id: str, by: str, because: str, at: datetime) -> LabelRequest:
        """Raises NotFound, and Conflict when it was decided already."""
        ...

    async def of(self, prompt_id: str) -> list[Label]:
        """In the order of their names. `latest` is not among them: it is the latest revision."""
        ...

    async def log(
        self, prompt_id: str, label: str | None = None, limit: int = 100
    ) -> list[LabelMove]:
        """Newest first."""
        ...
