"""Packs as people use them."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.library.cache import Cache
from burnish.library.packs.build import pack_files, told_of, write_pack
from burnish.library.packs.contents import Contents
from burnish.library.packs.installation import Installation
from burnish.library.packs.manifest import Manifest, checked_sha256
from burnish.library.packs.removal import leaving, state_of
from burnish.library.packs.report import (
    BuiltPack,
    InstalledPack,
    ListedPack,
    PackConflict,
    PackPreview,
    PackReport,
    UninstallReport,
)
from burnish.library.packs.signature import KeyFiles, make_key
from burnish.library.packs.source import Bounds, read_source
from burnish.library.packs.trust import TrustedKeys
from burnish.library.prompts import AsyncPrompts
from burnish.prompts.formats import PromptFile
from burnish.prompts.refs import LATEST
from burnish.storage.packs import Pack
from burnish.storage.store import Store

_PAGE = 500


class PackRules(msgspec.Struct, frozen=True, kw_only=True):
    bounds: Bounds
    home: Path
    require_signature: bool
    author: str


class AsyncPacks:
    """`platform.packs`: sets of prompts to share, as a folder, a zip or a folder in git.

    A `source` is the path of a folder or a zip, the https address of a zip, or a git repository:
    `git+https://host/repo.git@REF#FOLDER`, `git+ssh://…`, `user@host:path`, or the path of one.
    """

    def __init__(
        self,
        prompts: AsyncPrompts,
        store: Callable[[], Awaitable[Store]],
        ids: Callable[[], str],
        cache: Cache,
        rules: PackRules,
    ) -> None:
        self._prompts = prompts
        self._store = store
        self._ids = ids
        self._cache = cache
        self._rules = rules
        self._trusted = TrustedKeys(rules.home)

    async def build(
        self,
        name: str,
        to: str | Path,
        *,
        prompts: Sequence[str] = (),
        prefix: str = "",
        category: str | None = None,
        tags: Sequence[str] = (),
        all: bool = False,  # noqa: A002 - the word of the command
        version: str = "1.0.0",
        title: str = "",
        description: str = "",
        authors: Sequence[str] = (),
        licence: str = "",
        homepage: str = "",
        readme: str = "",
        sign: str | Path | None = None,
        replace: bool = False,
    ) -> BuiltPack:
        """Writes prompts of the library as a pack, to a folder or a `.zip`: those named and those
        that meet the conditions, or all. The newest text of each goes in, with variables, config,
        category, tags, description and tests; authors, labels and history stay here. What a prompt
        includes stands in its text, and `notes` name it. The same prompts give the same bytes.

        `sign` is the file of a private key (see `keygen`). Raises UsageError where nothing is
        chosen, for a file that exists (unless `replace`) and for what no pack can say; NotFound for
        a name that is not there; MissingExtra to sign without the extra `sign`.
        """
        names = await self._chosen(prompts, prefix, category, tags, everything=all)
        chosen, put_in = await self._files(names)
        manifest = Manifest(
            name=name,
            version=version,
            title=title,
            description=description,
            authors=tuple(authors),
            licence=licence,
            homepage=homepage,
            files=(),
        )
        files, notes = await asyncio.to_thread(pack_files, manifest, chosen, readme)
        key = None if sign is None else Path(sign)
        notes = [*put_in, *notes]
        return await asyncio.to_thread(write_pack, files, Path(to), key, notes, replace=replace)

    async def keygen(self, path: str | Path) -> KeyFiles:
        """Makes a key to sign packs with: a private file for you alone, and beside it the public
        one (`.pub`) for others to put into `trusted_keys` of their data folder under your name.
        Raises UsageError for files that exist, MissingExtra without the extra `sign`."""
        return await asyncio.to_thread(make_key, Path(path))

    async def preview(
        self,
        source: str | Path,
        *,
        prefix: str | None = None,
        conflict: PackConflict = "skip",
    ) -> PackPreview:
        """What a pack is, what is in it, and what installing it would do here; nothing is written.

        Raises what `install` raises for a pack that nobody could install; what keeps it from
        being installed here alone stands in `refused`.
        """
        made = await self._installation(await self._read(source), prefix)
        await made.plan(self._ids, self._cache, conflict, update=False)
        return made.preview(required=self._rules.require_signature)

    async def install(
        self,
        source: str | Path,
        *,
        sha256: str = "",
        conflict: PackConflict = "skip",
        prefix: str | None = None,
        dry_run: bool = False,
    ) -> PackReport:
        """Stores the prompts of a pack, all or none, under the folder `prefix` where given. What is
        there already is left alone, so doing it twice changes nothing.

        A prompt that an earlier version of the pack brought, and nobody changed, gets the new text
        as its next revision. One of that name that says something else stays as it is, or with
        `conflict="new-revision"` gets the pack's text on top, with `"overwrite"` category, tags and
        description too. `sha256` is the checksum that the pack must have. `dry_run` tells what
        would happen.

        Raises UsageError for a pack that is wrong, too large or unsafe, or whose prompts include
        what it does not bring; NotFound; Conflict for
        another checksum or a library that changed meanwhile; NotPermitted for a bad signature, or
        one that is asked for and not trusted; Unavailable; MissingExtra for git without dulwich.
        """
        contents = await self._read(source, sha256)
        made = await self._installation(contents, prefix)
        return await self._install(made, conflict, update=False, dry_run=dry_run)

    async def list(self) -> tuple[ListedPack, ...]:
        """The installed packs by name."""
        store = await self._store()
        return tuple(
            [
                ListedPack(pack=pack, prompts=len(await store.packs.prompts(pack.name)))
                for pack in await store.packs.all()
            ]
        )

    async def show(self, name: str) -> InstalledPack:
        """An installed pack, and whether its prompts still say what it brought. Raises NotFound."""
        store = await self._store()
        pack = await self._installed(name)
        states = [await state_of(store, each) for each in await store.packs.prompts(name)]
        return InstalledPack(pack=pack, prompts=tuple(states))

    async def verify(self, name: str) -> InstalledPack:
        """The same as `show`: `intact` tells whether every prompt still says what the pack brought.
        Raises NotFound."""
        return await self.show(name)

    async def update(
        self,
        name: str,
        *,
        source: str | Path = "",
        sha256: str = "",
        conflict: PackConflict = "skip",
        dry_run: bool = False,
    ) -> PackReport:
        """Fetches an installed pack again, from where it came unless `source` is given, and
        installs what is new in it where it was installed. Its prompts that were deleted stay so.
        Raises what `install` raises."""
        held = await self._installed(name)
        contents = await self._read(source or held.source, sha256)
        if contents.manifest.name != name:
            raise Conflict(
                f"{contents.where} is the pack {contents.manifest.name!r}, not {name!r}",
                hint="install it by itself, or name another source",
                subject=name,
            )
        made = await self._installation(contents, None)
        return await self._install(made, conflict, update=True, dry_run=dry_run)

    async def uninstall(self, name: str, *, dry_run: bool = False) -> UninstallReport:
        """Takes a pack away: prompts that it brought, and nobody changed since, are deleted and can
        be restored; the others, and those that other prompts include, stay and are told, with why.
        Raises NotFound; Conflict where the pack was changed or taken away meanwhile."""
        store = await self._store()
        pack = await self._installed(name)
        found = await leaving(store, await store.packs.prompts(name))
        if not dry_run:
            going = list(found.going.values())
            left = await store.packs.remove(pack, going, datetime.now(UTC))
            if left:
                found = found.without(left, await leaving(store, left))
            for prompt in found.going:
                self._cache.drop(prompt, gone=True)
        return UninstallReport(
            name=pack.name,
            version=pack.version,
            removed=tuple(found.going),
            kept=found.kept,
            gone=found.gone,
            dry_run=dry_run,
        )

    async def _install(
        self, made: Installation, conflict: PackConflict, *, update: bool, dry_run: bool
    ) -> PackReport:
        made.check_signature(required=self._rules.require_signature)
        await made.plan(self._ids, self._cache, conflict, update=update)
        made.check_includes()
        if not dry_run:
            await made.write(self._cache)
        return made.report(dry_run=dry_run)

    async def _installation(self, contents: Contents, prefix: str | None) -> Installation:
        store = await self._store()
        held = await store.packs.by_name(contents.manifest.name)
        return Installation(store, contents, held, prefix, self._rules.author)

    async def _read(self, source: str | Path, sha256: str = "") -> Contents:
        wanted = checked_sha256(sha256)
        contents = await read_source(source, self._rules.bounds, self._trusted)
        if wanted and contents.checksum != wanted:
            raise Conflict(
                f"the pack {contents.manifest.name!r} has the checksum {contents.checksum}, not "
                f"{wanted}",
                hint="nothing was installed; it is not the pack that you were told of",
                subject=contents.where,
            )
        return contents

    async def _installed(self, name: str) -> Pack:
        store = await self._store()
        pack = await store.packs.by_name(name)
        if pack is None:
            known = [each.name for each in await store.packs.all()]
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = (
                f"did you mean {near[0]!r}?" if near else "burnish packs list shows those there are"
            )
            raise NotFound(f"no pack {name[:80]!r} is installed", hint=hint, subject=name)
        return pack

    async def _chosen(
        self,
        named: Sequence[str],
        prefix: str,
        category: str | None,
        tags: Sequence[str],
        *,
        everything: bool,
    ) -> tuple[str, ...]:
        filtered = bool(prefix or category is not None or tags)
        if not (named or filtered or everything):
            raise UsageError(
                "which prompts go into the pack is not said",
                hint="use --all, --prompts PREFIX, --prompt NAME, --category or --tag",
            )
        met = await self._names(prefix, category, tags) if filtered or everything else ()
        return tuple(dict.fromkeys((*named, *met)))

    async def _files(self, names: Sequence[str]) -> tuple[tuple[PromptFile, ...], list[str]]:
        """With what they include in their texts, and what that is: a pack's reader has neither
        those prompts nor, under the same numbers, their revisions."""
        files: list[PromptFile] = []
        notes: list[str] = []
        for name in names:
            files.append(await self._prompts.history_file(name, whole=False, expand=True))
            if included := (await self._prompts.expand(f"{name}@{LATEST}")).includes:
                notes.append(f"{name} has texts in it that it includes: {told_of(included)}")
        return tuple(files), notes

    async def _names(
        self, prefix: str, category: str | None, tags: Sequence[str]
    ) -> tuple[str, ...]:
        found: list[str] = []
        cursor = None
        while True:
            page = await self._prompts.list(
                prefix=prefix, category=category, tags=tags, sort="name", limit=_PAGE, cursor=cursor
            )
            found += [prompt.name for prompt in page.items]
            cursor = page.next
            if cursor is None:
                break
        if not found:
            raise NotFound(
                "no prompt meets these conditions", hint="burnish prompts list shows what there is"
            )
        return tuple(found)
