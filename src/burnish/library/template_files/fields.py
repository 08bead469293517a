"""The keys of a template file: their forms, their bounds, and the other names they go by."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.library.examples import EXAMPLES, MOST
from burnish.prompts.prompt import Message
from burnish.shapes import convert

Length = Annotated[int, Meta(ge=0)]
Lines = Mapping[tuple[str | int, ...], int]

_OTHER_NAMES = {
    "system_prompt": "system",
    "template": "user",
    "user_prompt": "user",
    "user_prompt_template": "user",
    "expected_language_field": "language_variable",
    "expected_language": "language",
}
_GROUPS = ("validation", "config", "parameters", "metadata")
_FIELD = re.compile(r"`\$((?:\.\w+|\[[^\]]*\])*)`$")
_RULES = ("min_length", "max_length", "language", "language_variable")


class TemplateFields(msgspec.Struct, frozen=True, kw_only=True):
    """A file's keys under their own names, those of its groups lifted to the top."""

    name: str = ""
    agent: str = ""
    task: str = ""
    version: str | int | float = ""
    description: str | None = None
    category: str | None = None
    tags: tuple[str, ...] | str | None = None
    system: str = ""
    user: str = ""
    is_system_prompt: bool = False
    messages: tuple[Message, ...] = ()
    variables: Any = None
    min_length: Length | None = None
    max_length: Length | None = None
    language: str | None = None
    language_variable: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    model: str | None = None
    examples: tuple[dict[str, Any], ...] = ()
    max_examples: Length | None = None
    example_choice: Literal["first", "similar"] = "first"

    def config(self) -> dict[str, Any]:
        """What decides how the prompt is run, and how its answer is judged."""
        names = (*_RULES, "temperature", "max_tokens", "model")
        found = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.examples:
            most = MOST if self.max_examples is None else self.max_examples
            found |= {
                EXAMPLES: [_whole(example) for example in self.examples],
                "max_examples": most,
                "example_choice": self.example_choice,
            }
        return found

    def all_tags(self) -> tuple[str, ...] | None:
        return tuple(self.tags.split(",")) if isinstance(self.tags, str) else self.tags


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """`others` are keys that mean nothing here and are kept; `unchecked` are those among them
    that stand as rules for the answer. `places` says where in the file a key of `fields` is."""

    fields: TemplateFields
    others: dict[str, Any]
    unchecked: tuple[str, ...]
    places: dict[str, tuple[str | int, ...]]


class Fault(UsageError):
    """What is wrong with a file, and in which line; 0 for the whole file."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what, hint="correct the file and try again")
        self.line = line


def read_fields(value: object, lines: Lines) -> Keys:
    """Raises Fault."""
    if not isinstance(value, dict):
        raise Fault("holds no keys such as `user: …`", 1)
    top = cast("dict[str, Any]", value)
    given: dict[str, Any] = {}
    others: dict[str, Any] = {}
    unchecked: list[str] = []
    places: dict[str, tuple[str | int, ...]] = {}
    for place, key, item in _flat(top):
        name = _OTHER_NAMES.get(key, key)
        if name not in TemplateFields.__struct_fields__:
            _refuse_slip(key, lines.get(place, 0))
            others[key] = item
            unchecked += [key] if place[0] == "validation" else []
        elif name in given:
            raise Fault(f"says {name} twice, as {places[name][-1]} and as {key}", lines[place])
        elif item is not None:
            given[name], places[name] = item, place
    fields = _converted(given, places, lines)
    return Keys(fields=fields, others=others, unchecked=tuple(unchecked), places=places)


def _flat(top: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str, Any]]:
    found: list[tuple[tuple[str | int, ...], str, Any]] = []
    for key, item in top.items():
        if key in _GROUPS and isinstance(item, dict):
            group = cast("dict[str, Any]", item)
            # A key at the top wins over the same in `metadata`, which only describes.
            found += [
                ((key, inner), inner, each)
                for inner, each in group.items()
                if key != "metadata" or _OTHER_NAMES.get(inner, inner) not in top
            ]
        else:
            found.append(((key,), key, item))
    return found


def _refuse_slip(key: str, line: int) -> None:
    near = difflib.get_close_matches(
        key, (*TemplateFields.__struct_fields__, *_OTHER_NAMES, *_GROUPS), n=1, cutoff=0.85
    )
    if near:
        raise Fault(f"has no key {key!r}; did you mean {near[0]!r}?", line)


def _converted(
    given: dict[str, Any], places: dict[str, tuple[str | int, ...]], lines: Lines
) -> TemplateFields:
    try:
        fields = convert(given, TemplateFields)
    except msgspec.ValidationError as error:
        raise _named(str(error), places, lines) from None
    shortest, longest = fields.min_length, fields.max_length
    if shortest is not None and longest is not None and shortest > longest:
        raise Fault(
            f"asks for at least {shortest} and at most {longest} characters",
            lines[places["min_length"]],
        )
    for index, example in enumerate(fields.examples):
        if not example.get("output"):
            line = lines.get((*places[EXAMPLES], index), 0)
            raise Fault("examples: an example has no output", line)
    return fields


def _named(message: str, places: dict[str, tuple[str | int, ...]], lines: Lines) -> Fault:
    """The fault of which the library tells, under the key that the file uses, with its line."""
    found = _FIELD.search(message)
    parts: list[str] = re.findall(r"\w+", found[1]) if found else []
    problem = message[: found.start()].removesuffix(" - at ") if found else message
    if not parts:
        return Fault(problem)
    inner: list[str | int] = [int(part) if part.isdigit() else part for part in parts[1:]]
    place = [*places.get(parts[0], (parts[0],)), *inner]
    field = ".".join(map(str, place))
    while place and tuple(place) not in lines:
        place.pop()
    return Fault(f"{field}: {problem}", lines.get(tuple(place), 0))


def _whole(example: dict[str, Any]) -> dict[str, Any]:
    """With an input, so that a template can name it in each."""
    return {"input": "", **example}
