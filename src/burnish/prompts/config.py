"""What the config of a prompt's version may say of how it is run and how its answer is judged."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.shapes import convert

Length = Annotated[int, Meta(ge=0)]


class PromptConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that mean something; a config may have others, which are its owner's. Lengths are
    in characters. `language_variable` names the variable whose value is the language."""

    model: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    min_length: Length | None = None
    max_length: Length | None = None
    language: str | None = None
    language_variable: str | None = None


_TAKES: Mapping[str, str] = {
    "model": "text, such as openai:gpt-5-mini",
    "temperature": "a number from 0 to 2",
    "max_tokens": "a whole number from 1",
    "min_length": "a whole number from 0 (characters)",
    "max_length": "a whole number from 0 (characters)",
    "language": "text, such as en or German",
    "language_variable": "the name of a variable",
}
_EXAMPLES = ("examples", "max_examples", "example_choice")
_FIELD = re.compile(r"`\$\.(\w+)")


def read_config(config: Mapping[str, Any]) -> PromptConfig:
    """Raises UsageError naming a key whose value is wrong, and what it takes."""
    try:
        found = convert(dict(config), PromptConfig)
    except msgspec.ValidationError as error:
        place = _FIELD.search(str(error))
        key = place[1] if place else ""
        raise _refused(key, config.get(key)) from None
    shortest, longest = found.min_length, found.max_length
    if shortest is not None and longest is not None and shortest > longest:
        raise UsageError(
            f"config min_length is {shortest}, above max_length, which is {longest}",
            hint="make min_length the smaller one",
            subject="min_length",
        )
    return found


def check_config(config: Mapping[str, Any]) -> None:
    """Refuses what could never be run, and keys that look like a slip of one that means something.

    Raises UsageError naming the key.
    """
    known = (*PromptConfig.__struct_fields__, *_EXAMPLES)
    for key, value in config.items():
        plain = key.strip().lower().replace("-", "_")
        near = difflib.get_close_matches(plain, known, n=1, cutoff=0.85)
        if key not in known and near and not _is_another_number(plain, near[0], value):
            raise UsageError(
                f"config has no key {key!r}", hint=f"did you mean {near[0]!r}?", subject=key
            )
    read_config(config)


def _is_another_number(key: str, known: str, value: object) -> bool:
    """A plural or singular with a value that the known key could not have is a word of its own:
    `models` with a list, `example` with one example."""
    if key.rstrip("s") != known.rstrip("s"):
        return False
    if known in _EXAMPLES:
        return not isinstance(value, list)
    try:
        convert({known: value}, PromptConfig)
    except msgspec.ValidationError:
        return True
    return False


def _refused(key: str, value: object) -> UsageError:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    told = f"is {value}" if is_number else f"got {type(value).__name__}"
    takes = _TAKES.get(key, "another value")
    return UsageError(f"config {key} {told}", hint=f"it takes {takes}", subject=key)
