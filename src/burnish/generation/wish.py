"""What somebody asks of `generate`, `enhance` or a batch, checked before anything is done."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec

from burnish.errors import UsageError
from burnish.shapes import convert

# As for the settings `phases.*.max_tokens`.
LEAST_TOKENS = 16
NAMES_OF_ENHANCE = {"idea": "text", "count": "variations", "name": "save"}
_FIELD = re.compile(r"`\$\.(\w+)")
_TAKES: Mapping[str, str] = {
    "phases": "a list of names",
    "techniques": "a list of names",
    "count": "a whole number",
    "max_tokens": "a whole number",
    "max_cost_usd": "a number of US dollars",
    "knowledge": "true, false or a tag",
    "history": "true or false",
    "fresh": "true or false",
    "store": "true or false",
}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What `generate` was asked for; see there. `needs_model`: a model that cannot be reached is
    an error even where nobody named it."""

    idea: str
    name: str = ""
    category: str = ""
    context: str = ""
    knowledge: bool | str = False
    persona: str = ""
    phases: Sequence[str] = ()
    count: int | None = None
    techniques: Sequence[str] = ()
    target: str = ""
    model: str = ""
    strategy: str = ""
    selector: str = ""
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    history: bool = True
    fresh: bool = False
    store: bool = True
    batch_key: str = ""
    needs_model: bool = False


def wish_of(given: Mapping[str, Any]) -> Wish:
    """A method's arguments, which are named as the wish names them."""
    return Wish(**{name: value for name, value in given.items() if name in Wish.__struct_fields__})


def enhancement(given: Mapping[str, Any]) -> Wish:
    """The arguments of `enhance`, some of which the wish knows by another name."""
    others = {theirs: ours for ours, theirs in NAMES_OF_ENHANCE.items()}
    known: dict[str, Any] = {"count": 1} | {
        others.get(name, name): value for name, value in given.items()
    }
    return Wish(**known, store=bool(known.get("name")))


def checked(wish: Wish, names: Mapping[str, str] | None = None) -> Wish:
    """The wish with every value of the type that it should have; `names` are those of arguments
    that the caller knows under another name.

    Raises UsageError naming the argument, its value's type and what it takes.
    """
    given = {name: _plain(getattr(wish, name)) for name in Wish.__struct_fields__}
    called = names or {}
    try:
        found = convert(given, Wish)
    except msgspec.ValidationError as error:
        place = _FIELD.search(str(error))
        name = place[1] if place else ""
        raise _refused(called.get(name, name), given.get(name), _TAKES.get(name, "text")) from None
    checked_cost(found.max_cost_usd)
    if found.max_tokens is not None and found.max_tokens < LEAST_TOKENS:
        raise UsageError(
            f"max_tokens is {found.max_tokens}", hint=f"give {LEAST_TOKENS} or more, or none"
        )
    return found


def checked_cost(value: object) -> None:
    """Raises UsageError for a bound on money that is no number. One below 0 is the budget's own
    to refuse."""
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refused("max_cost_usd", value, _TAKES["max_cost_usd"])
    if math.isnan(value):
        raise UsageError("max_cost_usd is no number", hint="give US dollars, such as 0.05")


def _plain(value: object) -> object:
    """Any number and any run of names in the form that the check knows."""
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return tuple(cast("Iterable[object]", value))
    return cast("object", value)


def _refused(name: str, value: object, takes: str) -> UsageError:
    kind = "None" if value is None else type(value).__name__
    if isinstance(value, tuple) and "list" in takes:
        kind = "a list with something else"
    return UsageError(f"{name} got {kind}, not {takes}", hint=f"give {takes}", subject=name)
