"""Which parameters of the model a search may change, and to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.prompts.config import PromptConfig

# What the config of a prompt can hold, with the least and the most of each.
BOUNDS: dict[str, tuple[float, float]] = {"temperature": (0, 2), "max_tokens": (1, 1_000_000)}
_WHOLE = frozenset({"max_tokens"})
_MOST = 8


def checked_vary(given: object) -> dict[str, tuple[float, ...]]:
    """By the name of the parameter, each value once. Raises UsageError for what is no such
    mapping."""
    if not isinstance(given, Mapping):
        raise UsageError(
            f"what may vary is {given!r}", hint="give values by name: {'temperature': [0, 0.7]}"
        )
    several = cast("Mapping[Any, Any]", given)
    return {str(name): _values(str(name), values) for name, values in several.items()}


def own_values(
    vary: Iterable[str], config: PromptConfig, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """What the parameters that may vary are to begin with, as far as prompt or command say so."""
    usual = {"temperature": config.temperature, "max_tokens": config.max_tokens, **parameters}
    return {name: usual[name] for name in vary if usual[name] is not None}


def number_text(value: float) -> str:
    """`0.7`, `1,000,000`: numbers of tokens are whole, and can be large."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _values(name: str, given: object) -> tuple[float, ...]:
    if name not in BOUNDS:
        raise UsageError(f"{name!r} cannot vary", hint=f"use {' or '.join(BOUNDS)}", subject=name)
    values = cast("Sequence[Any]", given) if isinstance(given, list | tuple) else (given,)
    found = tuple(dict.fromkeys(_value(name, each) for each in values))
    if not 1 <= len(found) <= _MOST:
        raise UsageError(f"{name} has {len(found)} values", hint=f"give 1 to {_MOST}")
    return found


def _value(name: str, given: Any) -> float:
    least, most = BOUNDS[name]
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not least <= given <= most:
        raise UsageError(
            f"{name} cannot be {given!r}", hint=f"give {number_text(least)} to {number_text(most)}"
        )
    if name in _WHOLE and given != int(given):
        raise UsageError(f"{name} cannot be {given!r}", hint="give a whole number")
    return int(given) if name in _WHOLE else float(given)
