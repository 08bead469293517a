"""Labels that nobody moves alone: one person asks, another approves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import structs

from burnish.errors import NotFound, NotPermitted, SettingsError, UsageError
from burnish.library.dependants import Dependants
from burnish.library.labels import Labels
from burnish.library.listing import check_limit
from burnish.library.missing import check_in_use
from burnish.library.person import may_be_same, names_of
from burnish.library.shelf import Shelf
from burnish.prompts import refs
from burnish.prompts.prompt import Prompt
from burnish.storage.lineage import LabelRequest, RequestState
from burnish.storage.store import LabelMove

_PATTERN = re.compile(r"[a-z0-9*?\[][a-z0-9._*?\[\]!-]{0,63}")


class Approvals:
    """`protected` are labels, or patterns such as `prod*`."""

    def __init__(self, shelf: Shelf, labels: Labels, protected: Sequence[str]) -> None:
        self._shelf = shelf
        self._labels = labels
        self._dependants = Dependants(shelf)
        self._protected = tuple(map(_checked, protected))

    def is_free(self, label: str) -> bool:
        return not any(fnmatchcase(label, pattern) for pattern in self._protected)

    def check_free(self, label: str, *, tag: bool = False) -> None:
        """Raises NotPermitted for a label that needs an approval."""
        if not self.is_free(label):
            how = "--ask --tag" if tag else "--ask"
            raise NotPermitted(
                f"{label!r} is protected: another person has to approve its move",
                hint=f"ask for it (burnish prompts label NAME {label} REVISION {how})",
                subject=label,
            )

    async def check_unheld(self, prompt: Prompt) -> None:
        """Raises NotPermitted for a prompt on which a protected label stands: what it protects
        must not go, or come back under another name, without an approval."""
        for held in await self._shelf.store.labels.of(prompt.id):
            if not self.is_free(held.name):
                raise NotPermitted(
                    f"{prompt.name!r} carries the protected label {held.name!r}",
                    hint=f"have it removed first (burnish prompts label {prompt.name} "
                    f"{held.name} --remove --ask)",
                    subject=prompt.name,
                )

    async def ask(
        self, name: str, label: str, revision: int | None, *, tag: bool, by: str, why: str
    ) -> LabelRequest:
        label = refs.check_label(label)
        by = _named(by, "a request needs to say who asks")
        prompt = await self._shelf.prompt(name)
        if revision is not None:
            await self._check_firm(prompt, label, revision)
        now = {held.name: held.revision for held in await self._shelf.store.labels.of(prompt.id)}
        request = LabelRequest(
            id=self._shelf.ids(),
            prompt_id=prompt.id,
            label=label,
            from_revision=now.get(label),
            to_revision=revision,
            tag=tag,
            asked_by=by,
            asked_at=self._shelf.now(),
            why=why,
        )
        await self._shelf.store.labels.ask(request)
        return structs.replace(request, name=prompt.name)

    async def approve(self, request_id: str, by: str, why: str) -> LabelMove:
        """Moves the label. Raises NotPermitted for the person who asked."""
        by = _named(by, "an approval needs to say whose it is")
        request = await self._open(request_id, by)
        prompt = await self._shelf.store.prompts.by_id(request.prompt_id)
        if prompt is None or prompt.deleted_at is not None:
            raise NotFound("the prompt was deleted meanwhile", hint="restore it, then approve")
        if request.to_revision is not None:
            await self._check_firm(prompt, request.label, request.to_revision)
        return await self._labels.move(
            prompt,
            request.label,
            request.to_revision,
            by=by,
            why=why or request.why,
            request=request.id,
            tag=request.tag,
        )

    async def refuse(self, request_id: str, by: str, because: str) -> LabelRequest:
        by = _named(by, "a refusal needs to say whose it is")
        return await self._shelf.store.labels.refuse(request_id, by, because, self._shelf.now())

    async def requests(
        self, name: str | None, state: RequestState | None, limit: int
    ) -> tuple[LabelRequest, ...]:
        check_limit(limit)
        prompt_id = None if name is None else (await self._shelf.prompt(name)).id
        store = self._shelf.store.labels
        return tuple(await store.requests(prompt_id=prompt_id, state=state, limit=limit))

    async def _check_firm(self, prompt: Prompt, label: str, revision: int) -> None:
        """What a protected label stands on must not change without an approval either."""
        version = (await self._shelf.fetch(prompt.name, revision=revision)).version
        check_in_use(version)
        if not self.is_free(label):
            await self._dependants.check_firm(prompt.name, label, version, self.is_free)

    async def _open(self, request_id: str, by: str) -> LabelRequest:
        request = await self._shelf.store.labels.request(request_id)
        if request is None:
            raise NotFound(
                f"there is no request {request_id!r}",
                hint="burnish prompts approve lists those that are open",
                subject=request_id,
            )
        if may_be_same(by, request.asked_by):
            raise NotPermitted(
                f"{request.asked_by} asked for it, so somebody else has to approve it",
                hint="ask a colleague to approve it",
                subject=request_id,
            )
        return request


def _named(by: str, otherwise: str) -> str:
    if not names_of(by):
        raise UsageError(otherwise, hint="give a name, with --by")
    return by.strip()


def _checked(pattern: str) -> str:
    """Raises SettingsError for a pattern that no label can match: it would protect nothing."""
    if not _PATTERN.fullmatch(pattern):
        raise SettingsError(
            f"library.protected_labels: no label is like {pattern!r}",
            hint="write labels as they are (production), or patterns such as prod*",
        )
    return pattern
