"""While the store is away units are still assigned, and what happened is written when it is back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.errors import StoreError, Unavailable
from burnish.experiments.journal import Journal
from burnish.storage.experiment import Exposure, Outcome

UNITS = [f"user-{n}" for n in range(20)]


def opened(disk: Path, **settings: Any) -> burnish.Platform:
    return burnish.open(storage__database_url=f"sqlite:///{disk / 'team.sqlite'}", **settings)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """With a running experiment that a process has used."""
    path = tmp_path / "disk"
    path.mkdir()
    with opened(path) as p:
        for text in ("first", "second"):
            p.prompts.create("mail", text)
        p.prompts.set_label("mail", "production", 1)
        p.experiments.create("shorter", ["A=mail@1", "B=mail@2"], metric="solved")
        p.experiments.start("shorter")
        for unit in UNITS[:4]:
            p.prompts.get("mail", unit=unit)
    return path


def take_away(disk: Path) -> Callable[[], None]:
    """Gives what brings it back."""
    away = disk.with_name("away")
    disk.rename(away)
    disk.write_text("nothing is mounted here")

    def back() -> None:
        disk.unlink()
        away.rename(disk)

    return back


def variants(p: burnish.Platform) -> dict[str, str]:
    return {unit: p.prompts.get("mail", unit=unit).variant for unit in UNITS}


def usual(disk: Path) -> dict[str, str]:
    with opened(disk) as p:
        told = {unit: p.experiments.assign("shorter", unit, expose=False) for unit in UNITS}
    return {unit: each.variant for unit, each in told.items()}


def flushed(p: burnish.Platform) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            p.flush()
        except StoreError:
            threading.Event().wait(0.05)
        else:
            return
    raise AssertionError("the store did not come back")


@pytest.mark.parametrize("fresh", [True, False], ids=["a fresh process", "one that knew it"])
def test_units_are_assigned_as_before_and_all_is_written_later(
    disk: Path, caplog: pytest.LogCaptureFixture, *, fresh: bool
) -> None:
    expected = usual(disk)
    with caplog.at_level(logging.WARNING, "burnish"), opened(disk) as p:
        if not fresh:
            p.prompts.get("mail", unit="user-0")
            p.flush()
        back = take_away(disk)
        assert variants(p) == expected
        assert variants(p) == expected
        for unit in UNITS[:10]:
            assert p.experiments.record("shorter", unit=unit, value=1).state == "waiting"
        done = p.experiments.record_many(
            [{"unit": unit, "value": 0} for unit in UNITS], name="shorter"
        )
        assert (done.waiting, done.recorded) == (20, 0)
        back()
        flushed(p)
        found = p.experiments.report("shorter")
    told = [r.getMessage() for r in caplog.records if r.name == "burnish"]
    assert len([line for line in told if "the store is away" in line]) == 1
    assert sum(found.tally.units.values()) == len(UNITS)
    assert found.tally.outcomes == {"solved": len(UNITS)}
    assert found.tally.unmatched == 0


def test_a_unit_that_two_processes_told_of_is_counted_once_and_keeps_one_variant(
    disk: Path,
) -> None:
    with opened(disk) as away_from_it:
        away_from_it.prompts.get("mail", unit="user-0")
        away_from_it.flush()
        back = take_away(disk)
        mine = away_from_it.prompts.get("mail", unit="user-9").variant
        back()
        with opened(disk) as other:
            other.experiments.set_shares("shorter", {"A": 0.0, "B": 1.0})
            theirs = other.prompts.get("mail", unit="user-9").variant
            other.flush()
        flushed(away_from_it)
        before = away_from_it.experiments.report("shorter").tally.units
        with opened(disk) as late:
            assert late.prompts.get("mail", unit="user-9").variant in (mine, theirs)
            after = late.experiments.report("shorter").tally.units
    assert before == after
    assert sum(after.values()) == 5


def test_what_cannot_be_known_while_it_is_away_is_an_error(disk: Path) -> None:
    back = take_away(disk)
    with opened(disk) as p:
        with pytest.raises(StoreError):
            p.prompts.get("other", unit="u")
        assert p.prompts.get("other", unit="u", fallback="Hi").via == "fallback"
        with pytest.raises((StoreError, Unavailable)):
            p.experiments.record("unheard-of", unit="u", value=1)
        with pytest.raises((StoreError, Unavailable)):
            p.experiments.record(run="r", value=1)
    back()


def test_without_last_known_a_fresh_process_has_nothing_to_go_by(disk: Path) -> None:
    back = take_away(disk)
    with opened(disk, cache__last_known=False) as p, pytest.raises(StoreError):
        p.prompts.get("mail", unit="u")
    back()


def test_an_experiment_that_has_ended_is_not_kept_on_disk(disk: Path, tmp_path: Path) -> None:
    known = tmp_path / "home" / "last-known"
    (file,) = known.glob("*.experiments.json")
    assert "shorter" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    with opened(disk) as p:
        p.experiments.stop("shorter")
        assert p.prompts.get("mail", unit="u").via == "production"
    assert "shorter" not in file.read_text()


@pytest.mark.parametrize("content", [b"{", b'{"format": 9, "prompts": {}}', b"\xff" * 100])
def test_a_broken_file_of_experiments_is_left_out(
    disk: Path, tmp_path: Path, content: bytes
) -> None:
    (file,) = (tmp_path / "home" / "last-known").glob("*.experiments.json")
    file.write_bytes(content)
    back = take_away(disk)
    with opened(disk) as p:
        assert p.prompts.get("mail", unit="u").via == "production"
    back()
    with opened(disk) as p:
        assert p.prompts.get("mail", unit="u").via == "experiment"
    assert b"shorter" in file.read_bytes()


async def test_more_than_there_is_room_for_is_dropped_and_counted() -> None:
    told: list[tuple[str, str]] = []

    async def away() -> Any:
        raise Unavailable("the store cannot be reached")

    journal = Journal(away, lambda event, why: told.append((event, why)), capacity=3)
    journal.begin()
    for n in range(5):
        journal.expose(exposure(f"u{n}"))
    assert journal.dropped == 2
    with pytest.raises(StoreError, match="cannot be reached"):
        await journal.close()
    assert journal.dropped == 5
    assert told[0] == ("recording exposures", "too many exposures wait (exposures: 1)")
    assert told[-1] == (
        "recording exposures",
        "the store could not be written before the end (exposures: 3)",
    )


async def test_rows_from_other_threads_are_written_too() -> None:
    kept = Kept()
    journal = Journal(kept.store, lambda event, why: pytest.fail(f"{event}: {why}"))
    journal.begin()

    def tell(name: str) -> None:
        for n in range(200):
            journal.expose(exposure(f"{name}-{n}"))

    threads = [threading.Thread(target=tell, args=(str(n),)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    await journal.close()
    assert len(set(kept.units)) == len(kept.units) == 800


class Kept:
    """A store's experiments, as far as a journal needs them."""

    def __init__(self) -> None:
        self.units: list[str] = []
        self.experiments = self

    async def store(self) -> Any:
        return self

    async def expose(self, exposures: Sequence[Exposure]) -> None:
        self.units += [each.unit for each in exposures]

    def record(self, outcomes: Sequence[Outcome]) -> Awaitable[int]:
        raise NotImplementedError


def exposure(unit: str) -> Exposure:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    return Exposure(experiment_id="e", unit=unit, variant="A", at=now, since=now)
