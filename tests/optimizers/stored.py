"""Optimisations in a store, as a search leaves them."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import burnish
from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted
from burnish.optimizers.log import StoredLog
from burnish.prompts.prompt import Message
from burnish.storage.job import Job, JobState
from burnish.storage.optimization import Optimization
from burnish.storage.sqlite import open_sqlite

IDS = [f"0197000{n}-0000-7000-8000-000000000001" for n in range(4)]
TEXT = "Tell {{ name }} that the parcel is late."
ORIGINAL = Candidate(messages=(Message("user", TEXT),))


def candidate(text: str, *parents: Candidate, operator: str, why: str = "") -> Candidate:
    return Candidate(
        messages=(Message("system", "You write letters."), Message("user", f"{TEXT} {text}")),
        parents=tuple(each.id for each in parents),
        operator=operator,
        why=why,
    )


SORRY = candidate("Say sorry.", ORIGINAL, operator="reflect", why="no apology\nin three answers")
WHEN = candidate("Say when it comes.", ORIGINAL, operator="reflect", why="no day is named")
BOTH = candidate("Say sorry, and when it comes.", SORRY, WHEN, operator="unite")
SHORT = candidate(
    "Say sorry, and when it comes. Be brief.", BOTH, operator="technique", why="terse"
)
# Another way to a text that is known.
AGAIN = candidate("Say sorry.", WHEN, operator="unite")


def optimization(number: int = 0, **fields: Any) -> Optimization:
    given: dict[str, Any] = {
        "id": IDS[number],
        "prompt": "mail/late@1",
        "version_id": "01970000-0000-7000-8000-000000000099",
        "algorithm": "reflective",
        "dataset": "parcels@2",
        "model": "fake:echo",
        "writer": "fake:writer",
        "created_at": datetime(2026, 1, 2, 3, number, tzinfo=UTC),
    }
    return Optimization(**(given | fields))


IMPROVED: dict[str, Any] = {
    "outcome": "improved",
    "text": "0.50 → 0.75 over 40 examples",
    "best": "mail/late@2",
    "ended_at": datetime(2026, 1, 2, 4, tzinfo=UTC),
}


def put(*made: Optimization) -> None:
    """Into the store of the test."""
    asyncio.run(_put(made))


async def _put(made: tuple[Optimization, ...]) -> None:
    store = await open_sqlite(_path())
    for each in made:
        await store.optimizations.add(each)
    await store.close()


def tried() -> Optimization:
    """The one that stands first, of a prompt that is there, with candidates and answers."""
    with burnish.open() as p:
        version = p.prompts.create("mail/late", TEXT).version
    one = optimization(version_id=version.id, **IMPROVED)
    asyncio.run(_tried(one))
    return one


async def _tried(one: Optimization) -> None:
    store = await open_sqlite(_path())
    await store.optimizations.add(one)
    log = await StoredLog.load(store.optimizations, one)
    await log.drafts(1, Drafted(candidates=(SORRY, WHEN), rejected=("loses {{ name }}",), calls=2))
    await log.drafts(3, Drafted(candidates=(BOTH, AGAIN)))
    await log.drafts(7, Drafted(candidates=(SHORT,), rejected=("too long", "loses {{ name }}")))
    for example in range(4):
        answer = Measured(
            value=0.5, cost_usd=0.001, paid_usd=0.001, input_tokens=10, output_tokens=2
        )
        log.score(Pair(ORIGINAL.id, example), answer)
        both = Measured(value=0.75 if example else 1.0, cost_usd=0.002, paid_usd=0.002)
        log.score(Pair(BOTH.id, example), both)
    unknown: dict[str, Any] = {"cost_usd": None, "unpriced": 1}
    log.score(Pair(BOTH.id, 0, 1), Measured(value=0.5, **unknown))
    log.score(Pair(WHEN.id, 2), Measured(value=None, error="no answer", **unknown))
    await log.flush()
    await store.close()


def drafted(one: Optimization, step: int, *made: Candidate) -> None:
    asyncio.run(_drafted(one, step, made))


async def _drafted(one: Optimization, step: int, made: tuple[Candidate, ...]) -> None:
    store = await open_sqlite(_path())
    log = await StoredLog.load(store.optimizations, one)
    await log.drafts(step, Drafted(candidates=made))
    await store.close()


def work(one: Optimization, state: JobState) -> None:
    """The job of an optimisation, in a state that nobody ends."""
    asyncio.run(_work(one, state))


async def _work(one: Optimization, state: JobState) -> None:
    store = await open_sqlite(_path())
    at = datetime.now(UTC)
    await store.jobs.add(Job(id=one.job_id, kind="optimization", state=state, created_at=at))
    await store.close()


def _path() -> Path:
    return Path(os.environ["BURNISH_HOME"]) / "burnish.sqlite"
