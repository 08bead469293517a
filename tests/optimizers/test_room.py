"""What an optimisation leaves, through Python."""

from __future__ import annotations

import pytest
from tests.optimizers import stored

import burnish
from burnish.errors import Conflict, NotFound, UsageError


def test_optimisations_are_listed_newest_first_with_their_state(p: burnish.Platform) -> None:
    ended, queued, running, left = (
        stored.optimization(0, **stored.IMPROVED),
        stored.optimization(1, prompt="news@1", job_id=stored.IDS[1]),
        stored.optimization(2, dataset="else@1", job_id=stored.IDS[2]),
        stored.optimization(3, job_id=stored.IDS[3]),
    )
    stored.put(ended, queued, running, left)
    stored.work(queued, "queued")
    stored.work(running, "running")
    stored.work(left, "cancelled")
    found = p.optimizations.list()
    assert [each.id for each in found] == list(reversed(stored.IDS))
    assert [each.state for each in found] == ["stopped", "running", "queued", "done"]
    assert (found[-1].outcome, found[-1].best) == ("improved", "mail/late@2")
    assert [each.id for each in p.optimizations.list(prompt="news")] == [stored.IDS[1]]
    assert [each.id for each in p.optimizations.list(dataset="else")] == [stored.IDS[2]]
    assert [each.id for each in p.optimizations.list(limit=1)] == [stored.IDS[3]]
    with pytest.raises(UsageError, match="1 to"):
        p.optimizations.list(limit=0)


def test_one_is_named_by_the_beginning_of_its_id(p: burnish.Platform) -> None:
    one, two = stored.optimization(0), stored.optimization(1)
    stored.put(one, two)
    assert p.optimizations.get("01970001") == two
    with pytest.raises(Conflict, match="more than one"):
        p.optimizations.get("0197")
    for absent in ("0198", ""):
        with pytest.raises(NotFound, match="no optimisation"):
            p.optimizations.get(absent)


def test_candidates_come_with_what_their_answers_add_up_to(p: burnish.Platform) -> None:
    one = stored.tried()
    first, sorry, when, both, short = p.optimizations.candidates(one.id)
    assert [first.id, sorry.id, when.id, both.id, short.id] == [
        each.id for each in (stored.ORIGINAL, stored.SORRY, stored.WHEN, stored.BOTH, stored.SHORT)
    ]
    assert (first.step, first.operator, first.text) == (None, "original", stored.TEXT)
    assert (first.n, first.score, first.cost_usd) == (4, 0.5, 0.001)
    assert (first.input_tokens, first.output_tokens) == (40, 8)
    # The first way to a text is the one that counts.
    assert (sorry.step, sorry.operator, sorry.parents) == (1, "reflect", (first.id,))
    assert sorry.text == f"[system]\nYou write letters.\n\n[user]\n{stored.TEXT} Say sorry."
    assert (sorry.n, sorry.score, sorry.cost_usd, sorry.why) == (0, None, None, stored.SORRY.why)
    assert (when.n, when.failed, when.score, when.cost_usd) == (1, 1, 0.0, None)
    # One of its examples was answered twice: 1.0 and 0.5, without a price for the second.
    assert (both.n, both.answers, both.score, both.cost_usd) == (4, 5, 0.75, 0.002)
    assert (both.step, both.parents) == (3, (sorry.id, when.id))
    assert (short.step, short.operator, short.parents) == (7, "technique", (both.id,))


def test_an_optimisation_that_has_tried_nothing_shows_its_original(p: burnish.Platform) -> None:
    version = p.prompts.create("mail/late", stored.TEXT).version
    stored.put(stored.optimization(version_id=version.id))
    shown = p.optimizations.show(stored.IDS[0])
    (only,) = shown.candidates
    assert (only.id, only.text, only.n, only.score) == (stored.ORIGINAL.id, stored.TEXT, 0, None)
    assert (shown.counts.answers, shown.rejected) == (0, 0)


def test_a_search_that_makes_the_original_again_has_it_once(p: burnish.Platform) -> None:
    one = stored.tried()
    stored.drafted(one, 9, stored.candidate("", stored.SHORT, operator="unite"), stored.ORIGINAL)
    ids = [each.id for each in p.optimizations.candidates(one.id)]
    assert ids.count(stored.ORIGINAL.id) == 1
    assert (ids[0], len(ids)) == (stored.ORIGINAL.id, 6)


def test_it_is_shown_with_all_that_was_paid_for(p: burnish.Platform) -> None:
    one = stored.tried()
    shown = p.optimizations.show(one.id)
    assert (shown.optimization.id, shown.optimization.state) == (one.id, "done")
    counts = shown.counts
    assert (counts.candidates, counts.answers, counts.failed, counts.calls) == (3, 10, 1, 10)
    assert (counts.cost_usd, counts.unpriced) == (pytest.approx(0.012), 2)
    assert shown.rejected == 3
    assert shown.candidates == tuple(p.optimizations.candidates(one.id))


def test_one_is_deleted_with_all_that_it_tried_unless_it_runs(p: burnish.Platform) -> None:
    one = stored.tried()
    running = stored.optimization(1, job_id=stored.IDS[1])
    stored.put(running)
    stored.work(running, "running")
    assert p.optimizations.delete(one.id[:10]) == one
    assert [each.id for each in p.optimizations.list()] == [running.id]
    stored.put(one)
    assert [each.n for each in p.optimizations.candidates(one.id)] == [0]
    with pytest.raises(Conflict, match="is running"):
        p.optimizations.delete(running.id)
    assert p.prompts.get("mail/late").prompt.name == "mail/late"


async def test_coroutines_give_the_same(p: burnish.Platform) -> None:
    version = p.prompts.create("mail/late", stored.TEXT).version
    made = p.optimizations.list()
    async with burnish.open_async() as q:
        assert await q.optimizations.list() == made == []
        with pytest.raises(NotFound):
            await q.optimizations.show(version.id)
