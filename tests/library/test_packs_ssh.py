"""Packs over ssh: an ssh of our own stands in for the real one, which needs a server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import burnish
from burnish.errors import NotPermitted, Unavailable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ssh was asked for; it never answers."""
    told, tools = tmp_path / "asked", tmp_path / "tools"
    tools.mkdir()
    script = tools / "ssh"
    script.write_text(f'#!/bin/sh\necho "$$ $@" > "{told}"\nexec sleep 300\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return told


@pytest.mark.parametrize("address", ["git+ssh://git@example.com/t.git", "git@example.com:t.git"])
def test_an_ssh_that_never_answers_is_ended(asked: Path, address: str) -> None:
    with (
        burnish.open(packs__timeout_s=0.5) as p,
        pytest.raises(Unavailable, match="takes too long") as raised,
    ):
        p.packs.preview(address)
    assert "packs.timeout_s" in raised.value.hint
    process, *words = asked.read_text().split()
    assert "git@example.com" in words
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


@pytest.mark.parametrize(
    "address",
    [
        "git+ssh://git@10.0.0.1/t.git",
        "git+ssh://git@169.254.169.254:2222/t.git",
        "git+ssh://git@[::ffff:10.0.0.1]/t.git",
        "git+ssh://git@167772161/t.git",
        "git@192.168.1.1:t.git",
        "git@127.1:t.git",
    ],
)
def test_ssh_is_not_sent_into_the_private_network(
    p: burnish.Platform, asked: Path, address: str
) -> None:
    with pytest.raises(NotPermitted, match="no public address"):
        p.packs.preview(address)
    assert not asked.exists()


def test_ssh_reaches_the_private_network_on_request(asked: Path) -> None:
    with (
        burnish.open(packs__private_hosts=True, packs__timeout_s=0.5) as p,
        pytest.raises(Unavailable),
    ):
        p.packs.preview("git@192.168.1.1:t.git")
    assert "git@192.168.1.1" in asked.read_text()
