"""The prompts of a server, as they were read last."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from burnish import shapes
from burnish.errors import NotFound, StoreError, Unavailable
from burnish.library.cache import Cache, Key
from burnish.library.last_known import LastKnown
from burnish.library.library import Library
from burnish.library.lookup import Lookup, wanted_by
from burnish.library.outage import Outage
from burnish.library.prompts import AsyncPrompts
from burnish.prompts.refs import Reference
from burnish.prompts.render import Renderer
from burnish.rest.remote import ask
from burnish.rest.rooms import Room
from burnish.rest.sending import Sending
from burnish.rest.wire import Wire
from burnish.storage.store import Fetched

if TYPE_CHECKING:
    from burnish.library.fallback import Fallback
    from burnish.library.units import Attributes

_GET, _USE = "prompts.get", "prompts.record_use"
_SIZE = 4096
_USES_S = 1.0


class ClientPrompts(Room):
    """`get` and `render` are answered from memory, as where the library itself is, and look again
    after `ttl_s`, behind the answer. Everything else is asked of the server."""

    def __init__(
        self,
        wire: Wire,
        sending: Sending,
        warn: Callable[[str, str], None],
        *,
        ttl_s: float,
        known: Path | None,
    ) -> None:
        disk = None if known is None else LastKnown(known, warn)
        self.cache = Cache(ttl_s=ttl_s, size=_SIZE, gone=disk.gone if disk else None)
        super().__init__(wire, "prompts", self.changed)
        self._reads = _Reads(wire, self.cache)
        self._lookup = Lookup(self._library, self.cache, Outage(warn), disk)
        self._renderer = Renderer()
        self._uses = _Uses(sending)
        kept = AsyncPrompts(
            self._library, self.cache, self._lookup, self._renderer, self._uses.count
        )
        kept.units = self.units = _Units(wire)
        self.fresh = kept.fresh
        self.get, self.get_cached = kept.get, kept.get_cached
        self.render, self.fill, self.expand = kept.render, kept.fill, kept.expand

    def changed(self, name: str, is_gone: bool = False) -> None:
        """By this client: what it reads next is what it wrote."""
        if name:
            self.cache.drop(name, gone=is_gone)
        else:
            self.cache.suspect()

    async def record_use(self, prompt_id: str, count: int = 1) -> None:
        self._uses.add(prompt_id, count)

    def hand_over(self) -> None:
        """What was counted goes to the outbox."""
        self._uses.hand_over()

    def close(self) -> None:
        self.hand_over()
        self._lookup.close()
        self._renderer.close()

    async def _library(self) -> Library:
        # It is asked for nothing but what `_Reads` has.
        return cast("Library", self._reads)


class _Reads:
    """Reads of the server: what it knows still, it does not send again."""

    def __init__(self, wire: Wire, cache: Cache) -> None:
        self._wire = wire
        self._cache = cache
        self._tagged: dict[Key, tuple[str, Fetched]] = {}

    async def read(self, key: Key, wanted: Reference) -> Fetched:
        generation = self._cache.generation
        tag, before = self._tagged.pop(key, ("", None))
        reply = await self._wire.answered(ask(_GET, (str(wanted),), {}), tag)
        if before is not None and reply.status == 304:
            found = before
        else:
            found, tag = shapes.decode(reply.whole(), Fetched), reply.tag
        self._tagged[key] = (tag, found)
        while len(self._tagged) > _SIZE:
            del self._tagged[next(iter(self._tagged))]
        self._cache.put(key, found, generation=generation, label=wanted.label)
        return found


class _Units:
    """The server assigns, and notes who saw what."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def at_once(self, *_: object) -> None:
        """Nothing of it is known here."""

    async def get(
        self,
        reference: str,
        label: str | None,
        fallback: Fallback | None,
        unit: str,
        attributes: Attributes | None,
    ) -> Fetched:
        given: dict[str, Any] = {"label": label, "unit": unit, "attributes": attributes}
        try:
            body = await self._wire.send(ask(_GET, (reference,), given))
        except (NotFound, StoreError, Unavailable):
            if fallback is None:
                raise
        else:
            return shapes.decode(body, Fetched)
        from burnish.library.fallback import fetched_from

        return await fetched_from(fallback, wanted_by(reference, label))


class _Uses:
    """Counted here, and told together from time to time."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._counts: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    async def count(self, prompt_id: str) -> None:
        self.add(prompt_id, 1)

    def add(self, prompt_id: str, count: int) -> None:
        self._counts[prompt_id] += count
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_USES_S, self.hand_over)

    def hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        counts, self._counts = self._counts, Counter()
        for prompt_id, count in counts.items():
            self._sending.put(_USE, ask(_USE, (prompt_id,), {"count": count}))
