"""How much each may ask for in a minute."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

import burnish
from burnish.security.buckets import OwnBuckets, Taken


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Mine:
    """Buckets of one limit, asked without waiting."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._buckets = OwnBuckets(clock)

    def take(self, who: str, count: int = 1) -> Taken:
        return asyncio.run(self._buckets.take(who, self._limit, count))


def test_the_one_after_the_last_waits_until_there_is_one_again() -> None:
    clock = Clock()
    buckets = Mine(10, clock)
    told = [buckets.take("ann") for _ in range(11)]
    assert [each.is_allowed for each in told] == [True] * 10 + [False]
    assert [each.remaining for each in told] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert (told[-1].wait_s, told[-1].full_s) == (6, 60)
    assert buckets.take("bob").is_allowed
    clock.now += told[-1].wait_s
    assert buckets.take("ann").is_allowed
    assert not buckets.take("ann").is_allowed
    clock.now += 60
    assert buckets.take("ann").remaining == 9


def test_looking_takes_nothing() -> None:
    buckets = Mine(1, Clock())
    assert [buckets.take("ann", 0).is_allowed for _ in range(3)] == [True] * 3
    assert buckets.take("ann").is_allowed
    assert not buckets.take("ann", 0).is_allowed


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=200),
)
def test_no_minute_has_more_than_twice_the_limit_and_nobody_waits_in_vain(
    limit: int, waits: list[float]
) -> None:
    """A full bucket and what flows in meanwhile: never more."""
    clock = Clock()
    buckets = Mine(limit, clock)
    let_in: list[float] = []
    for wait in waits:
        clock.now += wait
        taken = buckets.take("ann")
        if taken.is_allowed:
            let_in.append(clock.now)
        else:
            clock.now += taken.wait_s
            assert buckets.take("ann").is_allowed
            let_in.append(clock.now)
    for begin in let_in:
        span = [at for at in let_in if begin <= at <= begin + 60]
        assert len(span) <= 2 * limit + 1


async def test_shared_ones_are_those_of_all_processes_on_a_store() -> None:
    async with burnish.open_async() as one, burnish.open_async() as other:
        first, second = one.buckets(), other.buckets()
        takes = [each.take("ann", 10) for each in (first, second) for _ in range(8)]
        told = await asyncio.gather(*takes)
        assert sum(each.is_allowed for each in told) == 10
        refused = next(each for each in told if not each.is_allowed)
        assert 1 <= refused.wait_s <= 6
        assert not (await second.take("ann", 10, 0)).is_allowed
        assert (await second.take("bob", 10, 0)).remaining == 10
        assert (await first.take("bob", 10)).remaining == 9
        assert await first.forget() == 0
