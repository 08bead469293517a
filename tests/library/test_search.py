"""Search by words, by meaning and by both, over texts of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from burnish.errors import BurnishError, UsageError
from burnish.intents.embedding import embedding_available
from burnish.library import Library, NewPrompt
from burnish.library.embedders import Embedder, Hashed, MiniLm, embedder_named
from burnish.library.fusion import fuse
from burnish.library.ranked import Mode
from burnish.library.search import Found, Search, filter_of
from burnish.library.snippets import snippet
from burnish.library.vectors import Vectors
from burnish.library.words import likeness
from burnish.storage.index import DocState, SearchFilter, StoredVector
from burnish.storage.store import Store

needs_model = pytest.mark.skipif(
    not embedding_available(), reason="the extra embed is not installed"
)

PROMPTS = {
    "ops/postmortem": "Summarise the incident {{ report }}: what broke, who was hit, what we fix.",
    "kitchen/soup": "Give a recipe for a hearty winter soup with lentils and root vegetables.",
    "mail/late": "Tell the customer politely that the parcel will arrive late.",
    "legal/lease": "Point out unusual clauses in this tenancy agreement.",
    "code/review": "Look for bugs and unclear names in this pull request.",
    "school/fractions": "Explain fractions to a ten-year-old with slices of pizza.",
    "music/lyrics": "Write the chorus of a sad ballad about the sea.",
    "data/invoice": "Extract number, date and total from the invoice as JSON.",
    "travel/lisbon": "Plan three days in Lisbon for a family with small children.",
    "hr/interview": "List questions for hiring a nurse.",
    "fitness/knees": "Suggest exercises at home that spare the knees.",
    "news/digest": "Condense the article to five bullets for busy readers.",
}
# No word of a request, other than words such as "for", stands in what it means.
PARAPHRASES = {
    "learn from last night's server outage": "ops/postmortem",
    "something warm to eat in December": "kitchen/soup",
    "apology about a delayed shipment": "mail/late",
    "what should I watch out for before renting a flat": "legal/lease",
    "check my commit for mistakes": "code/review",
    "help my kid with maths": "school/fractions",
    "song text": "music/lyrics",
    "read amounts off a bill": "data/invoice",
    "holiday itinerary Portugal": "travel/lisbon",
    "recruit hospital staff": "hr/interview",
    "low impact workout for joint pain": "fitness/knees",
    "shorten a newspaper story": "news/digest",
}
ORDINARY = {
    "incident report": "ops/postmortem",
    "lentils": "kitchen/soup",
    "parcel customer": "mail/late",
    "tenancy agreement clauses": "legal/lease",
    "pull request bugs": "code/review",
    "pizza fractions": "school/fractions",
    "ballad chorus": "music/lyrics",
    "invoice json": "data/invoice",
    "lisbon": "travel/lisbon",
    "nurse": "hr/interview",
    "knees": "fitness/knees",
    "five bullets": "news/digest",
}

Searching = Callable[[Callable[[], Embedder]], Search]


class Counting:
    """Vectors that tell how long a text is; and how many texts were asked for."""

    passages, passage_words, unrelated, alike, weight = 1, 50, -1.0, 0.9, 1.0
    title_weight = 2.0

    def __init__(self, name: str = "counting", dimension: int = 2) -> None:
        self.id, self.dimension = name, dimension
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        rows = np.ones((len(texts), self.dimension), dtype=np.float32)
        rows[:, 0] = [len(text) for text in texts]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
async def search(library: Library, store: Store) -> Searching:
    await library.create_many([NewPrompt(name=n, content=t) for n, t in PROMPTS.items()])
    return lambda make: Search(store.search, make, holder="here")


def names(found: Found) -> list[str]:
    return [hit.prompt.name for hit in found.items]


async def recall(searched: Search, mode: Mode, wanted: dict[str, str], limit: int) -> float:
    hits = 0
    for query, name in wanted.items():
        hits += name in names(await searched.search(query, mode=mode, limit=limit))
    return hits / len(wanted)


@needs_model
@pytest.mark.spec("SEA-02")
async def test_a_paraphrase_without_shared_words_finds_the_prompt(search: Searching) -> None:
    searched = search(MiniLm)
    for query, name in PARAPHRASES.items():
        by_words = await searched.search(query, mode="text")
        assert name not in names(by_words), query
        by_meaning = await searched.search(query, mode="semantic", limit=3)
        assert name in names(by_meaning), query
        by_both = await searched.search(query, limit=3)
        assert name in names(by_both), query


@needs_model
@pytest.mark.spec("SEA-03")
async def test_both_together_find_at_least_what_each_finds(search: Searching) -> None:
    searched = search(MiniLm)
    wanted = PARAPHRASES | ORDINARY
    for limit in (3, 10):
        hybrid = await recall(searched, "hybrid", wanted, limit)
        assert hybrid >= await recall(searched, "text", wanted, limit)
        assert hybrid >= await recall(searched, "semantic", wanted, limit)


async def test_without_the_model_concepts_stand_in(search: Searching) -> None:
    searched = search(Hashed)
    assert await recall(searched, "hybrid", ORDINARY, 1) == 1.0
    assert await recall(searched, "semantic", ORDINARY, 3) == 1.0
    assert "news/digest" in names(await searched.search("sum up an article", mode="semantic"))


@pytest.mark.spec("SEA-05")
@pytest.mark.parametrize("mode", ["hybrid", "text", "semantic"])
async def test_hits_below_the_threshold_are_left_out(search: Searching, mode: Mode) -> None:
    searched = search(Hashed)
    query = "explain the article with pizza"
    everything = await searched.search(query, mode=mode, limit=100)
    scores = [hit.score for hit in everything.items]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len(scores) > 1
    least = scores[1]
    some = await searched.search(query, mode=mode, limit=100, min_score=least)
    assert [hit.score for hit in some.items] == [score for score in scores if score >= least]
    one = await searched.search(query, mode=mode, limit=1)
    assert one.items == everything.items[:1]
    assert some.within == everything.within == len(PROMPTS)


async def test_a_hit_tells_where_each_way_has_it(search: Searching) -> None:
    found = await search(Hashed).search("invoice JSON", limit=1)
    (hit,) = found.items
    assert (hit.prompt.name, hit.revision, hit.score) == ("data/invoice", 1, 1.0)
    assert hit.text is not None
    assert hit.semantic is not None
    assert (hit.text.rank, hit.semantic.rank) == (1, 1)
    assert 0 < hit.semantic.score < 1
    marked = [hit.snippet.text[a:b] for a, b in hit.snippet.marks]
    assert (hit.where, marked) == ("text", ["invoice", "JSON"])


async def test_filters_hold_for_every_way_of_searching(search: Searching) -> None:
    searched = search(Hashed)
    where = SearchFilter(category="kitchen")
    for mode in ("hybrid", "text", "semantic"):
        found = await searched.search("recipe article invoice", mode=mode, where=where)
        assert (names(found), found.within) == (["kitchen/soup"], 1)
        nothing = await searched.search("recipe", mode=mode, where=SearchFilter(tags=("none",)))
        assert (nothing.items, nothing.within) == ((), 0)


async def test_what_is_saved_or_deleted_meanwhile_is_seen_at_once(
    search: Searching, library: Library
) -> None:
    searched = search(Hashed)
    assert names(await searched.search("penguin", mode="semantic")) == []
    await library.create("zoo/penguin", "Draw a penguin.")
    assert names(await searched.search("penguin"))[0] == "zoo/penguin"
    await library.update("zoo/penguin", "Draw an otter.")
    assert names(await searched.search("otter", limit=1)) == ["zoo/penguin"]
    await library.delete("zoo/penguin")
    assert "zoo/penguin" not in names(await searched.search("penguin otter"))


@pytest.mark.spec("SEA-06")
async def test_another_embedder_embeds_anew_in_the_background(
    search: Searching, library: Library
) -> None:
    await library.create_many([NewPrompt(name=f"m{n}", content=f"text {n}") for n in range(90)])
    whole = len(PROMPTS) + 90
    small, large = Counting("small", 2), Counting("large", 5)
    first = search(lambda: small)
    found = await first.search("lentils")
    assert (found.pending, names(found)[0]) == (whole, "kitchen/soup")
    assert "not embedded yet" in found.notes[0]
    await first.settled()
    assert (await first.search("lentils")).pending == 0
    # Vectors of two dimensions are there, and nobody compares them with those of five.
    second = search(lambda: large)
    assert (await second.search("lentils", mode="semantic")).items == ()
    await second.settled()
    found = await second.search("lentils", mode="semantic", limit=100)
    assert (found.pending, len(found.items), found.embedder) == (0, 100, "large")
    assert small.texts == whole + 1
    assert large.texts == whole + 1
    assert (await first.search("lentils", mode="semantic")).pending == 0
    done = await second.reindex()
    assert (done.embedded, done.removed, done.prompts) == (0, whole, whole)


async def test_a_search_waits_a_while_for_vectors(store: Store, library: Library) -> None:
    await library.create_many([NewPrompt(name=f"m{n}", content=f"text {n}") for n in range(90)])
    patient = Search(store.search, Counting, holder="here", patience_s=60)
    assert (await patient.search("text 7")).pending == 0
    await patient.close()


async def test_a_score_by_both_tells_whether_a_hit_fits_at_all(search: Searching) -> None:
    searched = search(Hashed)
    (first, *_) = (await searched.search("lentils soup")).items
    assert (first.prompt.name, first.score) == ("kitchen/soup", 1.0)
    stray = await searched.search("soup of quarks and gluons at high temperature")
    assert 0 < stray.items[0].score < 0.6
    apart = await searched.search("magnetohydrodynamic turbulence", mode="hybrid")
    assert all(hit.score < 0.5 for hit in apart.items)
    assert (await searched.search("magnetohydrodynamic turbulence", min_score=0.5)).items == ()


async def test_a_word_is_not_taken_for_a_shorter_one(search: Searching, library: Library) -> None:
    await library.create("run", "Keep a steady pace.")
    assert not [n for n in (await search(Hashed).search("parcel")).notes if "pace" in n]


async def test_two_processes_do_not_embed_the_same_twice(
    search: Searching, store: Store, library: Library
) -> None:
    await library.create_many([NewPrompt(name=f"m{n}", content=f"text {n}") for n in range(150)])
    one, two = Counting(), Counting()
    here = search(lambda: one)
    there = Search(store.search, lambda: two, holder="there")
    await asyncio.gather(here.search("x"), there.search("x"))
    await asyncio.gather(here.settled(), there.settled())
    for each in (here, there):
        await each.search("x")
        await each.settled()
        assert (await each.search("x")).pending == 0
    whole = 150 + len(PROMPTS)
    assert one.texts + two.texts - 2 == whole


async def test_closing_ends_the_embedding_and_keeps_what_is_done(
    search: Searching, library: Library, store: Store
) -> None:
    await library.create_many([NewPrompt(name=f"m{n}", content=f"text {n}") for n in range(300)])
    searched = search(Counting)
    await searched.search("x")
    await searched.close()
    again = search(Counting)
    found = await again.search("x")
    assert 0 < found.pending <= 300 + len(PROMPTS)
    done = await again.reindex()
    assert done.embedded <= found.pending
    assert (await again.search("x")).pending == 0


async def test_an_embedder_that_fails_is_told_and_words_still_find(
    search: Searching, library: Library
) -> None:
    class Failing(Counting):
        def encode(self, texts: Sequence[str]) -> Any:
            if len(texts) > 1:
                raise UsageError("the model is broken", hint="mend it")
            return super().encode(texts)

    await library.create_many([NewPrompt(name=f"m{n}", content="text") for n in range(20)])
    searched = search(Failing)
    await searched.search("lentils")
    await searched.settled()
    found = await searched.search("lentils")
    assert names(found) == ["kitchen/soup"]
    assert "the model is broken" in found.notes[-1]
    await searched.close()


async def test_a_misspelled_word_finds_what_is_spelled_nearly_so(search: Searching) -> None:
    found = await search(Hashed).search("invioce", mode="text")
    assert names(found) == ["data/invoice"]
    assert found.notes == ("no prompt has 'invioce'; words like 'invoic' were looked for",)
    nothing = await search(Hashed).search("qqqqqqq", mode="text")
    assert (nothing.items, nothing.notes) == ((), ())


async def test_words_with_accents_and_scripts_without_spaces(
    search: Searching, library: Library
) -> None:
    searched = search(Hashed)
    await library.create("de/brief", "Schreibe einen höflichen Brief an die Behörde.")
    await library.create("zh/translate", "请把下面的提示词翻译成英文。")
    for query in ("hoflichen", "HÖFLICHEN", "ho\u0308flichen"):
        assert names(await searched.search(query, mode="text")) == ["de/brief"], query
    found = await searched.search("提示词", mode="text")
    assert names(found) == ["zh/translate"]
    (hit,) = found.items
    assert [hit.snippet.text[a:b] for a, b in hit.snippet.marks] == ["提示词"]


async def test_common_words_alone_still_find(search: Searching) -> None:
    assert names(await search(Hashed).search("what for the", mode="text"))


async def test_near_duplicates_are_found_by_their_wording(
    search: Searching, library: Library
) -> None:
    searched = search(Hashed)
    text = PROMPTS["kitchen/soup"].replace("hearty", "light")
    (like,) = await searched.near_duplicates(text)
    assert (like.name, like.revision) == ("kitchen/soup", 1)
    assert 0.5 < like.score < 1
    assert await searched.near_duplicates(text, leave_out="kitchen/soup") == ()
    assert await searched.near_duplicates(text, min_score=0.95) == ()
    assert await searched.near_duplicates("Give a recipe for bread.") == ()
    (same,) = await searched.near_duplicates(PROMPTS["mail/late"].upper())
    assert (same.name, same.score) == ("mail/late", 1.0)
    assert await searched.near_duplicates("") == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"query": " "}, "the query is empty"),
        ({"query": "x" * 10_001}, "10001 characters"),
        ({"query": "x", "mode": "magic"}, "no mode 'magic'"),
        ({"query": "x", "limit": 0}, "0 hits are not possible"),
        ({"query": "x", "limit": 1001}, "1001 hits"),
        ({"query": "x", "min_score": 1.5}, "a score of 1.5"),
        ({"query": "x", "min_score": float("nan")}, "a score of nan"),
    ],
)
async def test_bad_values_are_refused(
    search: Searching, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        await search(Hashed).search(given.pop("query"), **given)


def test_a_rating_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError, match="a rating of 5"):
        filter_of(min_rating=5)
    assert filter_of(tags=[" a ", "", "a"]).tags == ("a",)


def test_an_unknown_embedder_is_refused() -> None:
    with pytest.raises(BurnishError, match="no embedder 'magic'"):
        embedder_named("magic")  # pyright: ignore[reportArgumentType]


def test_fusion_rewards_what_both_have() -> None:
    weights = {"a": 1.0, "b": 1.0}
    fused = fuse({"a": [(1, 1.0), (2, 1.0), (3, 1.0)], "b": [(2, 1.0), (4, 1.0)]}, weights)
    assert [item for item, _ in fused] == [2, 1, 4, 3]
    assert fuse({"a": [(7, 1.0)], "b": [(7, 1.0)]}, {"a": 1.0, "b": 2.0}) == [(7, 1.0)]
    assert fuse({"a": [(1, 0.5)], "b": [(2, 1.0)]}, weights) == [(2, 0.5), (1, 0.25)]
    assert fuse({"a": [], "b": []}, weights) == []


def test_a_snippet_is_where_most_words_stand() -> None:
    text = "alpha " + "filler " * 100 + "alpha and beta " + "filler " * 100
    piece = snippet(text, ["alpha", "beta"], 80)
    assert [piece.text[a:b] for a, b in piece.marks] == ["alpha", "beta"]
    assert (piece.before, piece.after) == (True, True)
    assert len(piece.text) <= 80
    assert not piece.text.startswith("iller")
    assert snippet("short", ["none"]).text == "short"
    assert snippet("", ["none"]).marks == ()
    assert snippet("tests tested", ["testing"]).marks == ((0, 5), (6, 12))


def test_likeness_is_symmetrical_and_counts_runs_of_words() -> None:
    assert likeness("a b c d", "A, b c. D") == 1.0
    assert likeness("a b c d", "a b c e") == likeness("a b c e", "a b c d") == 0.5
    assert likeness("", "") == likeness("a", "b") == 0.0


def _vectors(count: int, categories: int = 3) -> tuple[Vectors, Any]:
    rows = np.random.default_rng(1).normal(size=(count, 8)).astype("<f2").astype(np.float32)
    held = Vectors(8)
    held.learn_docs([DocState(n + 1, n + 1, True, f"c{n % categories}") for n in range(count)])
    stored = [
        StoredVector(n + 1, n + 1, n + 1, rows[n].astype("<f2").tobytes()) for n in range(count)
    ]
    assert held.learn_vectors(stored)
    return held, rows


def test_nearest_is_exact_whatever_part_is_searched() -> None:
    held, rows = _vectors(3000)
    wanted = rows[17]
    scores = rows @ wanted
    cases: list[list[int] | None] = [None, list(range(1, 3001, 3)), [5, 9, 2999], [17, 18], []]
    for among in cases:
        docs = range(1, 3001) if among is None else among
        best = sorted(docs, key=lambda doc: -scores[doc - 1])[:10]
        found = held.nearest(wanted, 10, among)
        assert [doc for doc, _ in found] == best
        assert [score for _, score in found] == pytest.approx([scores[d - 1] for d in best], 1e-4)
    assert held.nearest(wanted, 10, [99_999]) == []


def test_a_doc_that_changes_is_not_found_until_its_vector_comes() -> None:
    held, rows = _vectors(50)
    held.learn_docs([DocState(7, 51, True, "c9"), DocState(8, 52, False, "c1")])
    assert (held.live, held.missing, held.docs_missing(9)) == (49, 1, [7])
    assert not {7, 8} & {doc for doc, _ in held.nearest(rows[6], 50)}
    old = StoredVector(60, 7, 7, rows[6].astype("<f2").tobytes())
    new = StoredVector(61, 7, 51, rows[3].astype("<f2").tobytes())
    short = StoredVector(62, 7, 51, b"12")
    assert held.learn_vectors([old, new, short])
    assert (held.missing, held.vector_id) == (0, 62)
    assert held.nearest(rows[3], 2)[1][0] in (4, 7)
    ahead = StoredVector(70, 9, 99, rows[1].astype("<f2").tobytes())
    assert not held.learn_vectors([ahead])
    held.learn_docs([DocState(9, 99, True, "c1"), DocState(8, 100, True, "c1")])
    assert held.learn_vectors([ahead])
    assert held.docs_missing(9) == [8]
