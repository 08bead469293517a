"""Which prompt and which file belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from burnish.errors import BurnishError, UsageError
from burnish.library.sync.file_form import (
    Form,
    ReadForm,
    form_of,
    has_front_matter,
    line_of,
    read_form,
)
from burnish.library.sync.paths import Places, name_of
from burnish.library.sync.report import SyncedPrompt
from burnish.library.sync.repository import CommitInfo, Listing, Repository, Touch, is_prompt_path
from burnish.library.sync.scope import Scope
from burnish.library.sync.state import Entry, State
from burnish.library.sync.stock import Stock
from burnish.library.sync.target import Seen
from burnish.prompts.prompt import Prompt


@dataclass(kw_only=True)
class Pair:
    """A prompt (None: not in the library) and its file (empty blob: not in the repository).
    `path` is where the file stands, `to_path` where it shall; `to_name` the name that the prompt
    gets because its file was renamed."""

    name: str
    path: str
    blob: str
    entry: Entry | None = None
    prompt: Prompt | None = None
    touches: list[Touch] = field(default_factory=list[Touch])
    to_path: str = ""
    to_name: str = ""


@dataclass(kw_only=True)
class Pairing:
    """`kept` are entries of prompts that this sync is not about."""

    pairs: list[Pair] = field(default_factory=list[Pair])
    kept: list[Entry] = field(default_factory=list[Entry])
    bad: list[SyncedPrompt] = field(default_factory=list[SyncedPrompt])
    ignored: list[str] = field(default_factory=list[str])


class Forms:
    """What files say, each read once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._read: dict[tuple[str, str], ReadForm | UsageError] = {}

    def read(self, path: str, blob: str) -> ReadForm:
        """Raises UsageError."""
        key = (path, blob)
        if key not in self._read:
            try:
                self._read[key] = read_form(path, self._repository.blob(blob))
            except UsageError as error:
                self._read[key] = error
        found = self._read[key]
        if isinstance(found, UsageError):
            raise found
        return found

    def form(self, path: str, blob: str) -> Form | None:
        """None for no file, or one that cannot be read."""
        try:
            return self.read(path, blob).form if blob else None
        except UsageError:
            return None

    def is_marked(self, blob: str) -> bool:
        return has_front_matter(self._repository.blob(blob)[:16])


