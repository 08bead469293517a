"""search, and the note on a prompt much like another."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run

SOUP = "Give me a recipe for a hearty winter soup with lentils and carrots."


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SEARCH__EMBEDDER", "hashed")


@pytest.fixture
def filled(run: Run) -> Run:
    run("prompts", "create", "cook/soup", SOUP, "--tag", "winter", "--tag", "vegan")
    run("prompts", "create", "cook/bread", "Bake a loaf of rye bread.", "--tag", "winter")
    run("prompts", "create", "ops/incident", "Summarise the incident report for the board.")
    return run


def test_a_hit_is_a_reference_a_score_and_a_snippet(filled: Run) -> None:
    done = filled("search", "rye", "--mode", "text")
    assert (done.code, done.out) == (0, "cook/bread@1\t1.000\tBake a loaf of rye bread.\n")
    assert done.err == ""


@pytest.mark.spec("SEA-05")
def test_json_tells_scores_ranks_and_marks(filled: Run) -> None:
    found = json.loads(filled("search", "lentils soup", "--json").out)
    first = found["items"][0]
    assert (first["prompt"]["name"], first["score"]) == ("cook/soup", 1.0)
    assert (first["text"]["rank"], first["semantic"]["rank"]) == (1, 1)
    marks = [first["snippet"]["text"][a:b] for a, b in first["snippet"]["marks"]]
    assert marks == ["soup", "lentils"]
    assert (found["within"], found["pending"], found["mode"]) == (3, 0, "hybrid")
    one = filled("search", "lentils incident", "--limit", "1", "--json")
    assert len(json.loads(one.out)["items"]) == 1
    high = filled("search", "lentils incident bread", "--mode", "text", "--min-score", "0.999")
    assert len(high.out.splitlines()) == 1


@pytest.mark.spec("SEA-04")
@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--category", "cook"), ["cook/bread", "cook/soup"]),
        (("--tag", "winter", "--tag", "vegan"), ["cook/soup"]),
        (("--tag", "winter", "--category", "ops"), []),
        (("--label", "production"), ["cook/soup"]),
        (("--since", "1h"), ["cook/bread", "cook/soup", "ops/incident"]),
        (("--until", "1h"), []),
        (("--min-rating", "0.5"), []),
        (("--provider", "openai"), []),
        (("--author", "nobody"), []),
    ],
)
def test_filters_add_up(filled: Run, options: tuple[str, ...], names: list[str]) -> None:
    filled("prompts", "label", "cook/soup", "production", "1")
    done = filled("search", "soup bread incident", "--json", *options)
    found = json.loads(done.out)
    assert sorted(item["prompt"]["name"] for item in found["items"]) == names
    assert found["within"] == len(names)


def test_the_query_may_come_from_a_pipe(filled: Run, spawn: Run) -> None:
    for arguments in (("search", "-"), ("search",)):
        done = spawn(*arguments, "--limit", "1", stdin="rye bread\n")
        assert done.out.startswith("cook/bread@1\t"), done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "the query is empty"),
        (("x", "--mode", "magic"), 'Invalid value "magic" for --mode'),
        (("x", "--limit", "0"), "0 hits are not possible"),
        (("x", "--min-score", "7"), "scores are between 0 and 1"),
        (("x", "--min-rating", "7"), "ratings are between 0 and 1"),
        (("x", "--since", "soon"), "'soon' is no time"),
        (("x", "--reindex"), "--reindex searches for nothing"),
    ],
)
def test_bad_options_are_usage_errors(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("search", *arguments)
    assert done.code == 2
    assert message in done.err


def test_signs_of_query_languages_are_words(filled: Run) -> None:
    for query in ('"soup', "soup AND", "NEAR(soup)", "name:soup", "soup*", "'; DROP TABLE prompts"):
        done = filled("search", query, "--mode", "text", "--limit", "1")
        assert (done.code, done.err) == (0, ""), query
    assert filled("prompts", "list").out


def test_reindex_makes_what_is_missing(filled: Run) -> None:
    done = filled("search", "--reindex", "--json")
    told = json.loads(done.out)
    assert (told["prompts"], told["embedded"], told["embedder"]) == (3, 3, "hashed-words/1")
    again = filled("search", "--reindex").out
    assert again == "3 prompts indexed, 0 embedded with hashed-words/1\n"


def test_what_is_not_embedded_yet_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import burnish
    from burnish.library import NewPrompt

    with burnish.open() as p:
        p.prompts.create_many([NewPrompt(name=f"p{n}", content=f"text {n}") for n in range(200)])
    monkeypatch.setenv("BURNISH_SEARCH__PATIENCE_S", "0")
    done = run("search", "text")
    assert done.code == 0
    assert "200 prompts are not embedded yet" in done.err


def test_a_prompt_much_like_another_is_created_and_said_so() -> None:
    def create(name: str, text: str) -> str:
        return on_terminal("prompts", "create", name, text)

    create("cook/soup", SOUP)
    shown = create("cook/stew", SOUP.replace("carrots", "leeks"))
    assert "cook/stew@1" in shown
    assert "much like cook/soup@1" in shown
    assert "much like" not in create("ops/other", "Summarise the incident report for the board.")
    assert "much like" not in create("cook/soup", f"{SOUP} Serve it hot.")


def on_terminal(*arguments: str) -> str:
    child: Any = cast("Any", pexpect).spawn(
        COMMAND[0], [*COMMAND[1:], *arguments], encoding="utf-8", timeout=60
    )
    child.expect(pexpect.EOF)
    return str(child.before)


def test_on_a_terminal_each_hit_has_its_snippet(filled: Run) -> None:
    shown = on_terminal("search", "lentils")
    assert "cook/soup@1" in shown
    assert "recipe" in shown
    assert "by words #1" in shown


def test_a_platform_searches_too(filled: Run) -> None:
    import burnish

    with burnish.open() as p:
        found = p.search("lentils", since=datetime.now(UTC) - timedelta(hours=1))
        assert found.items[0].prompt.name == "cook/soup"
        assert p.near_duplicates(SOUP)[0].name == "cook/soup"
        assert p.near_duplicates(SOUP, leave_out="cook/soup") == ()
        assert p.reindex().prompts == 3


def test_settings_say_what_holds_otherwise(filled: Run) -> None:
    import burnish

    query = "lentils incident bread"
    with burnish.open(search__limit=1) as p:
        assert len(p.search(query).items) == 1
        assert len(p.search(query, limit=2).items) == 2
    with burnish.open(search__min_score=0.99) as p:
        assert all(hit.score >= 0.99 for hit in p.search(query).items)
        assert len(p.search(query, min_score=0.0).items) == 3
    like = SOUP.replace("carrots", "leeks")
    with burnish.open(search__duplicate_score=1.0) as p:
        assert p.near_duplicates(like) == ()
        assert p.near_duplicates(SOUP)
    with burnish.open(search__duplicate_score=0.1) as p:
        assert p.near_duplicates(like)
    with burnish.open(search__embedder="hashed") as p:
        assert p.search(query).embedder == "hashed-words/1"


@pytest.mark.spec("LIB-16")
def test_an_archived_version_vanishes_from_search_and_stays_in_the_history(run: Run) -> None:
    run("prompts", "create", "note", "Describe a zeppelin.")
    run("prompts", "edit", "note", "Describe a glider.")
    run("prompts", "label", "note", "production", "1")
    assert run("search", "zeppelin", "--mode", "text").out
    run("prompts", "label", "note", "production", "2")
    run("prompts", "archive", "note", "1")
    assert not run("search", "zeppelin", "--mode", "text").out
    assert "note" in run("search", "glider", "--mode", "text").out
    assert [line.split("\t")[0] for line in run("prompts", "history", "note").out.splitlines()] == [
        "2",
        "1",
    ]
    assert "zeppelin" in run("prompts", "show", "note@1").out


def test_hits_without_a_word_of_the_query_are_said_to_be_a_guess(run: Run) -> None:
    run("prompts", "create", "t/a", "Analyze a Terraform plan.")
    guess = "may have nothing to do with it"
    found = json.loads(run("search", "kubernetes ingress annotations", "--json").out)
    assert found["items"]
    assert any(guess in note for note in found["notes"])
    for query, mode in (("terraform", "hybrid"), ("kubernetes ingress annotations", "semantic")):
        found = json.loads(run("search", query, "--mode", mode, "--json").out)
        assert found["items"]
        assert not any(guess in note for note in found["notes"])


def test_how_long_a_search_waits_for_vectors(run: Run) -> None:
    import burnish
    from burnish.library import NewPrompt

    assert run("search", "text").code == 0
    with burnish.open(search__embedder="hashed") as p:
        p.prompts.create_many([NewPrompt(name=f"m{n}", content=f"text {n}") for n in range(40)])
    with burnish.open(search__embedder="hashed", search__patience_s=0) as p:
        assert p.search("text").pending == 40
    with burnish.open(search__embedder="hashed", search__patience_s=60) as p:
        assert p.search("text").pending == 0
