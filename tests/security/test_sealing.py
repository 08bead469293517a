"""Secrets that have to be read again are encrypted where they are stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import StoreError
from burnish.security.keyring import Key
from burnish.security.keyrings import EnvironmentKeys, FileKeys
from burnish.security.sealing import seal, unseal


class Ring(EnvironmentKeys):
    def __init__(self) -> None:
        super().__init__("k1:" + "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=")


@pytest.mark.spec("SEC-11")
@given(st.text())
def test_what_is_sealed_is_opened_by_its_key_for_its_purpose_alone(text: str) -> None:
    ring = Ring()
    sealed = seal(ring, text, "row 1")
    assert unseal(ring, sealed, "row 1") == text
    assert seal(ring, text, "row 1") != sealed
    if len(text) > 3:
        assert text not in sealed
    with pytest.raises(StoreError, match="it was changed"):
        unseal(ring, sealed, "row 2")


@pytest.mark.spec("SEC-11")
def test_older_keys_open_what_they_have_sealed(tmp_path: Path) -> None:
    ring = FileKeys(tmp_path / "keys.json")
    sealed = seal(ring, "a secret", "x")
    ring.rotate()
    assert unseal(FileKeys(tmp_path / "keys.json"), sealed, "x") == "a secret"
    assert seal(ring, "a secret", "x").split(":")[1] != sealed.split(":")[1]
    with pytest.raises(StoreError, match="is not there"):
        unseal(FileKeys(tmp_path / "others.json"), sealed, "x")


@pytest.mark.parametrize(
    "sealed", ["", "v1", "v1:k1", "v1:k1:%%%", "v1:k1:AAAA", "v2:k1:AAAA", "é"]
)
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(StoreError):
        unseal(Ring(), sealed, "x")
    assert repr(Key(id="k1", secret=b"1" * 32)) == "Key(id='k1')"