class Matcher:
    def __init__(
        self, repository: Repository, seen: Seen, state: State, stock: Stock, scope: Scope
    ) -> None:
        self._repository = repository
        self._seen = seen
        self._state = state
        self._stock = stock
        self._scope = scope
        self.forms = Forms(repository)
        self.unreadable = _unreadable(seen)
        self.files = _files(seen, self.unreadable)
        self.places = Places({**seen.listing.files, **self.files})
        self._found = Pairing()
        self._touches: dict[str, list[Touch]] = {}

    def read_history(self) -> None:
        """The commits since each prompt was synced; slow, so nothing for an event loop."""
        wanted: dict[str, set[str]] = {}
        old = self._state.head if self._repository.has(self._state.head) else ""
        known = {entry.path: entry for entry in self._state.entries}
        fresh = any(path not in known for path in self.files)
        listing = self._repository.listing(old) if old and fresh else Listing()
        for path in {*self.files, *known}:
            entry = known.get(path)
            since = (entry.since or old) if entry else ("" if path in listing.files else old)
            if entry or self.forms.is_marked(self.files[path]):
                wanted.setdefault(since, set()).add(path)
        for since, paths in wanted.items():
            found = self._repository.touches(self._seen.head, since)
            self._touches |= {path: found[path] for path in paths if path in found}

    async def pair(self) -> Pairing:
        found = self._found
        live = await self._stock.prompts(self._scope.prefix, self._scope.category)
        for entry in self._state.entries:
            await self._known(entry, live)
        self._tell_unreadable()
        taken = {entry.path for entry in found.kept} | {pair.path for pair in found.pairs}
        fresh = self._moved([path for path in sorted(self.files) if path not in taken])
        names = {entry.name for entry in found.kept}
        names |= {pair.to_name or pair.name for pair in found.pairs}
        for path in fresh:
            await self._new_file(path, names)
        paired = {pair.prompt.id for pair in found.pairs if pair.prompt}
        blocked = names | {bad.name for bad in found.bad}
        for prompt in live.values():
            if prompt.id not in paired and prompt.name not in blocked:
                path = self.places.free(prompt.name)
                found.pairs.append(Pair(name=prompt.name, path=path, blob="", prompt=prompt))
        return found

    def _tell_unreadable(self) -> None:
        """Those of no known prompt: files alone, as anything may be a link."""
        known = {entry.path for entry in self._state.entries}
        for bad in self._seen.bad:
            file = self._seen.listing.files.get(bad.path)
            name = name_of(bad.path)
            is_link = file is not None and not file.is_plain
            if not bad.problem or bad.path in known or is_link:
                continue
            if name.startswith(self._scope.prefix):
                self._found.bad.append(bad_file(name, bad.path, UsageError(bad.problem)))

    async def _known(self, entry: Entry, live: Mapping[str, Prompt]) -> None:
        prompt = live.get(entry.prompt_id) or await self._stock.by_id(entry.prompt_id)
        if prompt is None:
            return  # of another store: the file is as good as new
        if prompt.deleted_at is not None:
            # Another may have been made under its name since.
            prompt = await self._stock.by_name(entry.name) or prompt
        gone = prompt.deleted_at is not None and self._scope.has(entry.name, self._base(entry))
        if prompt.id not in live and not gone:
            self._found.kept.append(waiting(entry, self._state))
            return
        if entry.path in self.unreadable:
            told = UsageError(self.unreadable[entry.path])
            self._found.bad.append(bad_file(entry.name, entry.path, told))
            self._found.kept.append(waiting(entry, self._state))
            return
        blob = self.files.get(entry.path, "")
        touches = self._touches.get(entry.path, [])
        if blob:
            # Where history was rewritten, what was synced stands in it once more.
            touches = _after_last(touches, entry.blob)
        pair = Pair(name=entry.name, path=entry.path, blob=blob, entry=entry, prompt=prompt)
        pair.touches = self._ending(touches, entry.path, entry.blob, blob)
        self._set_names(pair, prompt)
        self._found.pairs.append(pair)

    def _set_names(self, pair: Pair, prompt: Prompt) -> None:
        if prompt.deleted_at is None and prompt.name != pair.name:
            pair.to_path = self.places.free(prompt.name)
        elif pair.touches and self.forms.form(pair.path, pair.blob):
            named = self.forms.read(pair.path, pair.blob).name
            pair.to_name = named if named != pair.name else ""

    def _moved(self, fresh: list[str]) -> list[str]:
        """Those of the new files that are no known prompt under another name. git calls that a
        rename: a file that is gone, and a new one that says the same."""
        gone = {
            form.text_key: pair
            for pair in self._found.pairs
            if not pair.blob and not pair.to_path
            if (form := self._last_form(pair)) is not None
        }
        left: list[str] = []
        for path in fresh:
            touches = self._touches.get(path, [])
            first = next((touch.blob for touch in touches if touch.blob), self.files[path])
            form = self.forms.form(path, first)
            pair = gone.pop(form.text_key, None) if form else None
            if pair is None:
                left.append(path)
                continue
            named = self.forms.read(path, first).name
            pair.to_name = named if named != pair.name else ""
            pair.path, pair.blob = path, self.files[path]
            pair.touches = [touch for touch in pair.touches if touch.blob]
            added = next((i for i, touch in enumerate(touches) if touch.blob), -1)
            pair.touches += self._ending(touches[added + 1 :], path, first, pair.blob)
        return left

    def _last_form(self, pair: Pair) -> Form | None:
        blobs = [touch.blob for touch in pair.touches if touch.blob]
        blob = blobs[-1] if blobs else pair.entry.blob if pair.entry else ""
        return self.forms.form(pair.path, blob) if self._has(blob) else None

    async def _new_file(self, path: str, names: set[str]) -> None:
        blob = self.files[path]
        if not self.forms.is_marked(blob):
            self._found.ignored.append(path)
            return
        try:
            read = self.forms.read(path, blob)
        except UsageError as error:
            name = name_of(path)
            if name.startswith(self._scope.prefix):
                self._found.bad.append(bad_file(name, path, error))
            return
        if not self._scope.has(read.name, read.form):
            return
        if read.name in names:
            told = UsageError(f"another file says the prompt {read.name!r} already")
            self._found.bad.append(bad_file(read.name, path, told))
            return
        names.add(read.name)
        touches = _after_last(self._touches.get(path, []), "")
        pair = Pair(name=read.name, path=path, blob=blob)
        pair.touches = self._ending(touches, path, "", blob)
        pair.prompt = await self._stock.by_name(read.name) or await self._deleted(pair)
        self._found.pairs.append(pair)

    async def _deleted(self, pair: Pair) -> Prompt | None:
        """The prompt of that name that was deleted, where the file says what it said."""
        prompt = await self._stock.deleted(pair.name)
        latest = await self._stock.latest(prompt.id) if prompt else None
        if prompt is None or latest is None:
            return None
        text = form_of(latest, prompt).text_key
        forms = [self.forms.form(pair.path, touch.blob) for touch in pair.touches]
        return prompt if any(form and form.text_key == text for form in forms) else None

    def _ending(self, touches: list[Touch], path: str, start: str, blob: str) -> list[Touch]:
        """With what the file says now at its end. A merge may have brought that back."""
        last = touches[-1].blob if touches else start
        if last == blob:
            return touches
        if path in self._seen.edits or not self._seen.head:
            author = self._repository.identity()
            info = CommitInfo(id="", author=author, at=datetime.now(UTC))
        else:
            info = self._repository.info(self._seen.head)
        return [*touches, Touch(info, blob)]

    def _base(self, entry: Entry) -> Form | None:
        return self.forms.form(entry.path, entry.blob) if self._has(entry.blob) else None

    def _has(self, blob: str) -> bool:
        return self._repository.has(blob)


def _after_last(touches: list[Touch], blob: str) -> list[Touch]:
    found = [index for index, touch in enumerate(touches) if touch.blob == blob]
    return touches[found[-1] + 1 :] if found else touches


def waiting(entry: Entry, state: State) -> Entry:
    """What was not synced now is looked for next time from where it was synced last."""
    return msgspec.structs.replace(entry, since=entry.since or state.head)


def bad_file(name: str, path: str, error: BurnishError) -> SyncedPrompt:
    return SyncedPrompt(
        name=name, file=path, outcome="bad", problem=error.what, line=line_of(error)
    )


def _unreadable(seen: Seen) -> dict[str, str]:
    told = {bad.path: bad.problem for bad in seen.bad if bad.problem}
    for path, file in seen.listing.files.items():
        if not file.is_plain and is_prompt_path(path):
            told[path] = "is a link, which is never followed"
    return told


def _files(seen: Seen, unreadable: Mapping[str, str]) -> dict[str, str]:
    """Prompts' files and their blobs, as the folder has them."""
    files = {path: file.blob for path, file in seen.listing.files.items() if is_prompt_path(path)}
    files |= seen.edits
    return {path: blob for path, blob in files.items() if blob and path not in unreadable}
