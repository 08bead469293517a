"""How much each may ask for in a minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burnish.security.buckets import Buckets


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_one_after_the_last_waits_until_there_is_one_again() -> None:
    clock = Clock()
    buckets = Buckets(10, clock)
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
    buckets = Buckets(1, Clock())
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
    buckets = Buckets(limit, clock)
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
