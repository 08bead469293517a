"""The library written to files."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import UsageError
from burnish.prompts.composition import has_includes
from burnish.prompts.formats import PromptFile, by_name

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts

_PAGE = 500
_NAMED = 5
# Formats of our own keep an include as it is; no other tool could read it.
_INCLUDING = ("burnish", "burnish-yaml", "markdown", "csv")
# A zip that is read again must be the same bytes for the same prompts.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


# An ending that several formats share stands for our own.
_BY_ENDING = {
    ".yaml": "burnish-yaml",
    ".yml": "burnish-yaml",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".prompty": "prompty",
}


def usual_format(target: str | Path | None) -> str:
    """The format that the ending of a file names; our own for any other, and for none."""
    if target is None or Path(target).expanduser().is_dir():
        return "burnish"
    return _BY_ENDING.get(Path(target).suffix.lower(), "burnish")


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """`files` by name, as text; `loses` what the format cannot hold, a sentence each."""

    format: str
    prompts: int
    files: dict[str, str]
    loses: tuple[str, ...] = ()


async def export_prompts(
    prompts: AsyncPrompts,
    *,
    names: Sequence[str] = (),
    category: str | None = None,
    tags: Sequence[str] = (),
    prefix: str = "",
    format: str = "burnish",  # noqa: A002 - the word that people know
    latest: bool = False,
) -> Exported:
    """The prompts named, or all that meet the conditions, in a format's files.

    Whole histories, labels and branches go along where the format can hold them; `latest` takes
    the newest version of each alone. Raises NotFound for a name that is not there, UsageError for
    an unknown format, and for prompts that the format cannot hold.
    """
    chosen = by_name(format)
    reader = _Reader(prompts, whole=not latest, expand=chosen.name not in _INCLUDING)
    found: list[PromptFile] = []
    if names:
        found = [await reader.read(name) for name in names]
    else:
        cursor = None
        while True:
            page = await prompts.list(
                category=category, tags=tags, prefix=prefix, sort="name", limit=_PAGE, cursor=cursor
            )
            found += [await reader.read(prompt.name) for prompt in page.items]
            cursor = page.next
            if cursor is None:
                break
    files = chosen.write(found) if found else {}
    return Exported(
        format=chosen.name,
        prompts=len(found),
        files=files,
        loses=(*chosen.loses, *reader.loses),
    )


class _Reader:
    """Reads prompts as files know them; with `expand` what they include stands in their texts."""

    def __init__(self, prompts: AsyncPrompts, *, whole: bool, expand: bool) -> None:
        self._prompts = prompts
        self._whole = whole
        self._expand = expand
        self._expanded: list[str] = []
        self._broken: list[str] = []

    @property
    def loses(self) -> tuple[str, ...]:
        return (*self._brought, *dict.fromkeys(self._broken))

    @property
    def _brought(self) -> tuple[str, ...]:
        names = ", ".join(self._expanded[:_NAMED])
        more = len(self._expanded) - _NAMED
        tail = f" and {more} more" if more > 0 else ""
        return (f"includes; what they bring stands in {names}{tail}",) if names else ()

    async def read(self, name: str) -> PromptFile:
        found = await self._prompts.history_file(name, whole=self._whole)
        if not self._expand or not any(has_includes(each.messages) for each in found.versions):
            return found
        self._expanded.append(name)
        return await self._prompts.history_file(
            name, whole=self._whole, expand=True, broken=self._tell
        )

    def _tell(self, fault: str) -> None:
        self._broken.append(f"an include, which stays as text: {fault}")


def refuse_several(made: Exported, target: str | Path | None) -> None:
    """Where the ending of one file has chosen a format that makes several."""
    if len(made.files) > 1 and usual_format(target) != "burnish":
        raise UsageError(
            f"{made.format} makes {len(made.files)} files of these prompts, and {target} is one",
            hint=f"give a folder with --format {made.format}, or a file that ends in .yaml",
        )


def write_files(files: Mapping[str, str], target: Path, *, replace: bool = False) -> list[Path]:
    """Into a folder, one file (where there is one), or a zip, by the target's ending.

    Raises UsageError for a target that exists and may not be replaced. Each file is there whole
    or not at all.
    """
    target = target.expanduser()
    if target.suffix.lower() == ".zip":
        _refuse(target, replace=replace)
        return [_write_zip(files, target)]
    if target.suffix and not target.is_dir() and len(files) == 1:
        _refuse(target, replace=replace)
        (text,) = files.values()
        return [_write(target, text.encode())]
    places = {target.joinpath(*PurePosixPath(name).parts): text for name, text in files.items()}
    for path in places:
        _refuse(path, replace=replace)
    return [_write(path, text.encode()) for path, text in places.items()]


def _refuse(path: Path, *, replace: bool) -> None:
    if path.exists() and not replace:
        raise UsageError(
            f"{path} exists already", hint="add --force to replace it", subject=str(path)
        )


def _write_zip(files: Mapping[str, str], target: Path) -> Path:
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(zipfile.ZipInfo(name, _NO_TIME), text, zipfile.ZIP_DEFLATED)
        packed.seek(0)
        return _write(target, packed.read())


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".burnish-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(fresh).chmod(0o644)
            Path(fresh).replace(path)
        except OSError:
            Path(fresh).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    return path
