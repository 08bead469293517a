"""Datasets as versions: what is in one stays, whatever is added; splits stay with the example."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import burnish
from burnish.errors import NotFound, UsageError
from burnish.evals.datasets import read_examples
from burnish.evals.datasets.splits import SHARES, split_of
from burnish.storage.example import Example, ScorerSpec

ROWS = [{"question": "2+2", "answer": "4", "tags": ["easy"]}, {"question": "3+3", "answer": "6"}]
IDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
VALUES = st.integers(0, 3)


def examples(p: burnish.Platform, reference: str, **where: Any) -> list[Example]:
    return list(p.datasets.iter_examples(reference, **where))


@pytest.mark.spec("TST-08")
def test_a_dataset_has_versions_with_input_expected_tags_and_splits_fixed_by_hash(
    p: burnish.Platform, tmp_path: Path
) -> None:
    path = tmp_path / "sums.csv"
    path.write_text("question,expected,tags\n2+2,4,easy\n3+3,6,\n", encoding="utf-8")
    first = p.datasets.add("maths/sums", path, description="Sums", message="to begin with")
    path.write_text("question,expected,tags\n4+4,8,\n2+2,4,easy\n", encoding="utf-8")
    second = p.datasets.add("maths/sums", path, replace=True)
    assert (first.version.version, second.version.version) == (1, 2)
    old, new = examples(p, "maths/sums@1"), examples(p, "maths/sums")
    assert [(e.inputs["question"], e.expected, e.tags) for e in old] == [
        ("2+2", "4", ("easy",)),
        ("3+3", "6", ()),
    ]
    assert [e.inputs["question"] for e in new] == ["2+2", "4+4"]
    assert new[0] == old[0]
    assert all(e.split == split_of(e.id) for e in (*old, *new))
    elsewhere = p.datasets.add("other", [{"question": "2+2", "expected": "4"}])
    assert examples(p, elsewhere.version.reference)[0].split == old[0].split


def test_references_and_what_they_mean(p: burnish.Platform) -> None:
    p.datasets.add("quiz", ROWS)
    p.datasets.add("quiz", [{"question": "4+4", "answer": "8"}])
    version = p.datasets.resolve("quiz")
    assert version == p.datasets.resolve("quiz@2") == p.datasets.resolve("quiz@latest")
    assert (version.name, version.version, version.size) == ("quiz", 2, 3)
    assert [v.version for v in p.datasets.versions("quiz")] == [2, 1]
    assert [d.name for d in p.datasets.list()] == ["quiz"]
    with pytest.raises(NotFound, match="did you mean 'quiz'"):
        p.datasets.resolve("quizz")
    with pytest.raises(NotFound, match="its newest is quiz@2"):
        p.datasets.resolve("quiz@3")
    for bad in ("quiz@production", "quiz@", "quiz@0", "quiz@99999999999", "", "a//b", "a|b"):
        with pytest.raises(UsageError):
            p.datasets.resolve(bad)
    with pytest.raises(UsageError, match="cannot name a dataset"):
        p.datasets.add("quiz@1", ROWS)


def test_filters_and_counts_agree(p: burnish.Platform) -> None:
    rows = [{"n": n, "tags": ["even"] if n % 2 == 0 else []} for n in range(700)]
    p.datasets.add("numbers", rows, tags=["number"])
    whole = examples(p, "numbers")
    assert [e.inputs["n"] for e in whole] == list(range(700))
    assert p.datasets.count("numbers") == 700
    for split in SHARES:
        some = examples(p, "numbers", split=split)
        assert some == [e for e in whole if e.split == split]
        assert p.datasets.count("numbers", split=split) == len(some)
    even = examples(p, "numbers", tags=["even", "number"])
    assert len(even) == p.datasets.count("numbers", tags=["even"]) == 350
    assert examples(p, "numbers", tags=["even"], limit=2) == even[:2]
    with pytest.raises(UsageError, match="limit of 0"):
        examples(p, "numbers", limit=0)
    with pytest.raises(UsageError, match="no split 'holdout'"):
        examples(p, "numbers", split="holdout")


def test_a_bad_row_stores_nothing_unless_it_is_left_out(p: burnish.Platform) -> None:
    rows: list[Any] = [{"x": 1}, {"x": float("nan")}, {"x": 3}, "text", {"x": {1, 2}}]
    with pytest.raises(UsageError, match="item 2: holds something other than plain JSON"):
        p.datasets.add("d", rows)
    assert p.datasets.list() == []
    done = p.datasets.add("d", rows, skip_errors=True)
    assert (done.added, done.skipped) == (2, 3)
    assert [row.place for row in done.skipped_rows] == ["item 2", "item 4", "item 5"]
    with pytest.raises(UsageError, match="has no examples"):
        p.datasets.add("e", [{"id": 1}], skip_errors=True)


@pytest.mark.parametrize(
    ("name", "content", "kept", "places"),
    [
        (
            "a.jsonl",
            '{"x": "a"}\n{"x": "%s"}\nnot JSON\n\xff\n{"x": "b"}\n' % ("y" * 2**21),
            ["a", "b"],
            ["line 2", "line 3", "line 4"],
        ),
        (
            "a.csv",
            'x,answer\na,1\n%s,2\n"q"uote,3\n\xff,4\nshort\n"two\nlines",5\n' % ("y" * 2**21),
            ["a", "two\nlines"],
            ["line 3", "line 4", "line 5", "line 6"],
        ),
    ],
    ids=["lines", "table"],
)
def test_good_rows_around_bad_ones_are_kept(
    p: burnish.Platform,
    tmp_path: Path,
    *,
    name: str,
    content: str,
    kept: list[str],
    places: list[str],
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    done = p.datasets.add("d", tmp_path / name, skip_errors=True)
    assert [row.place for row in done.skipped_rows] == places
    assert [e.inputs["x"] for e in examples(p, "d")] == kept


@pytest.mark.spec("TST-02")
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_rows_fill_variables_and_their_braces_stay_as_they_are(
    p: burnish.Platform, tmp_path: Path, name: str
) -> None:
    values = [("Ann", "{{ name }}"), ("{% raw %}", "{name} {{ 7 * 7 }}")]
    with (tmp_path / name).open("w", encoding="utf-8") as file:
        file.write("name,text\n" if name == "a.csv" else "")
        for who, text in values:
            row = json.dumps({"name": who, "text": text})
            file.write(f"{who},{text}\n" if name == "a.csv" else f"{row}\n")
    p.prompts.create("mail", "Dear {{ name }}, you wrote: {{ text }}")
    p.datasets.add("d", tmp_path / name)
    told = [p.prompts.render("mail", e.inputs).messages[0].content for e in examples(p, "d")]
    assert told == [f"Dear {who}, you wrote: {text}" for who, text in values]


async def test_what_is_deleted_while_it_is_read_does_not_seem_to_end(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path / "home")) as p:
        await p.datasets.add("d", ({"n": n} for n in range(1200)))
        reading = p.datasets.iter_pages("d")
        assert len(await anext(reading)) < 1200
        await p.datasets.delete("d")
        with pytest.raises(NotFound, match="deleted while it was read"):
            await anext(reading)


def test_open_files_and_values_too_deep_or_large(p: burnish.Platform) -> None:
    done = p.datasets.add("d", io.BytesIO(b"x,answer\na,b\n"), format="csv")
    assert (done.version.size, done.version.origin) == (1, "standard input")
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(UsageError, match="nested too deeply"):
        p.datasets.add("d", [{"x": deep}])
    with pytest.raises(UsageError, match="more than 1 MiB"):
        p.datasets.add("d", [{"x": "y" * 2**20}])


def test_exported_lines_come_back_as_they_were(p: burnish.Platform, tmp_path: Path) -> None:
    rows = [
        Example(
            id="a",
            inputs={"x": 1.5, "deep": {"list": [None, "ä\n"]}},
            expected={"yes": True},
            tags=("one", "two"),
            metadata={"from": "web"},
            scorers=(ScorerSpec(name="not-contains", value="z", threshold=0.5, weight=2.0),),
            split="train",
            synthetic=True,
        ),
        Example(id="b", inputs={"x": 0, "deep": ""}, expected=0, split="dev"),
    ]
    first = p.datasets.add("d", rows).version
    assert examples(p, "d") == rows
    for name, kind in (("d.jsonl", "jsonl"), ("d.csv", "csv")):
        with (tmp_path / name).open("wb") as file:
            assert p.datasets.export("d", file.write, format=kind) == 2  # pyright: ignore[reportArgumentType] - one of the two
    assert list(read_examples(tmp_path / "d.jsonl")) == rows
    assert p.datasets.add("e", tmp_path / "d.jsonl").version.content_hash == first.content_hash
    assert not p.datasets.add("d", tmp_path / "d.jsonl", replace=True).new
    texts = list(read_examples(tmp_path / "d.csv"))
    assert [(e.id, e.split, e.tags, e.synthetic) for e in texts] == [
        (e.id, e.split, e.tags, e.synthetic) for e in rows
    ]
    assert texts[0].scorers == rows[0].scorers
    assert json.loads(texts[0].inputs["deep"]) == rows[0].inputs["deep"]


def test_a_table_is_safe_in_a_spreadsheet_and_comes_back(
    p: burnish.Platform, tmp_path: Path
) -> None:
    rows = [{"x": value, "answer": '"q", r\ns'} for value in ("=1+1", "'=1", "a,b", " c ", "@d")]
    p.datasets.add("d", rows)
    with (tmp_path / "d.csv").open("wb") as file:
        p.datasets.export("d", file.write, format="csv")
    assert b"\n=1" not in (tmp_path / "d.csv").read_bytes()
    assert list(read_examples(tmp_path / "d.csv")) == examples(p, "d")
    p.datasets.add("e", [{"inputs": {"id": "x"}}])
    with pytest.raises(UsageError, match="called 'id'"):
        p.datasets.export("e", lambda _: None, format="csv")


def test_differences_need_two_versions_of_one_dataset(p: burnish.Platform) -> None:
    p.datasets.add("d", ROWS)
    p.datasets.add("e", ROWS)
    with pytest.raises(UsageError, match="the first version"):
        p.datasets.diff("d")
    with pytest.raises(UsageError, match="two datasets"):
        p.datasets.diff("d", "e")
    p.datasets.add("d", ROWS[:1], replace=True)
    found = p.datasets.diff("d")
    assert (found.old, found.new, found.removed) == ("d@1", "d@2", 1)


def test_what_is_deleted_is_gone_for_good(p: burnish.Platform) -> None:
    p.datasets.add("d", ROWS)
    assert p.datasets.delete("d").size == 2
    with pytest.raises(NotFound):
        p.datasets.delete("d")
    assert p.datasets.add("d", ROWS).version.version == 1


@given(st.lists(st.tuples(IDS, VALUES), min_size=1, max_size=20, unique_by=lambda row: row[0]))
def test_a_split_depends_on_the_id_alone(rows: list[tuple[str, int]]) -> None:
    assert {i: split_of(i) for i, _ in rows} == {i: split_of(i) for i, _ in reversed(rows)}
    assert {split_of(i) for i, _ in rows} <= set(SHARES)


def test_splits_have_the_shares_that_are_stated() -> None:
    found = [split_of(f"example {n}") for n in range(20_000)]
    for split, share in SHARES.items():
        assert abs(found.count(split) / 200 - share) < 1


@given(
    steps=st.lists(
        st.tuples(st.dictionaries(IDS, VALUES, min_size=1), st.booleans()), min_size=1, max_size=4
    )
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_versions_and_their_differences_are_those_of_plain_mappings(
    p: burnish.Platform, steps: list[tuple[dict[str, int], bool]]
) -> None:
    """Against dictionaries: additions and replacements in any order, all versions, all pairs."""
    if any(each.name == "d" for each in p.datasets.list()):
        p.datasets.delete("d")
    held: dict[str, int] = {}
    states: list[dict[str, int]] = []
    for rows, replace in steps:
        given_rows = [{"id": i, "inputs": {"i": i, "v": v}} for i, v in rows.items()]
        p.datasets.add("d", given_rows, replace=replace)
        held = dict(rows) if replace else held | rows
        if not states or states[-1] != held:
            states.append(held)
    for number, state in enumerate(states, start=1):
        found = examples(p, f"d@{number}")
        assert {e.id: e.inputs["v"] for e in found} == state
        assert all(e.split == split_of(e.id) for e in found)
    for one, old in enumerate(states, start=1):
        for two, new in enumerate(states, start=1):
            got = p.datasets.diff(f"d@{one}", f"d@{two}")
            changes = {(item.kind, item.id) for item in got.items}
            assert changes == {
                *(("added", i) for i in new.keys() - old.keys()),
                *(("removed", i) for i in old.keys() - new.keys()),
                *(("changed", i) for i in old.keys() & new.keys() if old[i] != new[i]),
            }
