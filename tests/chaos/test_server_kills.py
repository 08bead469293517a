"""A server that is killed while it is written to: whatever it said that it has is there."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from tests.chaos.serving import Server, Writers, check_whole, killed, lost

import burnish

_KILLS = 2


@pytest.mark.spec("PER-11")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_acknowledged_survives_kills(tmp_path: Path, workers: int) -> None:
    chance = random.Random(workers)
    for turn in range(_KILLS):
        acknowledged, missing = killed(tmp_path, workers, turn, chance.random() * 0.5)
        assert min(acknowledged.values()) >= 3
        assert missing == []


@pytest.mark.spec("PER-11")
def test_a_server_that_is_ended_answers_whoever_is_being_answered(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("base", "Version 0")
        key = p.keys.create("writer", role="editor").key
    server = Server(tmp_path, 1)
    writers = Writers(server.url, key, 0)
    writers.wait()
    code = server.end()
    writers.stop()
    assert code in {0, -signal.SIGTERM}
    assert not writers.refused
    assert lost(tmp_path, writers.kept) == []
    check_whole(tmp_path)
