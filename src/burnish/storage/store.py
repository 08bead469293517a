"""The port to whatever keeps prompts, versions, labels, runs and statistics.

Every method is one atomic step: when it returns, the step is written; when it raises, nothing
is. Each may raise StoreError. Ids and times come from the caller, revisions from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from burnish.prompts.prompt import MAIN, Branch, Label, Message, Prompt, PromptVersion, Variable
from burnish.storage.changes import Changes
from burnish.storage.index import SearchIndex
from burnish.storage.knowledge import Knowledge
from burnish.storage.lineage import Inclusion, Place, Related
from burnish.storage.runs import Runs, Techniques
from burnish.storage.stats import CategoryStat
from burnish.storage.upkeep import Upkeep

if TYPE_CHECKING:
    from burnish.storage.account import Sessions, Users
    from burnish.storage.api_keys import ApiKeys
    from burnish.storage.audit import Audit
    from burnish.storage.buckets import Buckets
    from burnish.storage.counters import Counters
    from burnish.storage.datasets import Datasets
    from burnish.storage.evaluation import Evaluations
    from burnish.storage.experiment import Experiments
    from burnish.storage.feedback import Feedback
    from burnish.storage.identity import Identities
    from burnish.storage.jobs import Jobs, Schedules
    from burnish.storage.labels import Labels
    from burnish.storage.optimization import Optimizations
    from burnish.storage.packs import Packs
    from burnish.storage.period import Periods
    from burnish.storage.person import Persons
    from burnish.storage.project import Projects
    from burnish.storage.requests import Requests
    from burnish.storage.webhook import Webhooks

Sort = Literal["rating", "name", "updated"]
Via = Literal["revision", "label", "production", "latest", "branch", "experiment", "fallback"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A version before the store gives it a revision."""

    id: str
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    config: dict[str, Any] = {}
    author: str = ""
    message: str = ""
    parents: tuple[str, ...] = ()
    content_hash: str
    created_at: datetime
    metadata: dict[str, Any] = {}
    branch: str = MAIN
    archived_at: datetime | None = None

    def at(self, prompt_id: str, revision: int) -> PromptVersion:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return PromptVersion(prompt_id=prompt_id, revision=revision, **fields)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a prompt that make no revision; None leaves a field as it is."""

    category: str | None = None
    tags: tuple[str, ...] | None = None
    description: str | None = None

    def given(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not None}

    def __bool__(self) -> bool:
        return bool(self.given())


class LabelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A label to move to `revision`, or to remove where that is None. `tag` makes it one that
    never moves again. With `request` it is done in the name of that request, which is then
    approved."""

    id: str
    label: str
    revision: int | None
    by: str = ""
    why: str = ""
    at: datetime
    tag: bool = False
    request: str = ""


