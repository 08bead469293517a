import uuid

from hypothesis import given
from hypothesis import strategies as st

from burnish.storage.ids import Ids


def test_an_id_is_a_uuid_of_version_7_with_its_time() -> None:
    made = uuid.UUID(Ids(clock_ns=lambda: 1_645_557_742_000_000_000)())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 1_645_557_742_000


@given(st.lists(st.integers(min_value=0, max_value=2**62), min_size=2, max_size=50))
def test_ids_rise_whatever_the_clock_does(times: list[int]) -> None:
    clock = iter(times)
    ids = Ids(clock_ns=lambda: next(clock))
    made = [ids() for _ in times]
    assert made == sorted(set(made))


def test_ids_of_one_millisecond_rise_past_the_counter() -> None:
    ids = Ids(clock_ns=lambda: 1_000_000_000_999_999)
    made = [ids() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_two_makers_at_one_instant_differ() -> None:
    def same_instant() -> int:
        return 1_000_000_000_000_000

    assert Ids(same_instant)() != Ids(same_instant)()
