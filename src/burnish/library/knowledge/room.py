"""`platform.knowledge`: texts of one's own that answers are taken from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from burnish.errors import BurnishError, Conflict, MissingExtra, UsageError
from burnish.library.knowledge.add import Adder, Said
from burnish.library.knowledge.extract import Bounds, Extractor
from burnish.library.knowledge.files import find_files, shown
from burnish.library.knowledge.names import meant, no_document
from burnish.library.knowledge.values import (
    Added,
    AddReport,
    KnowledgeFound,
    LeftOut,
    Removed,
    ShownDocument,
)
from burnish.library.listing import clean_tags
from burnish.settings import KnowledgeSettings
from burnish.storage.index import SearchFilter
from burnish.storage.knowledge import Document
from burnish.storage.store import Store

if TYPE_CHECKING:
    from burnish.library.embedders import Embedder
    from burnish.library.knowledge.find import KnowledgeSearch
    from burnish.library.ranked import Mode

Progress = Callable[[str, int, int], None]
_IN_LOG = (
    "others are reading, so the database's log still has the text; run burnish db vacuum later"
)


class AsyncKnowledge:
    """Documents, cut into pieces that are found by words and by meaning."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        settings: KnowledgeSettings,
        embedder: Callable[[], Embedder],
        new_id: Callable[[], str],
    ) -> None:
        self._open_store = open_store
        self._settings = settings
        self._embedder = embedder
        self._new_id = new_id
        self._search: KnowledgeSearch | None = None

    async def add(
        self,
        *paths: str | Path,
        name: str = "",
        tags: Sequence[str] = (),
        category: str = "",
        embed: bool = True,
        progress: Progress | None = None,
    ) -> AddReport:
        """Takes in files, and every text of folders: plain text, Markdown, HTML, PDF (extra
        `pdf`), tables, code.

        A document is named after its file, in a folder with the folder before it, or as `name`
        says. The same content again changes nothing; another under the same name replaces it.
        Files of a folder that are no text are in `left_out`, and stop no other. `embed` makes the
        vectors at once instead of with the next searches; `progress` is told what is done, how
        much of it, of how much.

        Raises NotFound for no such file, before any is read; UsageError for one file that is no
        text or too large, and for one name of several paths; MissingExtra for a PDF without the
        extra.
        """
        if name and len(paths) > 1:
            raise UsageError(
                "several paths cannot have one name", hint="name them one by one", subject=name
            )
        found = [
            await asyncio.to_thread(find_files, Path(path), name, self._settings.max_files)
            for path in paths
        ]
        files = [each for some in found for each in some.files]
        alone = len(paths) == 1 and not await asyncio.to_thread(Path(paths[0]).is_dir)
        documents: list[Added] = []
        left_out = [each for some in found for each in some.left_out]
        async with self._adder() as adder:
            for number, each in enumerate(files, start=1):
                if progress is not None:
                    progress("reading", number, len(files))
                try:
                    documents.append(await adder.file(each, Said(tuple(tags), category)))
                except (UsageError, Conflict, MissingExtra) as error:
                    if alone:
                        raise _about(each.path, error) from None
                    left_out.append(_left_out(each.name, error))
        return AddReport(
            documents=tuple(documents),
            left_out=tuple(left_out),
            embedded=await self._embed(progress) if embed and documents else 0,
        )

    async def add_text(
        self,
        text: str | bytes,
        name: str,
        *,
        tags: Sequence[str] = (),
        category: str = "",
        embed: bool = True,
    ) -> AddReport:
        """Takes in a text that is in no file; what it is, the ending of its name tells."""
        content = text.encode("utf-8", "replace") if isinstance(text, str) else text
        async with self._adder() as adder:
            added = await adder.content(name, content, "", Said(tuple(tags), category))
        return AddReport(documents=(added,), embedded=await self._embed(None) if embed else 0)

    async def list(self, *, tag: str | None = None, category: str | None = None) -> list[Document]:
        """The documents, by name."""
        store = await self._open_store()
        return await store.knowledge.all(category=category, tag=tag)

    async def show(self, name: str) -> ShownDocument:
        """A document with its pieces. Raises NotFound."""
        store = await self._open_store()
        document = await store.knowledge.by_name(name)
        if document is None:
            raise await no_document(store.knowledge, name)
        chunks = await store.knowledge.chunks(document.id)
        return ShownDocument(document=document, chunks=tuple(chunks))

    async def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        tags: Sequence[str] = (),
        category: str | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> KnowledgeFound:
        """The pieces that fit the query best, best first: by their words, by their meaning, or by
        both. Raises UsageError for an empty query or a value out of its range."""
        search = await self._open_search()
        return await search.search(
            query,
            mode=mode,
            limit=limit,
            min_score=min_score,
            where=SearchFilter(tags=clean_tags(tags), category=category),
        )

    async def remove(self, *names: str) -> Removed:
        """Takes documents out with all that was made of them; a name that ends in `/` means all
        under it. While others read the database, its log keeps the text for now, and a note says
        so. Raises NotFound, and then nothing is removed."""
        store = await self._open_store()
        gone: dict[str, Document] = {}
        for name in names:
            gone |= {each.id: each for each in await meant(store.knowledge, name)}
        emptied = await store.knowledge.remove(list(gone))
        return Removed(documents=tuple(gone.values()), notes=() if emptied else (_IN_LOG,))

    async def refresh(
        self, *names: str, embed: bool = True, progress: Progress | None = None
    ) -> AddReport:
        """Reads the files of all documents, or of those named, again. What changed is replaced;
        what vanished stays and is told. Vectors of other embedders than the one in use are
        dropped, unless `embed` is false."""
        store = await self._open_store()
        known = [each for name in names for each in await meant(store.knowledge, name)]
        known = [each for each in known or await store.knowledge.all() if each.origin]
        documents: list[Added] = []
        left_out: list[LeftOut] = []
        async with self._adder() as adder:
            for number, each in enumerate(known, start=1):
                if progress is not None:
                    progress("reading", number, len(known))
                try:
                    documents.append(await adder.again(each))
                except (UsageError, Conflict, MissingExtra) as error:
                    left_out.append(_left_out(each.name, error))
        embedded = await self._embed(progress) if embed else 0
        if embed:
            await (await self._open_search()).drop_others()
        return AddReport(documents=tuple(documents), left_out=tuple(left_out), embedded=embedded)

    async def settled(self) -> None:
        """Returns when the embedding in the background has ended."""
        if self._search is not None:
            await self._search.settled()

    async def close(self) -> None:
        """Ends what runs in the background; what it finished is kept."""
        search, self._search = self._search, None
        if search is not None:
            await search.close()

    async def _embed(self, progress: Progress | None) -> int:
        search = await self._open_search()
        return await search.fill(None if progress is None else partial(progress, "embedding"))

    async def _open_search(self) -> KnowledgeSearch:
        store = await self._open_store()
        if self._search is None:
            from burnish.library.knowledge.find import KnowledgeSearch

            self._search = KnowledgeSearch(
                store.knowledge.index, self._embedder, holder=self._new_id()
            )
        return self._search

    @asynccontextmanager
    async def _adder(self) -> AsyncGenerator[Adder]:
        usual = self._settings
        bounds = Bounds(chars=usual.max_chars, pages=usual.max_pages, time_s=usual.read_time_s)
        store = await self._open_store()
        with closing(Extractor(bounds)) as extractor:
            most = usual.max_file_mb * 1024 * 1024
            yield Adder(store.knowledge, extractor, most, self._new_id)


def _about(path: Path, error: BurnishError) -> BurnishError:
    if isinstance(error, UsageError):
        return UsageError(f"{path}: {error.what}", hint=error.hint, subject=str(path))
    return error


def _left_out(name: str, error: BurnishError) -> LeftOut:
    return LeftOut(name=shown(name), reason=shown(error.what), hint=error.hint)
