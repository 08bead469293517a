"""Batches that are killed, or lose their provider, and are taken up again."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import COMMAND
from tests.scenario.running import Running, log_of
from tests.scenario.server import Plan, Served

import burnish
from burnish.generation.batch import BatchReport, BatchResult

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
ITEMS, BEFORE_KILL, WORKERS, PHASES = 50, 20, 4, 3
THINGS = ["bread", "rain", "trains", "lamps", "maps", "boats", "chairs", "birds", "tea", "snow"]
KINDS = ["note", "poem", "report", "letter", "plan"]
IDEAS = [f"write a short {kind} about {thing}" for kind in KINDS for thing in THINGS]
ASK_MODEL = ("--model", "openai:gpt-5-mini")


class Batch:
    """The command on a file of fifty ideas."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "ideas.txt.results.jsonl"
        (folder / "ideas.txt").write_text("\n".join(IDEAS), encoding="utf-8")

    def start(self, *options: str, url: str = "") -> subprocess.Popen[str]:
        own = {"BURNISH_HOME": str(self.folder / "home"), "HOME": str(self.folder)}
        return subprocess.Popen(
            [*COMMAND, "batch", "ideas.txt", "--json", f"--workers={WORKERS}", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=ENVIRONMENT | own | ({"OPENAI_BASE_URL": url} if url else {}),
        )

    def finish(self, *options: str, url: str = "", code: int = 0) -> BatchReport:
        process = self.start(*options, url=url)
        out, err = process.communicate()
        assert process.returncode == code, err
        return msgspec.json.decode(out, type=BatchReport)

    def results(self) -> list[BatchResult]:
        """The whole lines of the journal."""
        if not self.journal.exists():
            return []
        lines = self.journal.read_bytes().split(b"\n")[:-1]
        return [msgspec.json.decode(line, type=BatchResult) for line in lines]

    def wait_for(self, count: int, process: subprocess.Popen[str]) -> None:
        """Until so many items are done."""
        while len(self.results()) < count:
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)

    def kill(self, process: subprocess.Popen[str]) -> list[BatchResult]:
        """What was in the journal at the end."""
        process.kill()
        process.communicate()
        return self.results()


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    return Batch(tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(Plan(latency_s=0.05, log=str(tmp_path / "server.log")))
    yield running
    running.close()


def check_whole(batch: Batch, report: BatchReport) -> None:
    """Fifty results, each once: in the report, in the journal and in the library."""
    assert (report.total, report.done, report.failed, report.left) == (ITEMS, ITEMS, 0, 0)
    assert [result.idea for result in report.results] == IDEAS
    done = [result for result in batch.results() if result.status == "done"]
    assert sorted(result.idea for result in done) == sorted(IDEAS)
    with burnish.open(str(batch.folder / "home")) as p:
        stored = {prompt.name: prompt for prompt in p.prompts.list(limit=100).items}
        assert len(stored) == len({result.reference for result in done}) == ITEMS
        assert {prompt.latest_revision for prompt in stored.values()} == {1}
        for result in report.results:
            assert p.prompts.get(result.reference).version.text == result.text


def by_idea(log: list[Served]) -> dict[str, list[Served]]:
    """What the server was asked for each idea, in its order."""
    found: defaultdict[str, list[Served]] = defaultdict(list)
    for one in sorted(log, key=lambda one: one.received_at):
        (idea,) = (idea for idea in IDEAS if f"<idea>\n{idea}\n</idea>" in one.text)
        found[idea].append(one)
    return found


@pytest.mark.slow
@pytest.mark.spec("GEN-23")
def test_a_killed_batch_goes_on_and_does_no_item_twice(
    batch: Batch, server: Running, tmp_path: Path
) -> None:
    process = batch.start(*ASK_MODEL, url=server.url)
    batch.wait_for(BEFORE_KILL, process)
    before = batch.kill(process)
    killed_at = time.monotonic()
    assert BEFORE_KILL <= len(before) < ITEMS
    report = batch.finish(*ASK_MODEL, "--resume", url=server.url)
    assert report.resumed == len(before)
    check_whole(batch, report)

    log = log_of(tmp_path / "server.log")
    done_before = {result.idea for result in before}
    asked_twice: set[str] = set()
    for idea, asked in by_idea(log).items():
        answered = Counter(one.key for one in asked if one.outcome == "ok")
        assert len(answered) == PHASES
        if answered.total() > PHASES:
            asked_twice.add(idea)
            # Only what was under way when the kill came: the last call before it, and an answer
            # that came in the moment before it and was not yet remembered.
            under_way = [one.key for one in asked if one.received_at < killed_at][-2:]
            assert {key for key, times in answered.items() if times > 1} <= set(under_way)
    assert not asked_twice & done_before
    assert len(asked_twice) <= WORKERS
    assert server.counters().repeated <= 2 * WORKERS


@pytest.mark.slow
@pytest.mark.spec("GEN-23")
def test_a_batch_outlives_its_provider(batch: Batch, server: Running, tmp_path: Path) -> None:
    process = batch.start(*ASK_MODEL, "--skip-errors", url=server.url)
    batch.wait_for(BEFORE_KILL, process)
    server.kill()
    out, err = process.communicate()
    assert process.returncode == 1, err
    first = msgspec.json.decode(out, type=BatchReport)
    assert BEFORE_KILL <= first.done < ITEMS
    assert first.done + first.failed == first.total == ITEMS
    assert {r.code for r in first.results if r.status == "failed"} <= {
        "connection_lost",
        "circuit_open",
    }
    again = Running(Plan(port=server.port, latency_s=0.01, log=str(tmp_path / "server.log")))
    try:
        report = batch.finish(*ASK_MODEL, "--resume", "--skip-errors", url=again.url)
    finally:
        again.close()
    assert report.resumed == first.done
    check_whole(batch, report)
    # Every answer that was given is used: none was asked for again after it had come.
    for asked in by_idea(log_of(tmp_path / "server.log")).values():
        answered = Counter(one.key for one in asked if one.outcome == "ok")
        assert len(answered) == PHASES
        assert answered.total() == PHASES


@pytest.mark.slow
@pytest.mark.spec("GEN-23")
def test_a_killed_batch_without_a_model_goes_on(batch: Batch) -> None:
    process = batch.start("--model=offline")
    batch.wait_for(BEFORE_KILL, process)
    before = batch.kill(process)
    report = batch.finish("--model=offline", "--resume")
    assert report.resumed >= len(before) >= BEFORE_KILL
    check_whole(batch, report)
    # Taken up once more there is nothing left to do.
    again = batch.finish("--model=offline", "--resume")
    assert (again.resumed, len(batch.results())) == (ITEMS, ITEMS)
