"""What is said of a repository that cannot be reached: one plain sentence."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.library.packing import http

import burnish
from burnish.errors import Unavailable


def said(p: burnish.Platform, source: str) -> str:
    with pytest.raises(Unavailable) as raised:
        p.packs.preview(source)
    what = raised.value.what
    assert not any(word in what for word in ("Pool", "object at", "Max retries", "urllib", "Errno"))
    assert "\n" not in what
    assert len(what) < 160
    return what


def test_nobody_answers(p: burnish.Platform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "nobody answers there" in said(p, f"git+http://127.0.0.1:{port}/t.git")


def test_a_name_that_nobody_has(p: burnish.Platform) -> None:
    assert "no host of that name" in said(p, "git+https://packs.invalid/t.git")


def test_no_answer_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        burnish.open(packs__timeout_s=0.3) as p,
    ):
        assert "takes too long" in said(p, f"git+http://127.0.0.1:{server.getsockname()[1]}/t.git")


def test_a_server_without_encryption(tmp_path: Path) -> None:
    with (
        http(lambda path: (200, {}, b"")) as (base, _),
        burnish.open(packs__private_hosts=True) as p,
    ):
        assert "https" in said(p, f"git+{base.replace('http:', 'https:')}/t.git")
