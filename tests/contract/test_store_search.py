"""What every store must do with what is searched: follow each write, filter, keep vectors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.rating import rate
from tests.contract.test_store import IDS, NOON, add, draft, move, prompt

from burnish.prompts.prompt import Label, Message, Prompt
from burnish.storage.index import NewVector, SearchFilter
from burnish.storage.run import Run
from burnish.storage.store import Draft, Edit, Entry, PromptFilter, Store

ANY = SearchFilter()
HOUR = timedelta(hours=1)


async def found(store: Store, word: str, where: SearchFilter = ANY) -> list[str]:
    matches = await store.search.matches([word], where, 50, among=1000)
    return [item.prompt.name for item in await store.search.items([m.doc for m in matches])]


async def put(store: Store, name: str, text: str, **fields: Any) -> Prompt:
    of_version = {key: fields.pop(key) for key in ("author", "config") if key in fields}
    new = prompt(name, **fields)
    await store.prompts.add(new, draft(text, **of_version))
    return new


async def test_what_is_added_is_found_by_name_tags_description_and_every_message(
    store: Store,
) -> None:
    messages = (Message("system", "You are a walrus."), Message("user", "Count {{ oysters }}."))
    new = prompt("beach/lunch", tags=("sea food",), description="Feeds a carpenter")
    await store.prompts.add(new, draft(messages=messages))
    await add(store, "other")
    for word in ("beach", "lunch", "food", "carpenter", "walrus", "oysters", "WALRUS", "oyster"):
        assert await found(store, word) == ["beach/lunch"], word
    assert await found(store, "user") == []


async def test_what_is_found_is_the_version_that_a_bare_name_gives(store: Store) -> None:
    new = await put(store, "note", "alpha")
    await store.versions.add(new.id, draft("beta"))
    assert [await found(store, w) for w in ("alpha", "beta")] == [[], ["note"]]
    await store.labels.change(new.id, move("staging", 1))
    assert [await found(store, w) for w in ("alpha", "beta")] == [[], ["note"]]
    await store.labels.change(new.id, move("production", 1))
    assert [await found(store, w) for w in ("alpha", "beta")] == [["note"], []]
    await store.versions.add(new.id, draft("gamma"))
    assert [await found(store, w) for w in ("alpha", "gamma")] == [["note"], []]
    await store.labels.change(new.id, move("production", 2))
    assert [await found(store, w) for w in ("alpha", "beta")] == [[], ["note"]]
    await store.labels.change(new.id, move("production", None))
    assert [await found(store, w) for w in ("beta", "gamma")] == [[], ["note"]]


async def test_prompts_that_come_in_whole_are_found_by_the_right_version(store: Store) -> None:
    versions = (draft("alpha"), draft("beta"), draft("gamma"))
    held = (Label(name="production", revision=2, moved_at=NOON),)
    await store.prompts.add_many(
        [Entry(prompt("one"), versions, held), Entry(prompt("two"), (draft("alpha"),))]
    )
    words = ("alpha", "beta", "gamma")
    assert [await found(store, word) for word in words] == [["two"], ["one"], []]


async def test_deleted_prompts_vanish_and_come_back_and_archived_versions_stay_away(
    store: Store,
) -> None:
    new = await put(store, "note", "alpha")
    await store.prompts.delete(new.id, NOON)
    assert (await found(store, "alpha"), await store.search.docs(ANY)) == ([], [])
    await store.prompts.restore(new.id, "memo", NOON)
    assert (await found(store, "alpha"), await found(store, "note")) == (["memo"], [])
    # Only versions that nothing points at can be archived, and those are not found anyway.
    await store.versions.add(new.id, draft("beta"))
    before = await store.search.state()
    await store.versions.archive(new.id, [1], NOON)
    assert (await found(store, "alpha"), await found(store, "beta")) == ([], ["memo"])
    assert await store.search.state() == before


async def test_an_edit_changes_what_is_found_and_a_use_or_a_rating_does_not(store: Store) -> None:
    new = await put(store, "note", "alpha", description="old", tags=("one",), category="c")
    before = await store.search.state()
    await store.prompts.use(new.id, 3)
    await rate(store, new.id, 0.5)
    await store.prompts.edit(new.id, Edit(description="old"), NOON)
    assert await store.search.state() == before
    await store.prompts.edit(new.id, Edit(description="fresh", tags=("two",), category="d"), NOON)
    assert await found(store, "old") == await found(store, "one") == []
    assert await found(store, "fresh") == await found(store, "two") == ["note"]
    assert await found(store, "alpha", SearchFilter(category="c")) == []
    assert await found(store, "alpha", SearchFilter(category="d")) == ["note"]
    (changed,) = await store.search.changes(before.stamp, 10)
    assert (changed.live, changed.category) == (True, "d")


@pytest.mark.parametrize(
    "words",
    ['"', "AND", "NEAR(a b)", "name:note", "al*", "^alpha", "-alpha", "(", "a'b", "\\", "%", "\0"],
)
async def test_signs_of_a_query_language_are_plain_text(store: Store, words: str) -> None:
    await put(store, "note", "alpha")
    expected = ["note"] if words in ("^alpha", "-alpha") else []
    assert await found(store, words) == expected
    (holders,) = await store.search.holders([words], ANY, 10)
    assert len(holders) == len(expected)
    assert await found(store, "x') OR facets : (c", SearchFilter(category='c" OR "c')) == []


@pytest.mark.spec("SEA-04")
async def test_filters_combine_with_and_and_count_as_the_list_does(store: Store) -> None:
    await put(store, "a", "word", category="Ops", tags=("x y", "z"), author="ann")
    await put(store, "b", "word", category="Ops", tags=("x y",), config={"model": "openai:gpt-5"})
    await put(store, "c", "word", category="ops", tags=("z", "ünï"), config={"language": "de"})
    await put(store, "d", "word", updated_at=NOON + HOUR, config={"model": "openai"})
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["a", "b", "c", "d"]),
        ({"category": "Ops"}, ["a", "b"]),
        ({"category": "Op"}, []),
        ({"category": ""}, ["d"]),
        ({"tags": ("x y",)}, ["a", "b"]),
        ({"tags": ("x",)}, []),
        ({"tags": ("z", "x y")}, ["a"]),
        ({"tags": ("ünï",)}, ["c"]),
        ({"category": "Ops", "tags": ("z",)}, ["a"]),
        ({"category": "ops", "tags": ("x y",)}, []),
        ({"author": "ann"}, ["a"]),
        ({"model": "openai:gpt-5"}, ["b"]),
        ({"provider": "openai"}, ["b", "d"]),
        ({"language": "de"}, ["c"]),
        ({"since": NOON + HOUR}, ["d"]),
        ({"until": NOON + HOUR}, ["a", "b", "c"]),
        ({"since": NOON + HOUR, "category": "Ops"}, []),
    ]
    for given, names in cases:
        where = SearchFilter(**given)
        assert sorted(await found(store, "word", where)) == names, given
        items = await store.search.items(await store.search.docs(where))
        assert sorted(item.prompt.name for item in items) == names, given
        assert await store.search.count(where) == len(names), given
        (holders,) = await store.search.holders(["word"], where, 100)
        facets = SearchFilter(**_facets(given))
        assert len(holders) == len(await found(store, "word", facets))
        if set(given) <= {"category", "tags"}:
            assert await store.prompts.count(PromptFilter(**given)) == len(names), given


def _facets(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in ("since", "until")}


@pytest.mark.spec("SEA-04")
async def test_labels_ratings_and_phases_filter_too(store: Store) -> None:
    good, bad = await put(store, "good", "word"), await put(store, "bad", "word")
    await store.labels.change(good.id, move("staging", 1))
    await rate(store, good.id, 0.9)
    await rate(store, bad.id, 0.2)
    fetched = await store.versions.find("bad")
    assert fetched is not None
    at = datetime(2026, 5, 4, tzinfo=UTC)
    run = Run(id=IDS(), kind="phase", version_id=fetched.version.id, phase="refine", created_at=at)
    await store.runs.add([run])
    for where, names in (
        (SearchFilter(label="staging"), ["good"]),
        (SearchFilter(label="production"), []),
        (SearchFilter(min_rating=0.5), ["good"]),
        (SearchFilter(min_rating=0.1, label="staging"), ["good"]),
        (SearchFilter(phase="refine"), ["bad"]),
        (SearchFilter(phase="refine", label="staging"), []),
    ):
        assert await found(store, "word", where) == names
        assert await store.search.count(where) == len(names)


async def test_matches_are_ranked_by_where_the_word_stands(store: Store) -> None:
    await put(store, "text", "alpha " + "filler " * 30)
    await put(store, "told", "filler " * 30, description="alpha")
    await put(store, "alpha", "filler " * 30)
    assert await found(store, "alpha") == ["alpha", "told", "text"]
    titled, held = await store.search.holding_all(["alpha", "filler"], ANY, 9, enough=9)
    assert (len(titled), len(held)) == (0, 3)
    titled, held = await store.search.holding_all(
        ["alpha"], SearchFilter(author="nobody"), 9, enough=9
    )
    assert titled == held == []
    titled, held = await store.search.holding_all(["alpha"], ANY, 2, enough=3)
    assert [i.prompt.name for i in await store.search.items(titled)] == ["alpha", "told"]
    assert titled == held
    titled, held = await store.search.holding_all(["alpha"], ANY, 9, enough=2)
    assert (len(titled), held) == (2, [])
    newest = await store.search.matches(["filler"], ANY, 9, among=1)
    assert len(newest) == 1


async def test_scripts_without_spaces_are_found_by_their_parts(store: Store) -> None:
    await put(store, "zh", "请把下面的提示词翻译成英文。")
    await put(store, "ja", "要約", description="会議の議事録")
    await put(store, "en", "plain")
    names = [i.prompt.name for i in await store.search.items(await _with(store, "提示词"))]
    assert names == ["zh"]
    assert len(await _with(store, "议事")) == 0
    assert len(await _with(store, "議事録")) == 1
    assert len(await _with(store, "plain")) == 0
    assert len(await _with(store, "%")) == 0


async def _with(store: Store, part: str) -> list[int]:
    return await store.search.containing([part], ANY, 10)


async def test_vectors_belong_to_a_state_of_the_text_and_to_an_embedder(store: Store) -> None:
    new = await put(store, "note", "alpha")
    (doc,) = await store.search.docs(ANY)
    (text,) = await store.search.texts([doc])
    assert (text.name, text.body) == ("note", "alpha")
    await store.search.put("one", [NewVector(doc, text.stamp, b"12")])
    await store.search.put("two", [NewVector(doc, text.stamp, b"34")])
    first = (await store.search.vectors("one", 0, 10))[0]
    assert (first.doc, first.stamp, first.vector) == (doc, text.stamp, b"12")
    await store.versions.add(new.id, draft("beta"))
    (later,) = await store.search.texts([doc])
    assert later.stamp > text.stamp
    await store.search.put("one", [NewVector(doc, later.stamp, b"56")])
    (second,) = await store.search.vectors("one", first.id, 10)
    assert (second.stamp, second.vector) == (later.stamp, b"56")
    assert (await store.search.state()).vector == second.id
    assert await store.search.drop(keep="one") == 1
    assert await store.search.vectors("two", 0, 10) == []


async def test_one_holder_at_a_time_has_a_task(store: Store) -> None:
    late = NOON + HOUR
    assert await store.search.claim("embed", "ann", late, NOON)
    assert not await store.search.claim("embed", "ben", late, NOON)
    assert await store.search.claim("embed", "ann", late + HOUR, NOON)
    assert await store.search.claim("other", "ben", late, NOON)
    assert await store.search.claim("embed", "ben", late + 3 * HOUR, late + HOUR)
    await store.search.release("embed", "ann")
    assert not await store.search.claim("embed", "ann", late, late)
    await store.search.release("embed", "ben")
    assert await store.search.claim("embed", "ann", late, NOON)


async def test_words_near_another_are_listed_with_their_docs(store: Store) -> None:
    await put(store, "a", "incident incident")
    await put(store, "b", "invoice incident")
    near = dict(await store.search.words_near("in", 10))
    assert sorted(near.values()) == [1, 2]
    assert all(word.startswith("in") for word in near)


async def test_an_unusual_config_stops_no_write(store: Store) -> None:
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    odd: list[Draft] = [
        draft("alpha", config={"model": 7, "language": None}),
        draft("alpha", config={"model": {"a": [1]}}, metadata={"deep": deep}),
    ]
    for number, each in enumerate(odd):
        await store.prompts.add(prompt(f"p{number}"), each)
    assert len(await found(store, "alpha")) == 2


async def test_a_rebuilt_index_finds_the_same(store: Store) -> None:
    await put(store, "note", "alpha")
    await put(store, "memo", "alpha beta")
    before = [await found(store, word) for word in ("alpha", "beta", "note")]
    await store.search.rebuild()
    assert [await found(store, word) for word in ("alpha", "beta", "note")] == before
