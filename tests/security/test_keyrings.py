"""What the server signs with."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import burnish
from burnish.errors import NotAuthenticated, NotPermitted, SettingsError, StoreError
from burnish.security.keyrings import EnvironmentKeys, FileKeys

ONE = base64.urlsafe_b64encode(b"1" * 32).decode()
TWO = base64.urlsafe_b64encode(b"2" * 32).decode().rstrip("=")


@pytest.mark.spec("SEC-16")
def test_keys_come_from_a_file_that_all_processes_share(tmp_path: Path) -> None:
    path = tmp_path / "home" / "keys.json"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(FileKeys.current, [FileKeys(path) for _ in range(16)]))
    assert len({each.id for each in made}) == 1
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]
    other = FileKeys(path)
    old = other.current()
    new = FileKeys(path).rotate()
    assert other.by_id(new.id) == new
    assert FileKeys(path).current() == new
    assert FileKeys(path).by_id(old.id) == old
    assert other.by_id("none") is None
    assert "secret" not in repr(old)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="holds no keys"):
        FileKeys(path).current()


@pytest.mark.spec("SEC-16")
def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = EnvironmentKeys(f"k2:{TWO}, k1:{ONE}")
    assert (ring.current().id, ring.current().secret) == ("k2", b"2" * 32)
    first = ring.by_id("k1")
    assert first is not None
    assert first.secret == b"1" * 32
    with pytest.raises(NotPermitted, match="BURNISH_SIGNING_KEYS"):
        ring.rotate()
    words = "seven green lamps at noon"
    monkeypatch.setenv("BURNISH_SIGNING_KEYS", f"k1:{ONE}")
    with burnish.open() as p:
        p.users.create("ann@example.com", words)
        signed = p.sessions.login("ann@example.com", words)
        assert not (p.settings.home_path / "signing-keys.json").exists()
    monkeypatch.setenv("BURNISH_SIGNING_KEYS", f"k2:{TWO},k1:{ONE}")
    with burnish.open() as p:
        assert p.sessions.verify(signed.access_token).name == "ann@example.com"
    monkeypatch.setenv("BURNISH_SIGNING_KEYS", f"k2:{TWO}")
    with burnish.open() as p, pytest.raises(NotAuthenticated):
        p.sessions.verify(signed.access_token)


@pytest.mark.parametrize("text", [" , ", "abc", f":{ONE}", "k1:%%%", "k1:AAAA", f"k 1:{ONE}"])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        EnvironmentKeys(text)
    assert ONE not in f"{caught.value} {caught.value.hint}"
    assert "openssl" in caught.value.hint
