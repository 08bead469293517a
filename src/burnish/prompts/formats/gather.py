"""What a reader finds, item by item: a bad one is told and stops nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar, cast

import msgspec

from burnish.errors import UsageError
from burnish.prompts.formats.document import Fault, Problem, PromptFile, Reading
from burnish.prompts.formats.pieces import Translated
from burnish.prompts.formats.source import Source
from burnish.prompts.formats.templates import Dialect, translate
from burnish.shapes import convert

T = TypeVar("T")


class Gathered:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._prompts: list[PromptFile] = []
        self._problems: list[Problem] = []
        self._names: dict[str, int] = {}

    def try_(self, make: Callable[[], PromptFile], *place: str | int) -> None:
        """The prompt, or what is wrong with it."""
        try:
            made = make()
        except UsageError as error:
            self.problem(error, *place)
        else:
            self._prompts.append(self._named(made))

    def problem(self, error: UsageError | str, *place: str | int) -> None:
        what = error if isinstance(error, str) else error.what
        own = error.line if isinstance(error, Fault) else 0
        line = own or (self._source.line(*place) if place else 1)
        self._problems.append(Problem(problem=what, line=line, at=path(place)))

    def reading(self) -> Reading:
        return Reading(prompts=tuple(self._prompts), problems=tuple(self._problems))

    def _named(self, made: PromptFile) -> PromptFile:
        """A second prompt of a name would be lost in the first."""
        name = made.name
        while name in self._names:
            self._names[made.name] += 1
            name = f"{made.name}-{self._names[made.name]}"
        self._names[name] = 1
        if name == made.name:
            return made
        note = f"is called {name}, since another prompt of the file is {made.name}"
        return msgspec.structs.replace(made, name=name, notes=(*made.notes, note))


def shaped(value: Any, shape: type[T], line: int = 0) -> T:
    """Raises Fault that names the field."""
    try:
        return convert(value, shape)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").lstrip(".")
        raise Fault(f"{field}: {problem}" if field else problem, line) from None


def mapping(value: object) -> dict[str, Any]:
    """An empty one for what has no keys."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """An empty list for what is none."""
    return cast("list[Any]", value) if isinstance(value, list | tuple) else []


def is_list(value: object) -> bool:
    return isinstance(value, list)


def is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def words(value: object) -> tuple[str, ...]:
    """A list of texts; one text may hold several, with commas between."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(str(item) for item in items(value) if isinstance(item, str | int | float))


def path(place: Sequence[str | int]) -> str:
    """`prompts[3].messages` for people."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")


def object_at(source: Source) -> dict[str, Any]:
    """The whole file's keys. Raises Fault where it has none."""
    value = source.value()
    if not isinstance(value, dict):
        raise Fault("holds no keys where a tool's file has some", 1)
    return cast("dict[str, Any]", value)


def translated(
    source: Source,
    place: tuple[str | int, ...],
    text: str,
    dialect: Dialect,
    lists: Collection[str] = (),
) -> Translated:
    """A text of the file as our template. Raises Fault with the file's line."""
    try:
        return translate(text, dialect, lists)
    except Fault as fault:
        raise Fault(fault.what, source.text_line(place, fault.line)) from None
