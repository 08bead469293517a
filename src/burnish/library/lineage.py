"""Who wrote which line, and how versions came from one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from burnish.errors import NotFound
from burnish.library.ancestry import ancestors
from burnish.library.shelf import Shelf
from burnish.prompts.diff import edits_of, lines_of
from burnish.prompts.includes import parse_asked
from burnish.prompts.prompt import Message, Prompt, PromptVersion
from burnish.storage.lineage import Inclusion, Place, Relation
from burnish.storage.store import Fetched

Likeness = Literal["wording", "meaning"]
Link = Literal["revised", "branched", "merged", "rolled back", "similar"] | Relation
# Versions that are looked into for the origin of lines; older ones count as the last of these.
_MOST_VERSIONS = 1000
_MOST_INCLUDING = 100


class BlamedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a message (counted from 1), and the version that brought it."""

    message: int
    role: str
    line: int
    text: str
    revision: int
    author: str = ""
    at: datetime
    why: str = ""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    reference: str
    branch: str
    author: str = ""
    message: str = ""
    labels: tuple[str, ...] = ()


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """`child` came from `parent`, in the way that `kind` tells. Both are ids of nodes.

    Where the child includes the parent, `asked` is how it names it (`shared/tone@production`); the
    parent is what that means now, and where there is no such version its node has no revision.
    `similar` stands between prompts that nobody related: `score` (0 to 1) was measured now, `by`
    their wording or their meaning."""

    parent: str
    child: str
    kind: Link
    asked: str = ""
    score: float | None = None
    by: Likeness | None = None


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a prompt, newest first, with those of other prompts that they came from or
    went into. Of those that include it, there are versions in use alone, at most 100."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Lineage:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def blame(self, found: Fetched) -> tuple[BlamedLine, ...]:
        lines = _flat(found.version.messages)
        origin: dict[int, PromptVersion] = {}
        # Per version: which of its lines are still to be explained, by their place at the end.
        open_lines = {found.version.id: {index: index for index in range(len(lines))}}
        versions = {found.version.id: found.version}
        for _ in range(_MOST_VERSIONS):
            if not open_lines:
                break
            here = max(open_lines, key=lambda each: versions[each].revision)
            left, version = open_lines.pop(here), versions[here]
            for parent_id in version.parents:
                parent = versions.get(parent_id)
                parent = parent or await self._shelf.store.versions.by_id(parent_id)
                if parent is None or parent.prompt_id != version.prompt_id:
                    continue
                versions[parent_id] = parent
                passed = _passed(_flat(parent.messages), _flat(version.messages), left)
                if passed:
                    open_lines.setdefault(parent_id, {}).update(passed)
                    gone = set(passed.values())
                    left = {line: end for line, end in left.items() if end not in gone}
            origin.update(dict.fromkeys(left.values(), version))
        for version_id, left in open_lines.items():
            origin.update(dict.fromkeys(left.values(), versions[version_id]))
        return tuple(_blamed(index, lines, origin[index]) for index in range(len(lines)))

    async def graph(self, name: str) -> Graph:
        prompt = await self._shelf.prompt(name)
        store = self._shelf.store
        places = await store.versions.places(prompt.id)
        by_id = {place.id: place for place in places}
        relations = await store.relations.of(prompt.id)
        edges = [*_edges_of(by_id)]
        edges += [
            Edge(parent=each.from_version, child=each.to_version, kind=each.kind)
            for each in relations
        ]
        edges += await self._inclusions(prompt)
        ids = {id_ for edge in edges for id_ in (edge.parent, edge.child)} | set(by_id)
        labels: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
        for label in await store.labels.of(prompt.id):
            labels[label.revision] += (label.name,)
        labels[prompt.latest_revision] += ("latest",)
        gone = {edge.parent for edge in edges if edge.parent == edge.asked}
        nodes = [await self._node(id_, prompt.id, prompt.name, labels) for id_ in ids - gone]
        known = [node for node in nodes if node is not None]
        known += [Node(id=asked, reference=asked, branch="") for asked in sorted(gone)]
        order = {id_: place.revision for id_, place in by_id.items()}
        known.sort(key=lambda node: -order.get(node.id, 0))
        return Graph(name=prompt.name, nodes=tuple(known), edges=tuple(edges))

    async def _inclusions(self, prompt: Prompt) -> list[Edge]:
        store = self._shelf.store.relations
        mine = await store.included(prompt.id)
        others = await store.including(prompt.name, _MOST_INCLUDING)
        meant = {asked: await self._meant(asked) for asked in {e.asked for e in (*mine, *others)}}
        edges = [_inclusion(meant[each.asked] or each.asked, each) for each in mine]
        return edges + [_inclusion(now, each) for each in others if (now := meant[each.asked])]

    async def _meant(self, asked: str) -> str:
        """The id of the version that it means now; empty where there is none."""
        try:
            return (await self._shelf.fetch_reference(parse_asked(asked)[0])).version.id
        except NotFound:
            return ""

    async def _node(
        self, version_id: str, prompt_id: str, name: str, labels: Mapping[int, tuple[str, ...]]
    ) -> Node | None:
        version = await self._shelf.store.versions.by_id(version_id)
        if version is None:
            return None
        own = version.prompt_id == prompt_id
        if not own:
            prompt = await self._shelf.store.prompts.by_id(version.prompt_id)
            name = prompt.name if prompt else version.prompt_id
        return Node(
            id=version.id,
            reference=f"{name}@{version.revision}",
            branch=version.branch,
            author=version.author,
            message=version.message,
            labels=labels.get(version.revision, ()) if own else (),
        )


def _edges_of(by_id: Mapping[str, Place]) -> Iterable[Edge]:
    for place in by_id.values():
        for number, parent in enumerate(place.parents):
            yield Edge(parent=parent, child=place.id, kind=_kind(by_id, place, parent, number))


def _kind(by_id: Mapping[str, Place], place: Place, parent: str, number: int) -> Link:
    known = by_id.get(parent)
    if known is None:
        return "derived"
    if number:
        # The second parent of a rollback is an ancestor of the first.
        return "rolled back" if parent in ancestors(by_id, place.parents[0]) else "merged"
    return "revised" if known.branch == place.branch else "branched"


def _inclusion(parent: str, each: Inclusion) -> Edge:
    return Edge(parent=parent, child=each.version_id, kind="included", asked=each.asked)


def _flat(messages: Sequence[Message]) -> list[tuple[int, str, int, str]]:
    """(message, role, line, text)"""
    return [
        (index, message.role, number, line)
        for index, message in enumerate(messages, 1)
        for number, line in enumerate(lines_of(message.content), 1)
    ]


def _passed(
    old: list[tuple[int, str, int, str]], new: list[tuple[int, str, int, str]], left: dict[int, int]
) -> dict[int, int]:
    """Those of the lines left that stand in the parent too, by their place there."""
    there, here = (
        [f"{line[1]}\0{line[3].rstrip(chr(10))}" for line in side] for side in (old, new)
    )
    same: dict[int, int] = {}
    i = k = 0
    for start, end, first, last in [*edits_of(there, here), (len(there), 0, len(here), 0)]:
        same.update(zip(range(k, first), range(i, start), strict=True))
        i, k = end, last
    return {same[line]: end for line, end in left.items() if line in same}


def _blamed(
    index: int, lines: list[tuple[int, str, int, str]], version: PromptVersion
) -> BlamedLine:
    message, role, line, text = lines[index]
    return BlamedLine(
        message=message,
        role=role,
        line=line,
        text=text.rstrip("\n"),
        revision=version.revision,
        author=version.author,
        at=version.created_at,
        why=version.message,
    )
