"""The port to what is searched: words, facts that filters ask for, and vectors.

The store keeps an index of its own of every prompt that can be found: the version that a bare
name gives, as long as neither that version is archived nor the prompt deleted. It is part of each
write, so it is never behind; only vectors are made later.

A *doc* is the small number of a prompt in the index. Its *stamp* changes with anything in it that
is searched; stamps and the ids of vectors only grow. Pieces of knowledge are docs of an index of
the same kind, in which only `category` and `tags` can be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from burnish.prompts.prompt import Prompt, PromptVersion

UNSPACED: Final = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""A letter of a script without spaces, whose words no index of words finds."""


class SearchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Prompts that meet every condition given. `tags` must all be there; `model`, `provider` and
    `language` are those of the version's config, or of how it was made; `phase` is one that it
    went through; `since` and `until` bound when the prompt changed last; a rating is 0..1."""

    category: str | None = None
    tags: tuple[str, ...] = ()
    label: str | None = None
    author: str | None = None
    model: str | None = None
    provider: str | None = None
    language: str | None = None
    phase: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_rating: float | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) not in (None, ()) for name in self.__struct_fields__)

    @property
    def steady(self) -> bool:
        """Whether the same docs meet the conditions until a doc gets another stamp."""
        changing = (self.label, self.phase, self.since, self.until, self.min_rating)
        return all(condition is None for condition in changing)


class State(msgspec.Struct, frozen=True):
    """The newest stamp and the newest id of a vector; 0 where there is none."""

    stamp: int
    vector: int


class Match(msgspec.Struct, frozen=True):
    """`score` is that of BM25: higher is better."""

    doc: int
    score: float


class DocState(msgspec.Struct, frozen=True, array_like=True):
    doc: int
    stamp: int
    live: bool
    category: str


class StoredVector(msgspec.Struct, frozen=True):
    """`vector` is little-endian float16 as bytes."""

    id: int
    doc: int
    stamp: int
    vector: bytes


class NewVector(msgspec.Struct, frozen=True):
    doc: int
    stamp: int
    vector: bytes


class IndexedText(msgspec.Struct, frozen=True, kw_only=True):
    """What of a doc is searched."""

    doc: int
    stamp: int
    name: str
    tags: str
    description: str
    body: str


class Indexed(msgspec.Struct, frozen=True):
    """A doc with its prompt and the version that is indexed."""

    doc: int
    prompt: Prompt
    version: PromptVersion


class TextIndex(Protocol):
    """Every method may raise StoreError. Words are plain text, whatever signs they hold."""

    async def state(self) -> State: ...

    async def count(self, where: SearchFilter) -> int:
        """How many docs meet the conditions."""
        ...

    async def docs(self, where: SearchFilter) -> list[int]:
        """Those that meet the conditions, in rising order."""
        ...

    async def holders(
        self, words: Sequence[str], where: SearchFilter, most: int
    ) -> list[list[int]]:
        """The docs that hold each word, up to `most` of each."""
        ...

    async def matches(
        self, words: Sequence[str], where: SearchFilter, limit: int, *, among: int
    ) -> list[Match]:
        """The best by BM25 of those that hold any of the words, weighed among the newest `among`.
        BM25 counts all docs that have a word, whatever the conditions."""
        ...

    async def holding_all(
        self, words: Sequence[str], where: SearchFilter, limit: int, *, enough: int
    ) -> tuple[list[int], list[int]]:
        """Docs that hold every word: those that do so in name, tags and description, and where
        these are not `enough`, all of them; the newest of each. Nothing is weighed or counted."""
        ...

    async def containing(self, parts: Sequence[str], where: SearchFilter, limit: int) -> list[int]:
        """Docs in scripts without spaces that hold every part, newest first."""
        ...

    async def words_near(self, beginning: str, limit: int) -> list[tuple[str, int]]:
        """Indexed words that begin so, and how many docs hold each."""
        ...

    async def texts(self, docs: Sequence[int]) -> list[IndexedText]:
        """Those of the docs that are still searched."""
        ...

    async def changes(self, since: int, limit: int) -> list[DocState]:
        """Docs whose stamp is above that, in the order of stamps."""
        ...

    async def vectors(self, embedder: str, since: int, limit: int) -> list[StoredVector]:
        """Those of the embedder whose id is above that, in the order of ids."""
        ...

    async def unembedded(self, embedder: str) -> list[int]:
        """Docs that the embedder has made no vector of as they are now, in rising order."""
        ...

    async def put(self, embedder: str, vectors: Sequence[NewVector]) -> None:
        """In the place of what the docs had from this embedder."""
        ...

    async def drop(self, *, keep: str) -> int:
        """Deletes the vectors of all other embedders; tells how many."""
        ...

    async def claim(self, task: str, holder: str, until: datetime, now: datetime) -> bool:
        """Whether the task is the holder's until then: nobody else's claim on it still holds."""
        ...

    async def release(self, task: str, holder: str) -> None: ...

    async def rebuild(self) -> None:
        """Makes the index of words anew from what it is about."""
        ...


class SearchIndex(TextIndex, Protocol):
    """That of prompts."""

    async def items(self, docs: Sequence[int]) -> list[Indexed]:
        """In the order asked for, without those that are gone."""
        ...
