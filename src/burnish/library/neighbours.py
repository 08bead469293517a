"""Prompts that are like another, whoever wrote them: measured when somebody asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from burnish.errors import NotFound
from burnish.library.lineage import Edge, Graph, Likeness, Node
from burnish.storage.store import Fetched

if TYPE_CHECKING:
    from burnish.library.search import Search, Similar


class Neighbours:
    """`least` is the share of the wording from which on two prompts count as alike."""

    def __init__(self, search: Callable[[], Awaitable[Search]], least: float) -> None:
        self._search = search
        self._least = least

    async def of(self, found: Fetched, by: Sequence[Likeness], limit: int) -> tuple[Similar, ...]:
        search, text = await self._search(), found.version.text
        like: list[Similar] = []
        if "wording" in by:
            like += await search.near_duplicates(
                text, limit=limit, min_score=self._least, leave_out=found.prompt.name
            )
        if "meaning" in by:
            known = {each.name for each in like}
            near = await search.like(found.prompt, text, limit=limit + len(known))
            like += [each for each in near if each.name not in known]
        return tuple(like[:limit])


async def with_similar(
    graph: Graph,
    found: Fetched,
    like: Sequence[Similar],
    fetch: Callable[[str], Awaitable[Fetched]],
) -> Graph:
    """The graph with an edge from each prompt that is like the version found, but for those that
    it knows by another way."""
    nodes, edges = {node.id: node for node in graph.nodes}, list(graph.edges)
    known = {node.reference.rpartition("@")[0] for node in graph.nodes}
    for each in like:
        if each.name in known:
            continue
        reference = f"{each.name}@{each.revision}"
        try:
            other = (await fetch(reference)).version
        except NotFound:
            # Somebody deleted it just now.
            continue
        nodes.setdefault(
            other.id,
            Node(
                id=other.id,
                reference=reference,
                branch=other.branch,
                author=other.author,
                message=other.message,
            ),
        )
        edges.append(
            Edge(
                parent=other.id,
                child=found.version.id,
                kind="similar",
                score=each.score,
                by=each.by,
            )
        )
    return structs.replace(graph, nodes=tuple(nodes.values()), edges=tuple(edges))
