"""Versions kept in memory, so that a prompt in use costs about as much as a dict lookup."""

from __future__ import annotations

from collections.abc import Callable

from burnish.storage.store import Fetched


class Cache:
    """Keys are references as they were asked for, each found under exactly its own text.

    `get(key)` gives None when there is nothing, or it is too old. A pinned revision never is.
    """

    get: Callable[[str], Fetched | None]

    def __init__(self, clock: Callable[[], float], ttl_s: float, size: int) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._size = size
        self._entries: dict[str, tuple[float | None, Fetched]] = {}
        self._keys: dict[str, set[str]] = {}
        self.generation = 0
        self.get = _reader(self._entries, clock)

    def put(self, key: str, fetched: Fetched, generation: int) -> None:
        """Keeps what was read, unless something was dropped since `generation`: the read may
        have come before the change that dropped it."""
        if generation != self.generation or self._size < 1:
            return
        while len(self._entries) >= self._size:
            self._forget(next(iter(self._entries)))
        pinned = fetched.via == "revision"
        until = None if pinned else self._clock() + self._ttl_s
        self._entries[key] = (until, fetched)
        self._keys.setdefault(fetched.prompt.name, set()).add(key)

    def drop(self, name: str) -> None:
        """Forgets every reference to the prompt."""
        self.generation += 1
        for key in self._keys.pop(name, ()):
            self._entries.pop(key, None)

    def clear(self) -> None:
        self.generation += 1
        self._entries.clear()
        self._keys.clear()

    def _forget(self, key: str) -> None:
        _, fetched = self._entries.pop(key)
        name = fetched.prompt.name
        self._keys[name].discard(key)
        if not self._keys[name]:
            del self._keys[name]


def _reader(
    entries: dict[str, tuple[float | None, Fetched]], clock: Callable[[], float]
) -> Callable[[str], Fetched | None]:
    # A closure: looking up two attributes first would take half as long as the rest.
    def get(key: str) -> Fetched | None:
        try:
            until, fetched = entries[key]
        except KeyError:
            return None
        return fetched if until is None or clock() < until else None

    return get
