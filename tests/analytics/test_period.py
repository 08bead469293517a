"""p.report: what a period came to, beside the one before."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.recorded import recorded, running

import burnish
from burnish.analytics.period import sheets
from burnish.analytics.period.gather import period_report
from burnish.analytics.period.plain import plain
from burnish.analytics.period.span import span_of
from burnish.errors import UsageError
from burnish.platform import AsyncPlatform
from burnish.storage.experiment import Experiment, MetricSpec, Moved, Plan, Variant
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

HOUR = timedelta(hours=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY: dict[str, Any] = {"since": NOON - 24 * HOUR, "until": NOON}


def ran(p: burnish.Platform, hours_ago: float, count: int = 1, **fields: Any) -> None:
    """Runs so long before noon."""
    base: dict[str, Any] = {"kind": "complete", "model": "m:x", "cost_usd": 0.0} | fields
    for _ in range(count):
        p.record_run(burnish.Run(id=p.new_id(), created_at=NOON - hours_ago * HOUR, **base))


@pytest.mark.spec("MET-10")
def test_usage_cost_and_trend_beside_the_period_before(p: burnish.Platform) -> None:
    ran(p, 1, 3, prompt="a", cost_usd=0.5, input_tokens=10, latency_ms=100)
    ran(p, 5, 1, prompt="b", cost_usd=None, cached=True)
    ran(p, 25, 2, prompt="a", cost_usd=0.25)
    ran(p, 49, 7, prompt="a")
    ran(p, -1, 7, prompt="a")
    found = p.report(**DAY)
    assert (found.since, found.until) == (NOON - 24 * HOUR, NOON)
    assert found.before_since == NOON - 48 * HOUR
    now, before = found.usage, found.before
    assert (now.runs, now.cache_hits, now.tokens, now.prompts) == (4, 1, 30, 2)
    assert (now.cost_usd, now.cost_unknown, before.cost_usd) == (1.5, 1, 0.5)
    assert now.p50_latency_ms == pytest.approx(100, rel=0.01)
    assert (before.runs, before.prompts) == (2, 1)
    assert found.step_h == 1
    assert len(found.steps) == 24
    assert [(step.at, step.runs) for step in found.steps if step.runs] == [
        (NOON - 5 * HOUR, 1),
        (NOON - 1 * HOUR, 3),
    ]
    assert [(each.name, each.cost_usd) for each in found.prompts] == [("a", 1.5), ("b", None)]
    assert found.headline == (
        "4 runs of 2 prompts for 1.50+ USD (runs +100 %, cost +200 % against the 24 hours before)."
    )


@pytest.mark.spec("MET-10")
def test_what_got_worse_is_told_first_and_only_where_it_is_no_chance(p: burnish.Platform) -> None:
    for hours, failed in ((1, 40), (25, 4)):
        ran(p, hours, 200 - failed, prompt="bad", latency_ms=100 if hours > 24 else 300)
        ran(p, hours, failed, prompt="bad", error="timeout: none")
        ran(p, hours, 100, prompt="same", latency_ms=100, valid=True)
    ran(p, 1, 19, prompt="few", error="timeout: none")
    found = p.report(**DAY)
    assert [(each.what, each.name) for each in found.worse] == [
        ("failed runs", ""),
        ("p95 latency", ""),
        ("failed runs", "bad"),
    ]
    assert found.worse[2].text == "bad: failed runs 20 % after 2 %"
    assert "worse: failed runs 18 % after 1.3 %, p95 latency" in found.headline
    assert found.headline.endswith("and 1 more.")
    assert [(each.reason, each.runs) for each in found.failures] == [("timeout", 59)]


def test_nothing_worse_is_said_where_it_could_have_been_seen(p: burnish.Platform) -> None:
    ran(p, 1, 20)
    ran(p, 25, 20)
    assert p.report(**DAY).headline.endswith("; nothing is shown to be worse.")
    ran(p, 73, 19)
    ran(p, 49, 19)
    few = p.report(since=NOON - 72 * HOUR, until=NOON - 48 * HOUR)
    assert "worse" not in few.headline


def test_answers_that_break_their_rules_more_often_are_worse(p: burnish.Platform) -> None:
    ran(p, 25, 100, prompt="a", valid=True)
    ran(p, 1, 60, prompt="a", valid=True)
    ran(p, 1, 40, prompt="a", valid=False)
    (worse,) = p.report(**DAY).worse
    assert (worse.what, worse.before, worse.now) == ("rules kept", 1.0, 0.6)


def test_runs_of_the_offline_composer_are_left_out_and_told(p: burnish.Platform) -> None:
    p.generate("plan a 3 day trip to lisbon with kids", name="trips/lisbon")
    found = p.report("daily")
    assert (found.usage.runs, found.usage.versions, found.usage.new_prompts) == (0, 1, 1)
    assert any("offline composer are left out" in note for note in found.notes)
    assert found.headline == "No runs; 1 new version."


def test_forgotten_runs_count_and_it_is_said_what_is_not_known_of_them(p: burnish.Platform) -> None:
    ran(p, 5, 3, who="ann", error="e")
    ran(p, 1, 2, who="ben")
    p.flush()
    p.runs.forget(NOON - 2 * HOUR)
    found = p.report(**DAY)
    assert (found.usage.runs, found.usage.errors, found.failures) == (5, 3, ())
    assert found.notes[0].startswith("3 of the runs are forgotten")
    assert [(each.who, each.runs) for each in found.doings] == [("ben", 2)]


def test_ratings_of_the_prompts_that_were_used(p: burnish.Platform) -> None:
    for name in ("used", "idle"):
        p.prompts.create(name, "Say something nice to {{ name }}.")
        for _ in range(20):
            p.prompts.record_rating(name, 0.5)
    ran(p, 1, prompt="used")
    (ranking,) = p.report(**DAY).rankings
    assert (ranking.by, [row.name for row in ranking.rows]) == ("ratings", ["used"])
    assert (ranking.rows[0].n, ranking.rows[0].rate) == (20, 0.5)


@pytest.mark.spec("MET-10")
def test_best_and_worst_by_evaluations(p: burnish.Platform) -> None:
    p.prompts.create("mail/say", "Say: {{ text }}")
    p.prompts.create("mail/shout", "Shout: {{ text }}")
    rows = [
        {"id": f"r{n}", "inputs": {"text": f"item {n}"}, "expected": f"Say: item {n}"}
        for n in range(30)
    ]
    names = ["mail/shout", "mail/say"]
    done = p.evaluate(names, data=rows, models="fake:echo", dataset="rows", scorers=["contains"])
    found = p.report("daily")
    (ranking,) = found.rankings
    assert [(row.name, row.dataset, row.rate, row.standing) for row in ranking.rows] == [
        ("mail/say@1", "rows@1", 1.0, "better"),
        ("mail/shout@1", "rows@1", 0.0, "worse"),
    ]
    (line,) = found.evaluations
    assert (line.id, line.best, line.score, line.n) == (
        done.evaluation.id, "mail/say@1", 1.0, 30,
    )  # fmt: skip
    assert (found.evaluations_ended, line.gate) == (1, "")
    assert "1 evaluation done" in found.headline


async def experimented(p: AsyncPlatform, rates: dict[str, float], **options: Any) -> None:
    own = await running(p, **options)
    await recorded(Path(os.environ["BURNISH_HOME"]), own, rates)


@pytest.mark.spec("MET-10")
async def test_experiments_that_run_and_that_ended() -> None:
    async with burnish.open_async() as p:
        await experimented(p, {"A": 0.4, "short": 0.6})
        await p.experiments.create("longer", ("mail/late@1", "mail/late@2"), metric="solved")
        (line,) = (await p.report("daily")).running
        assert (line.name, line.state, line.units, line.new_units) == (
            "shorter", "running", 1200, 1200,
        )  # fmt: skip
        promoted = await p.experiments.promote("shorter")
        found = await p.report("daily")
        assert found.running == ()
        (line,) = found.ended
        assert (line.state, line.winner, line.verdict) == (
            "completed", "short", promoted.experiment.verdict,
        )  # fmt: skip
        (contrast,) = (await p.experiments.report("shorter")).analysis.contrasts  # pyright: ignore[reportOptionalMemberAccess]
        assert line.gain is not None
        assert (line.gain.control, line.gain.difference) == ("A", contrast.difference)
        assert (line.gain.low, line.gain.high) == (contrast.interval.low, contrast.interval.high)
        assert [each.what for each in found.moves] == ["promoted"]
        assert "experiment shorter was won by short" in found.headline
        # Of a time before it began nothing is known of it.
        ended = line.ended_at
        assert ended is not None
        past = await p.report(since=ended - 48 * HOUR, until=ended - HOUR)
        assert (past.running, past.ended) == ((), ())
        await p.experiments.rollback("shorter")
        found = await p.report("daily")
        assert [each.what for each in found.moves] == ["rolled back", "promoted"]
        assert found.worse[0].text == "the promotion of experiment shorter was taken back"


async def test_an_experiment_that_ended_later_was_under_way() -> None:
    variants = (Variant(name="A", prompt="a@1"), Variant(name="B", prompt="a@2"))
    own = Experiment(
        id=Ids()(),
        name="then",
        kind="online",
        prompt="a",
        plan=Plan(variants=variants, control="A", metric=MetricSpec(name="solved")),
        state="completed",
        salt="s",
        winner="B",
        created_at=NOON - 30 * HOUR,
        started_at=NOON - 30 * HOUR,
        ended_at=NOON + HOUR,
    )
    async with burnish.open_async() as p:
        await p.report()
        store = await open_sqlite(Path(os.environ["BURNISH_HOME"]) / "burnish.sqlite")
        await store.experiments.add(own, Moved(id=Ids()(), what="created", at=own.created_at))
        await store.close()
        (line,) = (await p.report(**DAY)).running
        assert (line.name, line.winner) == ("then", "")
        for hours in (-30, 2):
            until = NOON + hours * HOUR
            assert (await p.report(since=until - HOUR, until=until)).running == ()


async def test_of_many_experiments_it_is_told_how_many_are_not_shown(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "many.sqlite")

    async def lived(name: str, begun: datetime, ended: datetime | None) -> None:
        variants = (Variant(name="A", prompt="a@1"), Variant(name="B", prompt="a@2"))
        own = Experiment(
            id=Ids()(), name=name, kind="online", prompt="a", salt="s", created_at=begun,
            plan=Plan(variants=variants, control="A", metric=MetricSpec(name="solved")),
            state="running" if ended is None else "stopped", started_at=begun, ended_at=ended,
        )  # fmt: skip
        end = Moved(id=Ids()(), what="halted", at=ended or begun)
        await store.experiments.add(own, end)

    await lived("first", NOON - 40 * HOUR, NOON - 20 * HOUR)
    for n in range(25):
        await lived(f"ended{n}", NOON - 12 * HOUR, NOON - HOUR)
        await lived(f"runs{n}", NOON - 12 * HOUR, None)
    now = await period_report(store, span_of(None, DAY["since"], NOON, NOON), NOON)
    past = NOON - 24 * HOUR
    then = await period_report(store, span_of(None, past - HOUR, past, NOON), NOON)
    await store.close()
    assert (len(now.running), now.experiments_running) == (20, 25)
    assert (len(now.ended), now.experiments_ended) == (20, 26)
    assert (len(now.moves), now.moves_made) == (20, 51)
    remarks = [of(now).remark for of in (sheets.running, sheets.ended, sheets.moves)]
    assert [remark.split(".")[0] for remark in remarks] == [
        "And 5 more", "And 6 more", "And 31 more",
    ]  # fmt: skip
    assert [line.split("\t")[1:] for line in plain(now).splitlines() if line[:4] == "more"] == [
        ["experiments under way", "5"], ["experiments that ended", "6"], ["moves", "31"],
    ]  # fmt: skip
    # However many began since.
    assert [each.name for each in then.running] == ["first"]
    assert sheets.running(then).remark == "How one stands: burnish experiments show NAME."


async def test_a_halt_by_a_guardrail_is_told_first() -> None:
    async with burnish.open_async() as p:
        own = await running(p, guardrails=("cost_usd, margin=0.01",))
        home = Path(os.environ["BURNISH_HOME"])
        await recorded(home, own, {"A": 0.5, "short": 0.5})
        await recorded(home, own, {"A": 0.1, "short": 0.9}, metric="cost_usd", expose=False)
        await p.experiments.check("shorter")
        found = await p.report("daily")
    assert (found.worse[0].what, found.worse[0].name) == ("halted", "shorter")
    assert [(each.name, each.state) for each in found.running] == [("shorter", "paused")]
    assert "worse: experiment shorter was halted by a guardrail" in found.headline


async def test_who_did_it_and_nothing_of_an_empty_library(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path / "empty")) as p:
        found = await p.report()
    assert found.headline.startswith("Nothing was recorded in this period. Run a stored prompt")
    assert (found.steps, found.rankings, found.doings, found.worse) == ((), (), (), ())
    store = await open_sqlite(tmp_path / "empty" / "burnish.sqlite")
    assert await store.periods.made(NOON - 24 * HOUR, NOON) == (0, 0)
    await store.close()


@pytest.mark.parametrize(
    ("every", "hours", "step_h", "length"),
    [("daily", 24, 1, "24 hours"), ("weekly", 168, 24, "7 days"), ("monthly", 720, 24, "30 days")],
)
def test_lengths(every: Any, hours: int, step_h: int, length: str) -> None:
    now = NOON + timedelta(minutes=20)
    span = span_of(every, None, None, now)
    assert (span.since, span.until) == (NOON + (1 - hours) * HOUR, NOON + HOUR)
    assert (span.hours, span.step_h, span.length) == (hours, step_h, length)
    assert (span.before.since, span.before.until) == (span.since - hours * HOUR, span.since)


@pytest.mark.spec("MET-10")
async def test_sums_of_an_hour_that_has_not_ended_are_compared_per_hour(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "hours.sqlite")

    def run(at: datetime, **fields: Any) -> burnish.Run:
        return burnish.Run(id=Ids()(), created_at=at, kind="complete", model="m:x", **fields)

    now = NOON + timedelta(minutes=30)
    # One run in half an hour, after two an hour.
    await store.runs.add([run(NOON + timedelta(minutes=5), cost_usd=0.5, input_tokens=10)])
    await store.runs.add(
        [
            run(NOON - timedelta(minutes=20 + 30 * n), cost_usd=0.5, input_tokens=10)
            for n in range(4)
        ]
    )
    hour = await period_report(store, span_of(None, NOON, None, now), now)
    day = await period_report(store, span_of(None, NOON - HOUR, NOON, now), now)
    await store.close()
    assert (hour.part, hour.usage.runs, hour.before.runs) == (0.5, 1, 2)
    assert "(runs 0 %, cost 0 % per hour against the 1 hour before)" in hour.headline
    changes = {line[0]: line[3] for line in sheets.usage(hour).rows}
    assert (changes["runs"], changes["tokens"], changes["USD"]) == ("0 %", "0 %", "0 %")
    assert "changes of sums are per hour" in sheets.usage(hour).remark
    assert day.part == 1
    assert "(runs 0 %, cost 0 % against the 1 hour before)" in day.headline
    assert "per hour" not in sheets.usage(day).remark


def test_times_of_other_zones_and_parts_of_hours() -> None:
    zone = datetime.fromisoformat("2026-05-04T13:30:00+02:00")
    span = span_of(None, zone - 3 * HOUR, zone, NOON)
    assert (span.since, span.until) == (NOON - 4 * HOUR, NOON)


@pytest.mark.parametrize(
    ("every", "since", "until", "said"),
    [
        (None, datetime(2026, 5, 1), None, "no time zone"),  # noqa: DTZ001 - that is the point
        ("weekly", None, NOON + 2 * HOUR, "still to come"),
        (None, NOON, NOON - HOUR, "ends before it begins"),
        (None, NOON - timedelta(days=4000), None, "4,000 days"),
        (None, datetime(1, 1, 1, tzinfo=UTC), None, "nothing was recorded in 1"),
        ("daily", NOON - HOUR, None, "a daily report names its beginning itself"),
        ("yearly", None, None, "daily, weekly, monthly"),
    ],
)
def test_what_is_no_period(every: Any, since: Any, until: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        span_of(every, since, until, NOON)
    assert said in str(error.value)
