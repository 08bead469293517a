"""What every store keeps of keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from burnish.errors import Conflict
from burnish.storage.api_keys import ApiKey
from burnish.storage.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ID = "01970000-0000-7000-8000-00000000007{}"


def key(n: int, name: str) -> ApiKey:
    return ApiKey(id=ID.format(n), name=name, role="editor", rights=("publish",), created_at=NOW)


async def test_a_key_is_found_with_its_hash_and_listed_without(store: Store) -> None:
    await store.api_keys.add(key(1, "ci"), "hash")
    await store.api_keys.add(key(2, "app"), "other")
    assert await store.api_keys.find(ID.format(1)) == (key(1, "ci"), "hash")
    assert await store.api_keys.find(ID.format(9)) is None
    assert await store.api_keys.all() == [key(2, "app"), key(1, "ci")]


async def test_a_name_is_given_once(store: Store) -> None:
    await store.api_keys.add(key(1, "ci"), "hash")
    await store.api_keys.revoke(ID.format(1), NOW)
    with pytest.raises(Conflict, match="ci"):
        await store.api_keys.add(key(2, "ci"), "hash")


async def test_what_was_revoked_first_stays(store: Store) -> None:
    await store.api_keys.add(key(1, "ci"), "hash")
    await store.api_keys.use(ID.format(1), NOW)
    await store.api_keys.revoke(ID.format(1), NOW)
    again = await store.api_keys.revoke(ID.format(1), NOW + timedelta(days=1))
    assert again is not None
    assert (again.revoked_at, again.last_used_at) == (NOW, NOW)
    assert await store.api_keys.revoke(ID.format(9), NOW) is None
