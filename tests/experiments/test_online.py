"""Units get the version that an experiment assigns them, the same one each time."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import burnish
from burnish.errors import Conflict, NotFound, UsageError

UNITS = [f"user-{n}" for n in range(40)]
OTHER_PROCESS = """
import sys, burnish
with burnish.open() as p:
    getattr(p.experiments, sys.argv[1])(*sys.argv[2:])
"""


def elsewhere(*arguments: str) -> None:
    """In another process."""
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, *arguments],
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    """With three versions of `mail`, the first in production."""
    with burnish.open() as platform:
        for text in ("first", "second", "third"):
            platform.prompts.create("mail", text)
        platform.prompts.set_label("mail", "production", 1)
        yield platform


def begin(p: burnish.Platform, name: str = "shorter", **plan: Any) -> None:
    variants = plan.pop("variants", ["A=mail@2", "B=mail@3"])
    p.experiments.create(name, variants, metric="solved", **plan)
    p.experiments.start(name)


def units_seen(p: burnish.Platform, name: str = "shorter") -> dict[str, int]:
    p.flush()
    return p.experiments.report(name).tally.units


def test_a_unit_gets_the_same_version_by_label_and_by_the_bare_name(p: burnish.Platform) -> None:
    begin(p)
    first = {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS}
    assert set(first.values()) == {"A", "B"}
    for unit, variant in first.items():
        got = p.prompts.get("mail", label="production", unit=unit)
        assert got == p.prompts.get("mail@production", unit=unit)
        assert (got.variant, got.experiment, got.via) == (variant, "shorter", "experiment")
        assert got.version.text == {"A": "second", "B": "third"}[variant]
    with burnish.open() as other:
        assert {unit: other.prompts.get("mail", unit=unit).variant for unit in UNITS} == first


def test_without_a_unit_nothing_is_different(p: burnish.Platform) -> None:
    before = p.prompts.get("mail")
    begin(p)
    assert p.prompts.get("mail") == before
    assert p.prompts.get("mail", "production").experiment == ""


def test_only_the_label_of_the_experiment_is_touched(p: burnish.Platform) -> None:
    p.prompts.set_label("mail", "staging", 1)
    p.prompts.create("other", "alone")
    begin(p)
    assert p.prompts.get("mail", "staging", unit="u").via == "label"
    assert p.prompts.get("mail@2", unit="u").via == "revision"
    assert p.prompts.get("mail", revision=2, unit="u").via == "revision"
    assert p.prompts.get("mail@branch:main", unit="u").version.revision == 3
    assert p.prompts.get("other", unit="u") == p.prompts.get("other")
    assert units_seen(p) == {}


def test_each_unit_is_counted_once_however_often_it_asks(p: burnish.Platform) -> None:
    begin(p)
    for _ in range(2):
        for unit in UNITS:
            p.prompts.get("mail", unit=unit)
    got = Counter(p.prompts.get("mail", unit=unit).variant for unit in UNITS)
    p.flush()
    with burnish.open() as other:
        for unit in UNITS:
            other.prompts.get("mail", unit=unit)
    assert units_seen(p) == got


def test_a_variant_brings_its_model_and_config(p: burnish.Platform) -> None:
    p.prompts.update("mail", "fourth", config={"temperature": 0.9, "max_tokens": 7})
    begin(p, variants=["A=mail@4", "B=mail@4, model=fake:echo, temperature=0.1"])
    config = {v.variant: v.version.config for v in (p.prompts.get("mail", unit=u) for u in UNITS)}
    assert config["A"] == {"temperature": 0.9, "max_tokens": 7}
    assert config["B"] == {"temperature": 0.1, "max_tokens": 7, "model": "fake:echo"}


def test_rendering_shows_the_variant(p: burnish.Platform) -> None:
    begin(p)
    for unit in UNITS[:5]:
        shown = p.prompts.render("mail", unit=unit)
        assert shown.via == "experiment"
        assert shown.messages[0].content == p.prompts.get("mail", unit=unit).version.text


def test_what_a_unit_got_is_filled_in_as_it_got_it(p: burnish.Platform) -> None:
    p.prompts.create("mail", "Hi {{ name }}")
    begin(p, variants=["A=mail@4", "B=mail@3"])
    got = {each.variant: each for each in (p.prompts.get("mail", unit=unit) for unit in UNITS)}
    p.experiments.stop("shorter")
    assert p.prompts.fill(got["A"], {"name": "Ann"}).user == "Hi Ann"
    shown = p.prompts.fill(got["B"])
    assert (shown.user, shown.reference) == ("third", "mail@3")


def test_who_is_not_targeted_gets_what_everybody_gets(p: burnish.Platform) -> None:
    begin(p, targets={"country": ["de", "fr"], "beta": ["true"]})
    get = p.prompts.get
    assert get("mail", unit="u").via == "production"
    assert get("mail", unit="u", attributes={"country": "us", "beta": True}).via == "production"
    assert get("mail", unit="u", attributes={"country": "de", "beta": True}).via == "experiment"
    told = p.experiments.assign("shorter", "v", attributes={"country": "us"})
    assert (told.variant, told.why) == ("", "not targeted: country is none of de, fr")
    assert sum(units_seen(p).values()) == 1


def test_assign_tells_what_get_gives_and_can_leave_no_trace(p: burnish.Platform) -> None:
    begin(p)
    silent = {u: p.experiments.assign("shorter", u, expose=False).variant for u in UNITS}
    assert units_seen(p) == {}
    told = [p.experiments.assign("shorter", u) for u in UNITS]
    assert {each.unit: each.variant for each in told} == silent
    assert {u: p.prompts.get("mail", unit=u).variant for u in UNITS} == silent
    assert {each.prompt for each in told} == {"mail@2", "mail@3"}
    assert units_seen(p) == Counter(silent.values())


def test_experiments_of_one_layer_share_no_unit(p: burnish.Platform) -> None:
    begin(p, "one", layer="mails", layer_share=0.5)
    begin(p, "two", layer="mails", layer_share=0.5)
    got = [p.prompts.get("mail", unit=unit).experiment for unit in UNITS]
    assert set(got) == {"one", "two"}
    for unit, name in zip(UNITS, got, strict=True):
        other = p.experiments.assign("two" if name == "one" else "one", unit)
        assert (other.variant, other.why) == ("", "outside of its part of the layer mails")


def test_who_is_held_out_is_held_out_of_all_of_the_layer(p: burnish.Platform) -> None:
    p.prompts.set_label("mail", "staging", 1)
    begin(p, "one", layer="mails", layer_share=0.5, holdout=0.5)
    begin(p, "two", layer="mails", layer_share=0.5, holdout=0.5, label="staging")
    told = "held out of all experiments of the layer"
    out = [[p.experiments.assign(e, u).why == told for u in UNITS] for e in ("one", "two")]
    assert out[0] == out[1]
    assert 8 < sum(out[0]) < 32
    for unit, is_out in zip(UNITS, out[0], strict=True):
        if is_out:
            assert p.prompts.get("mail", unit=unit).via == "production"


def test_a_full_layer_tells_how_much_is_free(p: burnish.Platform) -> None:
    begin(p, "one", layer="mails", layer_share=0.6)
    with pytest.raises(Conflict, match=r"no room for 50% of its units; the largest .* has 40%"):
        begin(p, "two", layer="mails", layer_share=0.5)
    begin(p, "three", layer="mails", layer_share=0.4)


def test_experiments_of_one_layer_hold_the_same_units_out(p: burnish.Platform) -> None:
    begin(p, "one", layer="mails", layer_share=0.5, holdout=0.1)
    pair = ["A=mail@2", "B=mail@3"]
    p.experiments.create("two", pair, metric="solved", layer="mails", layer_share=0.5)
    with pytest.raises(Conflict, match=r"holds 10\.00% of its units out"):
        p.experiments.start("two")


def test_a_ramp_takes_some_in_and_says_so_to_the_others(p: burnish.Platform) -> None:
    begin(p, ramp=[0.25, 1.0])
    whys = Counter(p.experiments.assign("shorter", unit).why for unit in UNITS)
    assert set(whys) == {"", "not ramped in: 25 % of units take part"}
    assert 2 < whys[""] < 20


def test_pausing_shows_with_the_next_call(p: burnish.Platform) -> None:
    begin(p)
    before = p.prompts.get("mail", unit="u")
    p.experiments.pause("shorter")
    assert p.prompts.get("mail", unit="u").via == "production"
    assert p.experiments.assign("shorter", "u").why == "the experiment is paused"
    p.experiments.start("shorter")
    assert p.prompts.get("mail", unit="u") == before
    p.experiments.stop("shorter")
    assert p.prompts.get("mail", unit="u").via == "production"
    assert p.experiments.assign("shorter", "u").why == "the experiment is stopped"


def test_another_process_begins_pauses_and_is_heard(p: burnish.Platform) -> None:
    p.experiments.create("shorter", ["A=mail@2", "B=mail@3"], metric="solved")
    assert p.experiments.assign("shorter", "u").why == "the experiment is a draft"

    def becomes(via: str) -> bool:
        # Long before the time to live, which is a minute.
        end = time.monotonic() + 30
        while p.prompts.get("mail", unit="u").via != via and time.monotonic() < end:
            time.sleep(0.02)
        return p.prompts.get("mail", unit="u").via == via

    assert p.prompts.get("mail", unit="u").via == "production"
    elsewhere("start", "shorter")
    assert becomes("experiment")
    elsewhere("pause", "shorter")
    assert becomes("production")


def test_changed_shares_leave_those_who_came_before_where_they_are(p: burnish.Platform) -> None:
    begin(p)
    before = {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS}
    p.flush()
    p.experiments.set_shares("shorter", {"A": 0.0, "B": 1.0})
    new = [f"new-{n}" for n in range(20)]
    assert {p.prompts.get("mail", unit=unit).variant for unit in new} == {"B"}
    with burnish.open() as other:
        assert {u: other.prompts.get("mail", unit=u).variant for u in UNITS} == before
        assert {other.prompts.get("mail", unit=unit).variant for unit in new} == {"B"}
    assert units_seen(p)["B"] == Counter(before.values())["B"] + 20


def test_a_label_moved_by_hand_moves_only_who_takes_no_part(p: burnish.Platform) -> None:
    begin(p, targets={"beta": ["yes"]})
    inside = {"beta": "yes"}
    before = p.prompts.get("mail", unit="u", attributes=inside)
    p.prompts.set_label("mail", "production", 3)
    assert p.prompts.get("mail", unit="u", attributes=inside).version == before.version
    assert p.prompts.get("mail", unit="u").version.revision == 3


def test_a_deleted_prompt_is_gone_for_units_too(p: burnish.Platform) -> None:
    begin(p)
    p.prompts.get("mail", unit="u")
    p.prompts.delete("mail")
    with pytest.raises(NotFound):
        p.prompts.get("mail", unit="u")
    assert p.prompts.get("mail", unit="u", fallback="Hi").via == "fallback"


def test_units_of_an_archived_variant_get_what_the_label_says_and_it_is_told_once(
    p: burnish.Platform, caplog: pytest.LogCaptureFixture
) -> None:
    begin(p)
    got = {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS}
    p.prompts.create("mail", "fourth")
    p.prompts.archive("mail", [3])
    with caplog.at_level(logging.WARNING, "burnish"):
        after = {unit: p.prompts.get("mail", unit=unit) for unit in (*UNITS, "new-1", "new-2")}
    for unit, variant in got.items():
        assert after[unit].via == ("experiment" if variant == "A" else "production")
    (told,) = [r.getMessage() for r in caplog.records if "variant" in r.getMessage()]
    assert "mail@3, which is B of experiment shorter, was archived or deleted" in told
    gone = next(unit for unit, variant in got.items() if variant == "B")
    assert p.experiments.assign("shorter", gone).why == "mail@3, which is variant B, is gone"
    p.prompts.unarchive("mail", [3])
    assert {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS} == got


def test_what_names_no_unit_is_refused(p: burnish.Platform) -> None:
    begin(p)
    p.prompts.get("mail", unit="warm")
    for unit in ("", " ", "x" * 256, "a\nb", "\ud800"):
        with pytest.raises(UsageError, match="unit"):
            p.prompts.get("mail", unit=unit)
        with pytest.raises(UsageError, match="unit"):
            p.experiments.assign("shorter", unit)


def test_other_bad_input_is_refused(p: burnish.Platform) -> None:
    begin(p)
    numbers: Any = 42
    p.prompts.get("mail", unit="warm")
    with pytest.raises(UsageError, match="the unit is int"):
        p.prompts.get("mail", unit=numbers)
    with pytest.raises(UsageError, match="21 attributes"):
        p.prompts.get("mail", unit="u", attributes={str(n): n for n in range(21)})
    with pytest.raises(UsageError, match="longer than 200"):
        p.prompts.get("mail", unit="u", attributes={"note": "x" * 201})
    lists: Any = {"tags": ["a"]}
    with pytest.raises(UsageError, match="attribute 'tags' is list"):
        p.prompts.get("mail", unit="u", attributes=lists)
    with pytest.raises(NotFound, match="no experiment 'nobody'"):
        p.experiments.assign("nobody", "u")
    assert sum(units_seen(p).values()) == 1


async def test_the_async_face_serves_units_too() -> None:
    async with burnish.open_async() as p:
        for text in ("first", "second"):
            await p.prompts.create("mail", text)
        await p.prompts.set_label("mail", "production", 1)
        await p.experiments.create("shorter", ["A=mail@1", "B=mail@2"], metric="solved")
        await p.experiments.start("shorter")
        got = Counter([(await p.prompts.get("mail", unit=unit)).variant for unit in UNITS])
        report = await p.experiments.report("shorter")
    assert report.tally.units == got


@pytest.mark.spec("EXP-03")
async def test_assignments_match_the_weights_and_stay() -> None:
    async with burnish.open_async() as p:
        for text in ("first", "second", "third"):
            await p.prompts.create("mail", text)
        await p.prompts.set_label("mail", "production", 1)
        variants = ["A=mail@1, weight=5", "B=mail@2, weight=3", "C=mail@3, weight=2"]
        await p.experiments.create("shorter", variants, metric="solved")
        await p.experiments.start("shorter")
        assign = p.experiments.assign
        users = [f"user-{n}" for n in range(100_000)]
        got = [(await assign("shorter", user, expose=False)).variant for user in users]
        again = [(await assign("shorter", user)).variant for user in users[:2_000]]
        report = await p.experiments.report("shorter")
    counts = Counter(got)
    for name, share in (("A", 0.5), ("B", 0.3), ("C", 0.2)):
        assert abs(counts[name] / len(got) - share) < 0.01
    assert again == got[:2_000]
    assert report.tally.units == Counter(again)


def test_more_units_than_are_remembered_are_still_counted_once(
    p: burnish.Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("burnish.experiments.serving.MOST_UNITS", 5)
    begin(p)
    first = {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS}
    assert {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS} == first
    assert units_seen(p) == Counter(first.values())
