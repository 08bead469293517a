"""The job that optimises all weak prompts, killed between the first and the last of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.test_optimizing import AT_ONCE, GAIN, Place
from tests.cli.optimizing import PROMPT, mails
from tests.scenario.running import Running, serving


@pytest.fixture
def server() -> Iterator[Running]:
    with serving(latency_s=0.02) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, server: Running) -> Iterator[Place]:
    made = Place(tmp_path / "home", server.url)
    yield made
    for process in made.all:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.spec("OPT-10")
def test_it_goes_on_with_the_one_under_way_and_begins_no_ended_one_again(
    tmp_path: Path, server: Running, place: Place
) -> None:
    mails(tmp_path / "mails.csv", 60)
    place.told("datasets", "add", "mails", str(tmp_path / "mails.csv"))
    for name in ("mail/a", "mail/b"):
        place.told("prompts", "create", name, f"{name}: {PROMPT}")
        asked = ("--data", "mails", "--models", "openai:m", "--scorer", GAIN)
        place.told("evaluate", name, *asked, "--limit", "4")
    how = ("--writer", "offline", "--budget", "400", "--concurrency", str(AT_ONCE), "--fresh")
    job = place.told("optimize", "--where", "score < 0.6", *how, "--background").strip()
    worker = place.start("worker")
    watcher = place.start("jobs", "watch", job)
    assert watcher.stdout is not None
    for line in watcher.stdout:
        found = re.search(r"\t1\t2\tmail/b@1, (\d+) calls", line)
        if found is not None and int(found[1]) >= 20:
            break
    worker.kill()
    worker.communicate()
    before = json.loads(place.told("optimizations", "list", "--json"))
    assert [(each["prompt"], bool(each["ended_at"])) for each in before] == [
        ("mail/b@1", False),
        ("mail/a@1", True),
    ]
    place.told("worker", "--once")
    result = json.loads(place.told("jobs", "show", job, "--json"))["result"]
    assert [each["id"] for each in result["optimized"]] == [each["id"] for each in reversed(before)]
    assert {each["outcome"] for each in result["optimized"]} <= {"improved", "kept"}
    after = json.loads(place.told("optimizations", "list", "--json"))
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert after[1] == before[1]
    # Only what was under way at the kill, or not written down yet, was asked for again, beside the
    # examples of the evaluations.
    assert server.counters().repeated <= 2 * AT_ONCE + 2 * 4
