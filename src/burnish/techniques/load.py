"""Technique files into techniques. A file that is wrong is named with its field and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import msgspec

from burnish.errors import UsageError
from burnish.shapes import convert
from burnish.techniques.read_yaml import Place, YamlText, read_yaml, refused
from burnish.techniques.technique import Technique, contradictions

BUILT_IN = Path(__file__).parent / "catalog"
_FIELD = re.compile(r"`\$((?:\.\w+|\[[^\]]*\])*)`$")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")


def built_in_techniques() -> tuple[Technique, ...]:
    """The techniques that come with Burnish, by name."""
    return tuple(_read(path)[0] for path in _files(BUILT_IN))


def load_folder(folder: Path | str) -> tuple[Technique, ...]:
    """Every `*.yaml` and `*.yml` file of a folder, by file name.

    Raises `UsageError` for a folder that is missing or a file that is not a technique."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="name a folder of technique files")
    return tuple(load_technique(path) for path in _files(folder))


def load_technique(path: Path | str) -> Technique:
    """One technique from its YAML file, with its templates checked.

    Raises `UsageError`, which names the file, the field and the line."""
    from burnish.techniques.templates import template_problem

    path = Path(path)
    technique, lines = _read(path)
    texts: dict[Place, str] = {("template",): technique.template}
    texts |= {("variants", intent): text for intent, text in technique.variants.items()}
    for place, text in texts.items():
        if problem := template_problem(text, technique):
            field = ".".join(str(part) for part in place)
            raise refused(str(path), lines[place], f"field {field}: {problem}")
    return technique


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def _read(path: Path) -> tuple[Technique, dict[Place, int]]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="name a readable technique file"
        ) from error
    except UnicodeDecodeError as error:
        raise refused(str(path), 0, "is not UTF-8 text") from error
    document = read_yaml(text, str(path))
    return _convert(document, str(path)), document.lines


def _convert(document: YamlText, source: str) -> Technique:
    try:
        technique = convert(_calls_as_text(document.value), Technique)
    except msgspec.ValidationError as error:
        line, what = _locate(str(error), document.lines)
        raise refused(source, line, what) from error
    if problem := contradictions(technique):
        line = document.lines.get((problem.split()[0],), 0)
        raise refused(source, line, problem)
    return technique


def _calls_as_text(value: Any) -> Any:
    """`calls: 2` means the text `2`."""
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    calls = fields.get("calls")
    return {**fields, "calls": str(calls)} if isinstance(calls, int) else fields


def _locate(message: str, lines: dict[Place, int]) -> tuple[int, str]:
    """The line of the field that msgspec names, and the message with the field in front."""
    found = _FIELD.search(message)
    parts: list[str] = re.findall(r"\w+", found[1]) if found else []
    place: list[str | int] = [int(part) if part.isdigit() else part for part in parts]
    problem = message[: found.start()].removesuffix(" - at ") if found else message
    if unknown := _UNKNOWN.search(message):
        place.append(unknown[1])
    field = ".".join(str(part) for part in place)
    while place and tuple(place) not in lines:
        place.pop()
    return lines.get(tuple(place), 0), f"field {field}: {problem}" if field else problem
