"""Examples from recorded runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.errors import UsageError
from burnish.storage.run import Run

NOW = datetime.now(UTC)


async def record(p: burnish.AsyncPlatform, **fields: Any) -> None:
    base: dict[str, Any] = {"id": p.new_id(), "kind": "complete", "prompt": "mail/late"}
    base |= {"created_at": NOW}
    await p.record_run(Run(**base | fields))


async def test_values_where_they_are_known_else_messages(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path / "home")) as p:
        chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "Ann?"}]
        await record(p, input={"name": "Ann"}, output="old", created_at=NOW - timedelta(hours=2))
        await record(p, input={"name": "Ann"}, output="new", created_at=NOW - timedelta(hours=1))
        await record(p, input=chat, output="chat")
        await record(p, input={"name": "Bob"}, error="it failed")
        await record(p, input=None, output="x")
        await record(p, input={"name": "Eve"}, prompt="mail/other")
        await record(p, input={"name": "Old"}, created_at=NOW - timedelta(days=9))
        done = await p.datasets.from_runs(
            "seen", prompt="mail/late", since=NOW - timedelta(days=7), tags=["seen"]
        )
        assert (done.added, done.repeats, done.skipped) == (2, 1, 1)
        found = [e async for e in p.datasets.iter_examples("seen")]
        assert [(e.inputs, e.expected, e.tags) for e in found] == [
            ({"messages": chat, "input": "Ann?"}, None, ("seen",)),
            ({"name": "Ann"}, None, ("seen",)),
        ]
        answered = await p.datasets.from_runs("seen", prompt="mail/late", expected=True, limit=2)
        assert (answered.changed, answered.added) == (2, 0)
        expected = [e.expected async for e in p.datasets.iter_examples("seen")]
        assert expected == ["chat", "new"]
        with pytest.raises(UsageError, match="no run of mail/none"):
            await p.datasets.from_runs("seen", prompt="mail/none")
        with pytest.raises(UsageError, match="limit of 0"):
            await p.datasets.from_runs("seen", prompt="mail/late", limit=0)


async def test_runs_of_the_platform_itself(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path / "home")) as p:
        await p.prompts.create("mail/late", "Tell {{ name }} that the parcel is late.")
        await p.complete("mail/late", {"name": "Ann"}, model="fake:echo")
        done = await p.datasets.from_runs("seen", prompt="mail/late", expected=True)
        assert done.added == 1
        (found,) = [e async for e in p.datasets.iter_examples("seen")]
        assert found.inputs["input"] == "Tell Ann that the parcel is late."
        assert found.expected == "Tell Ann that the parcel is late."
