"""A version that takes the place of another because it is better."""

from __future__ import annotations

import pytest

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Variable

BETTER = "Say {{ what }} kindly."


@pytest.fixture
def weak(p: burnish.Platform) -> burnish.Platform:
    p.prompts.create(
        "mail/late",
        "Say {{ what }}.",
        config={"model": "fake:a", "parameters": {"temperature": 1}},
        variables=[Variable(name="what", description="The news")],
    )
    return p


def test_it_says_what_is_better_and_is_known_to_improve(weak: burnish.Platform) -> None:
    given = {"parameters": {"temperature": 0}}
    saved = weak.prompts.improve_with(
        "mail/late", BETTER, over=1, message="0.4 to 0.6", config=given, metadata={"score": 0.6}
    )
    version = weak.prompts.get("mail/late").version
    assert version.id == saved.version.id
    assert (version.revision, version.branch, version.message) == (2, "main", "0.4 to 0.6")
    assert (version.text, version.metadata) == (BETTER, {"score": 0.6})
    assert version.variables[0].description == "The news"
    assert version.config == {"model": "fake:a", **given}
    graph = weak.prompts.graph("mail/late")
    names = {node.id: node.reference for node in graph.nodes}
    edges = {(names[e.parent], e.kind) for e in graph.edges if e.child == version.id}
    assert edges == {("mail/late@1", "revised"), ("mail/late@1", "optimised")}


def test_what_somebody_saved_meanwhile_is_not_lost(weak: burnish.Platform) -> None:
    weak.prompts.update("mail/late", "Mine.")
    with pytest.raises(Conflict):
        weak.prompts.improve_with("mail/late", BETTER, over=1)
    assert weak.prompts.get("mail/late").version.text == "Mine."
    # On a branch of its own it is in nobody's way.
    weak.prompts.improve_with("mail/late", BETTER, over=1, branch="weekly")
    assert weak.prompts.get("mail/late@branch:weekly").version.text == BETTER
    assert weak.prompts.get("mail/late").version.text == "Mine."


def test_what_is_not_there_is_named(weak: burnish.Platform) -> None:
    with pytest.raises(NotFound, match="9"):
        weak.prompts.improve_with("mail/late", BETTER, over=9)
    with pytest.raises(NotFound, match="mail/lat"):
        weak.prompts.improve_with("mail/lat", BETTER, over=1)
    with pytest.raises(UsageError, match="plain JSON"):
        weak.prompts.improve_with("mail/late", BETTER, over=1, metadata={"at": object()})
