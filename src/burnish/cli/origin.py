"""prompts blame, graph: where lines and versions come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnish.cli.common import NONE, Common, on_terminal, out, out_json, platform, table
from burnish.cli.prompts import Name, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burnish.library.lineage import Edge, Graph, Node

# How an edge reads from the version that came out of it.
_WAYS = {
    "revised": "revises",
    "branched": "branches off",
    "merged": "merges",
    "rolled back": "rolls back to",
    "derived": "is a copy of",
    "reverted": "takes back",
    "optimised": "is optimised from",
    "included": "includes",
    "similar": "is like",
}
# These tell nothing of where a version came from.
_ASIDE = ("included", "similar")
_GONE = "a version that is gone"


def blame(reference: Reference, /, *, common: Common = NONE) -> None:
    """Each line with the version and the person that brought it."""
    with platform(common) as p:
        lines = p.prompts.blame(reference)
    if common.json:
        out_json(lines)
        return
    rows = [
        (str(each.revision), each.author, f"{each.at:%Y-%m-%d}", each.role, each.text)
        for each in lines
    ]
    if on_terminal():
        table(("rev", "who", "when", "role", "line"), rows, wide="line")
    else:
        out("\n".join("\t".join(row) for row in rows))


def graph(name: Name, /, *, common: Common = NONE) -> None:
    """How the versions of a prompt came from one another, and from and into other prompts."""
    with platform(common) as p:
        found = p.prompts.graph(name, similar=True)
    if common.json:
        out_json(found)
    else:
        show_graph(found)


def show_graph(found: Graph) -> None:
    names = {node.id: node.reference for node in found.nodes}
    own = [node for node in found.nodes if node.reference.rpartition("@")[0] == found.name]
    own_ids = {node.id for node in own}
    rows: list[tuple[Node, list[str]]] = []
    for node in own:
        links = [
            f"{_WAYS[edge.kind]} {names.get(edge.parent, _GONE)}{_remark(edge, names)}"
            for edge in found.edges
            if edge.child == node.id
        ]
        links += [
            f"{names.get(edge.child, _GONE)} {_WAYS[edge.kind]} it{_remark(edge, names)}"
            for edge in found.edges
            if edge.parent == node.id and edge.child not in own_ids
        ]
        if not any(e.child == node.id and e.kind not in _ASIDE for e in found.edges):
            links.insert(0, "is the first")
        rows.append((node, links))
    out("\n".join(_line(*row) if on_terminal() else _fields(*row) for row in rows))


def _remark(edge: Edge, names: Mapping[str, str]) -> str:
    """How an included version is named, or how alike two prompts are."""
    if edge.score is not None:
        return f" ({edge.score:.0%} by {edge.by}, measured now)"
    if edge.asked and edge.parent == edge.asked:
        return " (which is not there)"
    known = names.get(edge.parent, edge.asked)
    return f" (as {edge.asked})" if edge.asked not in ("", known) else ""


def _fields(node: Node, links: list[str]) -> str:
    line = "" if node.branch == "main" else node.branch
    row = (node.reference, line, "; ".join(links), node.author, ", ".join(node.labels))
    return "\t".join(row).rstrip("\t")


def _line(node: Node, links: list[str]) -> str:
    """Not a table: names are long, and none of it may be cut."""
    branch = "" if node.branch == "main" else f"branch {node.branch}"
    facts = [branch, f"by {node.author}" if node.author else "", *node.labels]
    shown = ", ".join(fact for fact in facts if fact)
    told = f" ({shown})" if shown else ""
    if len(links) == 1:
        return f"{node.reference} {links[0]}{told}"
    return "\n    ".join([f"{node.reference}{told}", *links])
