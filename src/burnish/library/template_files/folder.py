"""Which files of a folder are templates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.library.template_files.fields import Fault
from burnish.library.template_files.read import TemplateFile, read_template

MAX_FILES = 10_000
SUFFIXES = (".yaml", ".yml")


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is no template, why, and the line (0: the whole file)."""

    file: str
    problem: str
    line: int = 0


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at `path`, in the folder `root`: the same, or that of the one file."""

    path: Path
    root: Path
    templates: tuple[TemplateFile, ...]
    bad: tuple[Bad, ...]


def read_folder(path: Path, only: frozenset[str] | None = None) -> Folder:
    """All templates of a folder and of those in it, or the one in a file; with `only` those named
    so in the folder.

    Hidden files and folders are left out, links that lead out of the folder are not followed.
    Raises NotFound, and UsageError for a folder without template files or with too many.
    """
    path = path.expanduser().resolve()
    if not path.exists():
        raise NotFound(f"there is no {path}", hint="check the path", subject=str(path))
    root = path if path.is_dir() else path.parent
    files = sorted(_files(root)) if path.is_dir() else [path]
    if only is not None:
        files = [file for file in files if file.relative_to(root).as_posix() in only]
    if not files:
        raise UsageError(
            f"{path} holds no template files", hint="they end in .yaml or .yml", subject=str(path)
        )
    read = [_read(file, root) for file in files]
    templates = [each for each in read if isinstance(each, TemplateFile)]
    bad = [each for each in read if isinstance(each, Bad)]
    doubles = _doubles(templates)
    return Folder(
        path=path,
        root=root,
        templates=tuple(each for each in templates if each.file not in doubles),
        bad=tuple(sorted((*bad, *doubles.values()), key=lambda each: each.file)),
    )


def _files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                count += 1
                if count > MAX_FILES:
                    raise UsageError(
                        f"{root} holds more than {MAX_FILES:,} template files",
                        hint="bring its folders in one by one",
                        subject=str(root),
                    )
                yield Path(folder) / name


def _unreadable(error: OSError) -> None:
    raise UsageError(
        f"{error.filename} cannot be read: {error.strerror}", hint="check its permissions"
    )


def _read(file: Path, root: Path) -> TemplateFile | Bad:
    try:
        _check_kind(file, root)
        return read_template(file, root)
    except Fault as fault:
        name = file.relative_to(root).as_posix()
        return Bad(file=name, problem=fault.what, line=fault.line)


def _check_kind(file: Path, root: Path) -> None:
    if not _inside(file, root):
        raise Fault("is a link out of the folder, which is not followed")
    if not file.is_file():
        raise Fault("is no ordinary file")


def _inside(file: Path, root: Path) -> bool:
    try:
        return file.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        # A link that leads to itself.
        return False


def _doubles(templates: list[TemplateFile]) -> dict[str, Bad]:
    """Files that say the same version of a prompt as another, or leave out which it is."""
    seen: dict[tuple[str, tuple[int, ...]], str] = {}
    names: dict[str, list[TemplateFile]] = {}
    found: dict[str, Bad] = {}
    for each in templates:
        names.setdefault(each.name, []).append(each)
        first = seen.setdefault((each.name, each.number), each.file)
        if first != each.file:
            what = f"version {each.label}" if each.label else "the text"
            problem = f"is {what} of {each.name}, and so is {first}"
            found[each.file] = Bad(file=each.file, problem=problem)
    for each in templates:
        others = [other.file for other in names[each.name] if other.number]
        if not each.number and others:
            problem = f"has no version, and {others[0]} of the same prompt has; name it …_v2.yaml"
            found[each.file] = Bad(file=each.file, problem=problem)
    return found
