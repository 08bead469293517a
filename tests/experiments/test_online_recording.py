"""What came of a unit is recorded once, by the unit or by the run that served it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.cli.answering import Said, answering

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.experiments.findings import Findings
from burnish.storage.experiment import Moved
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

NOW = datetime.now(UTC)
TELLERS, TOLD = 4, 1_000


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    """With a running experiment of two versions of `mail`."""
    with burnish.open() as platform:
        platform.prompts.create("mail", "Answer {{ text }}.")
        platform.prompts.create("mail", "Answer {{ text }} briefly.")
        platform.prompts.set_label("mail", "production", 1)
        platform.experiments.create(
            "shorter",
            ["A=mail@1", "B=mail@2"],
            metric="solved",
            guardrails=["words, kind=mean, margin=5", "errors, kind=ratio, margin=0.1"],
        )
        platform.experiments.start("shorter")
        yield platform


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """What it was asked."""
    asked: list[str] = []

    def reply(body: dict[str, Any]) -> Said:
        asked.append(body["messages"][-1]["content"])
        return Said("Yes.")

    with answering(reply) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield asked


def report(p: burnish.Platform) -> Findings:
    return p.experiments.report("shorter")


def test_a_rate_has_one_outcome_a_unit(p: burnish.Platform) -> None:
    p.prompts.get("mail", unit="u")
    record = p.experiments.record
    first = record("shorter", unit="u", value=True)
    assert (first.state, first.metric, first.note) == ("recorded", "solved", "")
    assert record("shorter", unit="u", value=1).state == "duplicate"
    assert record("shorter", unit="u", value=0).state == "duplicate"
    assert report(p).tally.outcomes == {"solved": 1}


def test_a_mean_has_as_many_as_it_has_keys(p: burnish.Platform) -> None:
    record = p.experiments.record
    p.prompts.get("mail", unit="u")
    for key, state in (("r1", "recorded"), ("r1", "duplicate"), ("r2", "recorded")):
        told = record("shorter", unit="u", metric="words", value=12, key=key)
        assert told.state == state
    for _ in range(2):
        assert record("shorter", unit="u", metric="words", value=12).state == "recorded"
    assert report(p).tally.outcomes == {"words": 4}


def test_what_comes_before_its_exposure_waits_for_it(p: burnish.Platform) -> None:
    first = p.experiments.record("shorter", unit="early-bird", value=1)
    assert first.state == "unmatched"
    assert "early-bird has seen no variant so far" in first.note
    assert report(p).tally.unmatched == 1
    p.prompts.get("mail", unit="early-bird")
    after = report(p)
    assert (after.tally.unmatched, after.tally.early) == (0, 0)
    # From long before, it is no outcome of what it saw later.
    long_ago = NOW - timedelta(hours=2)
    before = p.experiments.record(
        "shorter", unit="early-bird", metric="words", value=3, at=long_ago
    )
    assert before.state == "early"
    assert "from before early-bird saw its variant" in before.note
    assert report(p).tally.early == 1
    rows = [
        {"unit": "early-bird", "metric": "words", "value": 1, "key": "now"},
        {"unit": "early-bird", "metric": "words", "value": 1, "key": "then", "at": long_ago},
        {"unit": "nobody", "value": 1},
    ]
    done = p.experiments.record_many(rows, name="shorter")
    assert (done.recorded, done.unmatched, done.early) == (3, 1, 1)


def test_clocks_may_be_a_minute_apart(p: burnish.Platform) -> None:
    p.prompts.get("mail", unit="u")
    record = p.experiments.record
    for name, seconds in (("slow", -50), ("fast", 50)):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        record("shorter", unit="u", metric="words", value=1, key=name, at=at)
    found = report(p)
    assert (found.tally.outcomes, found.tally.early) == ({"words": 2}, 0)
    with pytest.raises(UsageError, match="is in the future"):
        record("shorter", unit="u", value=1, at=datetime.now(UTC) + timedelta(seconds=90))


NO_OUTCOMES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"value": float("nan")}, "'nan' is no value"),
    ({"value": float("inf")}, "'inf' is no value"),
    ({"value": -1e101}, "is no value"),
    ({"value": None}, "there is no value"),
    ({"value": "much"}, "'much' is no value"),
    ({"value": 0.5}, "0.5 is no outcome of a rate"),
    ({"value": 1, "denominator": 2}, "a rate has no denominator"),
    ({"value": 1, "metric": "errors", "denominator": -1}, "the denominator is -1"),
    ({"value": 1, "unit": ""}, "no unit is given"),
    ({"value": 1, "unit": "x" * 256}, "cannot name a unit"),
    ({"value": 1, "unit": 42}, "unit is int"),
    ({"value": 1, "key": "x" * 256}, "the key is longer"),
    ({"value": 1, "at": "yesterday"}, "'yesterday' is no time"),
    ({"value": 1, "at": "0001-01-01T00:00+05:00"}, "is no time"),
)


def test_what_is_no_outcome_is_refused(p: burnish.Platform) -> None:
    record: Any = p.experiments.record
    for given, says in NO_OUTCOMES:
        with pytest.raises(UsageError, match=says):
            record("shorter", **{"unit": "u"} | given)
    assert report(p).tally.outcomes == {}


def test_what_is_not_there_is_named(p: burnish.Platform) -> None:
    record = p.experiments.record
    with pytest.raises(NotFound, match="no experiment 'longer'"):
        record("longer", unit="u", value=1)
    with pytest.raises(NotFound, match="no metric 'smiles'; use solved, words, errors"):
        record("shorter", unit="u", metric="smiles", value=1)
    with pytest.raises(NotFound, match="run 'r-1' served no experiment"):
        record(run="r-1", value=1)
    with pytest.raises(NotFound, match="run 'r-1' served no unit of experiment 'shorter'"):
        record("shorter", run="r-1", value=1)
    with pytest.raises(UsageError, match="no unit"):
        record(value=1)
    with pytest.raises(UsageError, match="no experiment is named"):
        record(unit="u", value=1)


def test_a_draft_takes_no_outcomes_and_a_pause_does(p: burnish.Platform) -> None:
    p.prompts.get("mail", unit="u")
    p.experiments.pause("shorter")
    assert p.experiments.record("shorter", unit="u", value=1).state == "recorded"
    p.experiments.create("later", ["A=mail@1", "B=mail@2"], metric="solved")
    with pytest.raises(Conflict, match="is a draft"):
        p.experiments.record("later", unit="u", value=1)


def test_late_outcomes_are_taken_for_a_week(p: burnish.Platform, tmp_path: Path) -> None:
    p.prompts.get("mail", unit="u")
    ended = p.experiments.stop("shorter")
    told = p.experiments.record("shorter", unit="u", value=1)
    assert (told.state, told.note) == (
        "recorded",
        "experiment shorter has ended; the outcome is late",
    )

    async def long_ago() -> None:
        store = await open_sqlite(tmp_path / "home" / "burnish.sqlite")
        try:
            at = NOW - timedelta(days=8)
            moved = Moved(id=Ids()(), what="stopped", at=at)
            await store.experiments.change(structs.replace(ended, ended_at=at), moved)
        finally:
            await store.close()

    asyncio.run(long_ago())
    with pytest.raises(Conflict, match="ended more than 7 days ago"):
        p.experiments.record("shorter", unit="v", value=1)


@pytest.mark.spec("EXP-10")
def test_a_thumb_counts_for_the_variant_that_served_the_reply(
    server: list[str], p: burnish.Platform
) -> None:
    p.experiments.stop("shorter")
    p.experiments.create("liked", ["A=mail@1", "B=mail@2, model=openai:gpt-5-mini"], metric="thumb")
    p.experiments.start("liked")
    served: dict[str, tuple[str, str]] = {}
    for n in range(12):
        unit = f"user-{n}"
        variant = p.prompts.get("mail", unit=unit).variant
        answer = p.complete("mail", {"text": unit}, model="openai:gpt-5-nano", unit=unit)
        asked = f"Answer {unit}." if variant == "A" else f"Answer {unit} briefly."
        assert server[-1] == asked
        served[answer.run_id] = (unit, variant)
    liked = list(served)[:8]
    for run in liked:
        told = p.experiments.record(run=run, metric="thumb", value=1)
        assert (told.state, told.experiment, told.unit) == ("recorded", "liked", served[run][0])
    assert p.experiments.record(run=liked[0], metric="thumb", value=0).state == "duplicate"
    with burnish.open() as other:
        # Another process knows it by the run alone, too.
        assert other.experiments.record(run=list(served)[9], value=0).unit == "user-9"
    found = p.experiments.report("liked")
    assert found.tally.units == Counter(variant for _, variant in served.values())
    assert found.tally.outcomes == {"thumb": 9, "latency_ms": 12, "cost_usd": 12}


def test_a_remembered_answer_counts_with_what_it_first_took(
    server: list[str], p: burnish.Platform, tmp_path: Path
) -> None:
    asked: Any = {"model": "openai:gpt-5-nano", "unit": "u"}
    first = p.complete("mail", {"text": "it"}, **asked)
    again = p.complete("mail", {"text": "it"}, **asked)
    assert again.cached
    assert len(server) == 1
    p.flush()

    async def values(metric: str) -> list[tuple[float, int]]:
        store = await open_sqlite(tmp_path / "home" / "burnish.sqlite")
        try:
            own = await store.experiments.by_name("shorter")
            assert own is not None
            found = [each async for each in store.experiments.values(own.id, metric)]
            return [(each.value, each.rows) for each in found]
        finally:
            await store.close()

    assert first.cost_usd
    assert asyncio.run(values("cost_usd")) == [(pytest.approx(2 * first.cost_usd), 2)]


def test_many_are_recorded_and_bad_rows_are_named(p: burnish.Platform, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(
        "unit,value,metric,denominator,key,time\n"
        "u1,1,,,,\n"
        "u1,1,,,,\n"
        "u2,0,,,,2020-01-01\n"
        "u3,maybe,,,,\n"
        ",1,,,,\n"
        "u4,3,errors,5,c1,\n"
        "u5,1,,,,2999-01-01\n"
        "u6,1,smiles,,,\n"
    )
    done = p.experiments.record_many(path, name="shorter")
    assert (done.recorded, done.duplicates, done.waiting, done.refused) == (3, 1, 0, 4)
    assert [each.partition(":")[0] for each in done.problems] == [
        "line 5",
        "line 6",
        "line 8",
        "line 9",
    ]
    rows = [{"experiment": "shorter", "unit": f"v{n}", "value": n % 2} for n in range(5_000)]
    assert p.experiments.record_many(rows).recorded == 5_000
    again = p.experiments.record_many([*rows, {"unit": "v1", "value": 1}])
    assert (again.recorded, again.duplicates, again.refused) == (0, 5_000, 1)
    assert again.problems == ("row 5001: no experiment is named",)


def test_a_table_recorded_twice_counts_once(p: burnish.Platform, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text("unit,value,metric\nu1,7,words\nu1,7,words\nu2,9,words\n")
    assert p.experiments.record_many(path, name="shorter").recorded == 3
    again = p.experiments.record_many(path, name="shorter")
    assert (again.recorded, again.duplicates) == (0, 3)
    # With times, one that has grown adds what is new.
    rows = "unit,value,metric,time\nu1,7,words,2026-01-02\nu1,7,words,2026-01-02\n"
    path.write_text(rows)
    assert p.experiments.record_many(path, name="shorter").recorded == 2
    path.write_text(rows + "u3,1,words,2026-01-02T12:00\n")
    again = p.experiments.record_many(path, name="shorter")
    assert (again.recorded, again.duplicates) == (1, 2)


def test_tables_without_outcomes_are_refused(p: burnish.Platform, tmp_path: Path) -> None:
    for content, says in (
        (b"unit,variant\nu,A\n", "has the columns unit, variant"),
        (b"value\n1\n", "has the columns value"),
        (b"", "has the columns none"),
    ):
        (tmp_path / "a.csv").write_bytes(content)
        with pytest.raises(UsageError, match=says):
            p.experiments.record_many(tmp_path / "a.csv", name="shorter")
    with pytest.raises(UsageError, match="cannot be read"):
        p.experiments.record_many("nowhere.csv", name="shorter")


def test_a_table_that_breaks_off_is_recorded_so_far(p: burnish.Platform, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = b"".join(b"u%d,1\n" % n for n in range(3_000))
    path.write_bytes(b"unit,value\n" + good + b"\xff\xfe,1\n")
    done = p.experiments.record_many(path, name="shorter")
    assert done.recorded > 1_000
    assert done.refused == 1
    assert "no CSV in UTF-8 from here on" in done.problems[0]


def test_processes_that_record_at_once_lose_none_and_double_none(p: burnish.Platform) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    tellers = [context.Process(target=tell, args=(n, told)) for n in range(TELLERS)]
    for each in tellers:
        each.start()
    counts = [told.get(timeout=120) for _ in tellers]
    for each in tellers:
        each.join()
    # Each row was sent twice, by two processes.
    assert sum(recorded for recorded, _ in counts) == TELLERS * TOLD
    assert sum(doubled for _, doubled in counts) == TELLERS * TOLD
    assert report(p).tally.outcomes == {"solved": TELLERS * TOLD}


def tell(teller: int, told: Any) -> None:
    """Its own outcomes and those of the next one, most of them in groups."""
    recorded = doubled = 0
    with burnish.open() as p:
        for whose in (teller, (teller + 1) % TELLERS):
            rows = [{"unit": f"{whose}-{n}", "value": 1} for n in range(TOLD)]
            for row in rows[:20]:
                state = p.experiments.record("shorter", unit=str(row["unit"]), value=1).state
                recorded += state == "unmatched"
                doubled += state == "duplicate"
            for start in range(20, TOLD, 140):
                done = p.experiments.record_many(rows[start : start + 140], name="shorter")
                recorded, doubled = recorded + done.recorded, doubled + done.duplicates
    told.put((recorded, doubled))
