"""A version that takes the place of another because it is better."""

from __future__ import annotations

import pytest

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.prompts.prompt import Variable


@pytest.fixture
def tried(p: burnish.Platform) -> burnish.Platform:
    """`mail/late@1`, and a candidate at revision 2 beside it."""
    p.prompts.create("mail/late", "Say {{ what }}.", config={"model": "fake:a"})
    p.prompts.branch("mail/late", "try")
    p.prompts.update(
        "mail/late",
        "Say {{ what }} kindly.",
        branch="try",
        variables=[Variable(name="what", description="The news")],
        metadata={"techniques": ["tone"]},
    )
    return p


def test_it_says_what_the_candidate_says_and_is_known_to_improve(tried: burnish.Platform) -> None:
    saved = tried.prompts.improve("mail/late", 2, over=1, message="0.4 to 0.6")
    version = tried.prompts.get("mail/late").version
    assert version.id == saved.version.id
    assert (version.revision, version.branch, version.message) == (3, "main", "0.4 to 0.6")
    assert version.text == "Say {{ what }} kindly."
    assert version.variables[0].description == "The news"
    assert version.config == {"model": "fake:a"}
    assert version.metadata == {"techniques": ["tone"]}
    graph = tried.prompts.graph("mail/late")
    names = {node.id: node.reference for node in graph.nodes}
    edges = {(names[e.parent], e.kind) for e in graph.edges if e.child == version.id}
    assert edges == {
        ("mail/late@1", "revised"),
        ("mail/late@2", "merged"),
        ("mail/late@1", "optimised"),
    }


def test_metadata_of_its_own_and_a_candidate_with_the_same_text(tried: burnish.Platform) -> None:
    tried.prompts.improve("mail/late", 2, over=1, metadata={"score": 0.6})
    saved = tried.prompts.improve("mail/late", 2, over=3)
    assert (saved.version.revision, saved.version.metadata) == (4, {"techniques": ["tone"]})
    assert tried.prompts.get("mail/late@3").version.metadata == {"score": 0.6}


def test_what_somebody_saved_meanwhile_is_not_lost(tried: burnish.Platform) -> None:
    tried.prompts.update("mail/late", "Mine.")
    with pytest.raises(Conflict):
        tried.prompts.improve("mail/late", 2, over=1)
    assert tried.prompts.get("mail/late").version.text == "Mine."


def test_what_is_not_there_is_named(tried: burnish.Platform) -> None:
    with pytest.raises(NotFound, match="9"):
        tried.prompts.improve("mail/late", 9, over=1)
    with pytest.raises(NotFound, match="mail/lat"):
        tried.prompts.improve("mail/lat", 2, over=1)
    with pytest.raises(UsageError, match="plain JSON"):
        tried.prompts.improve("mail/late", 2, over=1, metadata={"at": object()})
