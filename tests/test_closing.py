"""What happens to callers when a platform is closed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import burnish


def test_a_call_after_closing_says_so(tmp_path: Path) -> None:
    p = burnish.open(str(tmp_path))
    p.prompts.create("a", "one")
    p.close()
    for call in (lambda: p.analyze("summarise this"), p.prompts.list):
        with pytest.raises(burnish.UsageError, match="closed"):
            call()


async def test_a_closed_async_platform_opens_no_store_again(tmp_path: Path) -> None:
    p = burnish.open_async(str(tmp_path))
    await p.prompts.create("a", "one")
    await p.close()
    await p.close()
    with pytest.raises(burnish.UsageError, match="closed"):
        await p.prompts.get("a")


def test_closing_ends_the_calls_of_other_threads(tmp_path: Path) -> None:
    """With the event loop gone, a thread that waits for its answer would wait for ever."""
    p = burnish.open(str(tmp_path))
    ended = threading.Event()
    started = threading.Event()

    def work() -> None:
        try:
            while True:
                p.analyze("explain recursion to a 10 year old")
                started.set()
        except burnish.UsageError:
            ended.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert started.wait(60)
    p.close()
    assert ended.wait(60)