class LabelMove(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a label. `from_revision` is None when it is new, `to_revision` when it
    was removed."""

    id: str
    label: str
    from_revision: int | None
    to_revision: int | None
    moved_by: str
    moved_at: datetime
    why: str


class Fetched(msgspec.Struct, frozen=True):
    """A version, its prompt, and which rule chose it. `stale`: the store cannot be asked, and this
    is what it said last. `experiment` and `variant` are the names of those that a unit was
    assigned to, whose model and config are then in the version's config."""

    prompt: Prompt
    version: PromptVersion
    via: Via
    stale: bool = False
    experiment: str = ""
    variant: str = ""


class PromptFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Prompts that meet every condition given; `tags` must all be there."""

    category: str | None = None
    tags: tuple[str, ...] = ()
    prefix: str = ""
    owner: str | None = None
    include_deleted: bool = False


class PromptCursor(msgspec.Struct, frozen=True, kw_only=True):
    """The last prompt of a page, as far as any order needs it."""

    rating: float | None
    usage_count: int
    updated_at: datetime
    name: str
    id: str


class Entry(msgspec.Struct, frozen=True):
    """A new prompt with its versions, oldest first, and labels, to be brought in whole."""

    prompt: Prompt
    versions: tuple[Draft, ...]
    labels: tuple[Label, ...] = ()
    branches: tuple[Branch, ...] = ()


class Prompts(Protocol):
    async def add(
        self, prompt: Prompt, draft: Draft, relations: Sequence[Related] = ()
    ) -> PromptVersion:
        """A new prompt with its first version, and what that comes from. Raises Conflict when the
        name is taken, NotFound for a relation to a version that does not exist."""
        ...

    async def add_many(self, entries: Sequence[Entry]) -> None:
        """All of the entries, or none. Raises Conflict naming a name that is taken."""
        ...

    async def by_name(self, name: str) -> Prompt | None:
        """The prompt that is not deleted."""
        ...

    async def by_id(self, prompt_id: str) -> Prompt | None:
        """Deleted ones too."""
        ...

    async def deleted(self, name: str) -> Prompt | None:
        """The prompt of that name that was deleted last."""
        ...

    async def page(
        self, where: PromptFilter, sort: Sort, limit: int, after: PromptCursor | None = None
    ) -> list[Prompt]: ...

    async def count(self, where: PromptFilter) -> int: ...

    async def names_near(self, name: str, limit: int) -> list[str]:
        """Up to `limit` names around `name` in the order of names."""
        ...

    async def edit(self, prompt_id: str, edit: Edit, at: datetime) -> Prompt:
        """Raises NotFound."""
        ...

    async def delete(self, prompt_id: str, at: datetime) -> None:
        """Raises NotFound when there is none, or it is deleted already."""
        ...

    async def restore(self, prompt_id: str, name: str, at: datetime) -> Prompt:
        """Under `name`. Raises Conflict when that name is taken, NotFound when none is deleted."""
        ...

    async def use(self, prompt_id: str, count: int = 1, at: datetime | None = None) -> None:
        """Adds to the usage count, atomically; `at` is when it was used last. Raises NotFound."""
        ...

    async def use_many(self, counts: Mapping[str, int], at: datetime | None = None) -> None:
        """Adds to the usage counts of several prompts; those that are gone are left out."""
        ...

    async def unused(self, since: datetime, limit: int) -> list[Prompt]:
        """Those neither used nor changed since then, the one that rests longest first."""
        ...

    async def totals(self) -> tuple[int, float | None]:
        """How many there are that are not deleted, and the mean rating of those that have one."""
        ...

    async def categories(self) -> list[CategoryStat]:
        """Of prompts that are not deleted; the one with most prompts first."""
        ...


class Versions(Protocol):
    async def add(
        self,
        prompt_id: str,
        draft: Draft,
        *,
        expected_revision: int | None = None,
        label: LabelChange | None = None,
        edit: Edit | None = None,
        relations: Sequence[Related] = (),
    ) -> PromptVersion:
        """The next revision, on the branch that the draft names; `label` moves to it, and `edit`
        and `relations` are applied in the same step.

        Raises Conflict when the newest revision of that branch is not `expected_revision`,
        NotFound when there is no such prompt or branch, or the prompt is deleted.
        """
        ...

    async def find(
        self,
        name: str,
        *,
        revision: int | None = None,
        label: str | None = None,
        branch: str | None = None,
    ) -> Fetched | None:
        """By revision, by label, the newest of a branch, or, given nothing, `production` where
        that exists, else latest."""
        ...

    async def by_id(self, version_id: str) -> PromptVersion | None: ...

    async def history(
        self, prompt_id: str, limit: int, before: int | None = None, branch: str | None = None
    ) -> list[PromptVersion]:
        """Newest first, below revision `before` and of one branch where given."""
        ...

    async def places(self, prompt_id: str) -> list[Place]:
        """All versions, by revision, without their texts."""
        ...

    async def archive(
        self, prompt_id: str, revisions: Sequence[int], at: datetime | None
    ) -> list[int]:
        """Archives the revisions, or with None takes them out of the archive. Tells which were
        not so already. Raises Conflict, and archives none, for one that a label, a branch or
        `latest` points at."""
        ...


class Branches(Protocol):
    async def add(self, prompt_id: str, branch: Branch) -> None:
        """Raises Conflict when the prompt has a branch of that name, NotFound for a revision
        that is not there."""
        ...

    async def of(self, prompt_id: str) -> list[Branch]:
        """In the order of their names, without the main one."""
        ...

    async def delete(self, prompt_id: str, name: str) -> Branch:
        """The pointer alone: its versions stay. Raises NotFound."""
        ...


class Relations(Protocol):
    async def add(self, relations: Sequence[Related]) -> None:
        """Those that are there already are left as they are. Raises NotFound for a version that
        does not exist."""
        ...

    async def of(self, prompt_id: str) -> list[Related]:
        """All that lead to or from a version of the prompt, oldest first."""
        ...

    async def included(self, prompt_id: str) -> list[Inclusion]:
        """What each version of the prompt includes, in the order of revisions."""
        ...

    async def including(self, name: str, limit: int) -> list[Inclusion]:
        """What includes a version of the prompt of that name, in the order of names and
        revisions: of the other prompts that are not deleted, versions that are the newest of a
        branch or under a label."""
        ...


class Store(Protocol):
    @property
    def prompts(self) -> Prompts: ...
    @property
    def versions(self) -> Versions: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def branches(self) -> Branches: ...
    @property
    def relations(self) -> Relations: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def periods(self) -> Periods: ...
    @property
    def search(self) -> SearchIndex: ...
    @property
    def knowledge(self) -> Knowledge: ...
    @property
    def techniques(self) -> Techniques: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def packs(self) -> Packs: ...
    @property
    def evaluations(self) -> Evaluations: ...
    @property
    def datasets(self) -> Datasets: ...
    @property
    def experiments(self) -> Experiments: ...
    @property
    def optimizations(self) -> Optimizations: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def feedback(self) -> Feedback: ...
    @property
    def counters(self) -> Counters: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def users(self) -> Users: ...
    @property
    def projects(self) -> Projects: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def persons(self) -> Persons: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def changes(self) -> Changes | None: ...

    async def close(self) -> None: ...
