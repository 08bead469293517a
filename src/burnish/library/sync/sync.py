"""The library and a git repository, brought to say the same.

First git's changes become versions, then versions become commits, then the commits are published,
and last what is the same now is noted. Each step finds out from the texts themselves what an
interrupted one has done, so running it again finishes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import Conflict
from burnish.library.sync.faults import as_ours
from burnish.library.sync.lock import locked
from burnish.library.sync.one_prompt import OnePrompt, Settled
from burnish.library.sync.opened import opened
from burnish.library.sync.pairs import Matcher, Pair, waiting
from burnish.library.sync.reconcile import Take
from burnish.library.sync.remote import shown
from burnish.library.sync.report import SyncedPrompt, SyncReport
from burnish.library.sync.repository import Listing, NewCommit
from burnish.library.sync.scope import Scope
from burnish.library.sync.state import Entry, State, load_state, save_state
from burnish.library.sync.stock import Stock
from burnish.library.sync.target import Seen, Target
from burnish.prompts.composition import has_includes

if TYPE_CHECKING:
    from burnish.library.cache import Cache
    from burnish.storage.store import Store

_ATTEMPTS = 10


async def sync(
    store: Store,
    target: str | Path,
    *,
    home: Path,
    store_name: str,
    author: str,
    ids: Callable[[], str],
    cache: Cache | None = None,
    protected: Sequence[str] = (),
    prefix: str = "",
    category: str | None = None,
    take: Take = "",
    dry_run: bool = False,
) -> SyncReport:
    """`target` is a folder, or the address of a repository; `store_name` tells this store from
    others that are synced with the same repository, `home` is where clones are kept. A prompt with
    a `protected` label on it is neither deleted nor renamed, and bad in the report.

    Raises MissingExtra without dulwich, UsageError and NotFound for a target that is none,
    Conflict for one in the middle of something else, Unavailable where it cannot be reached,
    NotPermitted where it refuses and StoreError where it is damaged.
    """
    scope = Scope(prefix=prefix, category=category, take=take, dry_run=dry_run)
    stock = Stock(store, ids, author, cache, protected)
    key = hashlib.sha256(store_name.encode()).hexdigest()[:16]
    with ExitStack() as stack:
        found = await asyncio.to_thread(
            stack.enter_context, opened(str(target), home, dry_run=dry_run)
        )
        await asyncio.to_thread(stack.enter_context, locked(found.data / "lock"))
        syncing = _Syncing(found, stock, scope, found.data / f"{key}.json", shown(str(target)))
        stack.enter_context(as_ours(shown(str(target))))
        return await syncing.run()


class _Again(Exception):
    """Somebody was faster on one of the sides."""


class _Syncing:
    def __init__(
        self, target: Target, stock: Stock, scope: Scope, state_path: Path, name: str
    ) -> None:
        self._target = target
        self._stock = stock
        self._scope = scope
        self._state_path = state_path
        self._name = name
        # What earlier attempts brought into the library.
        self._brought: dict[str, SyncedPrompt] = {}

    async def run(self) -> SyncReport:
        for _ in range(_ATTEMPTS):
            try:
                return await self._once()
            except _Again:
                continue
        raise Conflict(
            f"others kept changing {self._name} for {_ATTEMPTS} attempts",
            hint="nothing is lost; sync again when they are done",
        )

    async def _once(self) -> SyncReport:
        state = await asyncio.to_thread(load_state, self._state_path)
        seen = await asyncio.to_thread(self._target.look, dry_run=self._scope.dry_run)
        state = await asyncio.to_thread(self._relevant, state, seen)
        matcher = Matcher(self._target.repository, seen, state, self._stock, self._scope)
        await asyncio.to_thread(matcher.read_history)
        found = await matcher.pair()
        told = list(found.bad)
        kept = list(found.kept)
        settled: list[tuple[Pair, Settled]] = []
        unchanged = 0
        for pair in found.pairs:
            one = OnePrompt(pair, matcher.forms, self._stock, self._scope)
            if one.is_settled and pair.entry:
                kept.append(msgspec.structs.replace(pair.entry, since=""))
                unchanged += 1
                continue
            done = await self._settle(one)
            if done.told:
                told.append(done.told)
            else:
                unchanged += done.prompt is not None
            if done.open and pair.entry:
                kept.append(waiting(pair.entry, state))
            settled.append((pair, done))
        head = seen.head
        if not self._scope.dry_run:
            head = await asyncio.to_thread(self._publish, seen, [done for _, done in settled])
            await asyncio.to_thread(self._remember, seen, head, kept, settled)
        report = self._report(seen, head, told, unchanged, found.ignored)
        return msgspec.structs.replace(report, notes=(*report.notes, *await self._unmet(settled)))

    async def _unmet(self, settled: Sequence[tuple[Pair, Settled]]) -> list[str]:
        """What was brought in and includes prompts that are not there, and what includes a prompt
        that went or has another name now."""
        if self._scope.dry_run:
            return []
        notes: list[str] = []
        for told, version in ((done.told, done.version) for _, done in settled if done.told):
            gone = told.was or (told.name if told.outcome == "deleted" else "")
            if gone and (names := await self._stock.includers(gone)):
                notes.append(f"{gone} is gone, and {', '.join(names)} cannot be rendered any more")
            if version and has_includes(version.messages):
                fault = await self._stock.fault(f"{told.name}@{version.revision}")
                notes += [fault] if fault else []
        return notes

    def _relevant(self, state: State, seen: Seen) -> State:
        """Files count as deleted where a commit says so, and not where the branch is another one.
        Nothing is known of a repository that has no commit at all, such as one made anew. Raises
        Conflict where each prompt would go because none of the files is there."""
        repository, files = self._target.repository, {**seen.listing.files, **seen.edits}
        if any(entry.path in files for entry in state.entries):
            return state
        if not seen.head:
            return State()
        if state.entries and not repository.leads_to(state.head, seen.head):
            raise Conflict(
                f"none of the {len(state.entries)} prompts that were synced last is in the branch"
                f" {repository.branch!r}, which does not come from that sync",
                hint="go back to the branch that you synced with, or, to begin anew with this one,"
                f" delete {self._state_path}",
            )
        return state

    async def _settle(self, one: OnePrompt) -> Settled:
        try:
            done = await one.settle()
        except Conflict as error:
            raise _Again from error
        if done.told and done.told.versions:
            self._brought[done.name] = _added(done.told, self._brought.get(done.name))
        return done

    def _publish(self, seen: Seen, settled: Sequence[Settled]) -> str:
        repository, head = self._target.repository, seen.head
        files: dict[str, bytes | None] = {}
        for commit in _in_order(settled):
            head = repository.commit(head, commit, seen.listing.files)
            files |= commit.files
        if head != seen.head and not self._target.publish(seen.head, head, files):
            raise _Again
        return head

    def _remember(
        self, seen: Seen, head: str, kept: list[Entry], settled: Sequence[tuple[Pair, Settled]]
    ) -> None:
        listing = seen.listing
        if head != seen.head:
            listing = self._target.repository.listing(head)
        entries = list(kept)
        for _, done in settled:
            entry = _entry(done, listing)
            if entry:
                entries.append(entry)
        entries.sort(key=lambda entry: entry.path)
        save_state(self._state_path, State(head=head, entries=tuple(entries)))

    def _report(
        self,
        seen: Seen,
        head: str,
        told: Sequence[SyncedPrompt],
        unchanged: int,
        ignored: Sequence[str],
    ) -> SyncReport:
        by_name = {each.name: each for each in self._brought.values()}
        for each in told:
            earlier = by_name.get(each.name)
            by_name[each.name] = _added(each, earlier) if each.versions == 0 else earlier or each
        prompts = tuple(by_name[name] for name in sorted(by_name))
        outcomes = [each.outcome for each in prompts]
        unsafe = sorted({*seen.listing.unsafe, *seen.odd})
        skipped = {bad.path for bad in seen.bad if not bad.problem} | set(ignored)
        return SyncReport(
            target=self._name,
            branch=self._target.repository.branch,
            commit=head,
            dry_run=self._scope.dry_run,
            prompts=prompts,
            versions=sum(each.versions for each in prompts),
            commits=sum(each.commits for each in prompts),
            unchanged=unchanged,
            conflicts=outcomes.count("conflict"),
            bad=outcomes.count("bad"),
            ignored=tuple(sorted(skipped)),
            notes=tuple(f"{name!r} is no safe name, and left alone" for name in unsafe),
        )


def _added(told: SyncedPrompt, earlier: SyncedPrompt | None) -> SyncedPrompt:
    """What was done in both attempts."""
    if earlier is None:
        return told
    outcome = "merged" if told.outcome == "exported" else told.outcome
    return msgspec.structs.replace(told, outcome=outcome, versions=told.versions + earlier.versions)


def _in_order(settled: Sequence[Settled]) -> list[NewCommit]:
    """By time over all prompts, and of each prompt in its own order."""
    dated: list[tuple[datetime, int, NewCommit]] = []
    for done in settled:
        latest: datetime | None = None
        for commit in done.commits:
            latest = commit.at if latest is None else max(latest, commit.at)
            dated.append((latest, len(dated), commit))
    return [commit for _, _, commit in sorted(dated, key=lambda each: each[:2])]


def _entry(done: Settled, listing: Listing) -> Entry | None:
    file = listing.files.get(done.path)
    if done.open or done.prompt is None or done.version is None or file is None:
        return None
    return Entry(
        prompt_id=done.prompt.id,
        name=done.name,
        path=done.path,
        blob=file.blob,
        version_id=done.version.id,
        revision=done.version.revision,
        updated_at=done.prompt.updated_at,
    )
