"""Which models cannot answer at all, found out before anything is asked of them."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from burnish.errors import (
    BurnishError,
    ConnectionLost,
    KeyRefused,
    MissingExtra,
    NoSuchModel,
    Unavailable,
    UsageError,
)
from burnish.models.faults import alone

if TYPE_CHECKING:
    from burnish.models.registry import Registry

# Somebody waits for the plan; a provider that is slower than this is asked all the same.
_PATIENCE_S = 5.0
# A day or a number behind a listed name is a state of that model.
_STATE = re.compile(r"-[\d-]+")
_WEIGHTS = ".gguf"


async def unready(registry: Registry, models: Sequence[str]) -> dict[str, BurnishError]:
    """By the full names of those that cannot answer, what stands in the way: a key that is missing
    or refused, a part that is not installed, a server on this machine that does not run, a name
    that the provider does not have. No model is asked; a provider that does not tell which models
    it has counts as ready."""
    of_provider: dict[str, list[str]] = {}
    for full_name in models:
        provider, name = registry.parse(full_name)
        of_provider.setdefault(provider, []).append(name)
    found = await asyncio.gather(
        *(_of_provider(registry, provider, names) for provider, names in of_provider.items())
    )
    problems = {name: error for each in found for name, error in each.items()}
    return {name: problems[name] for name in models if name in problems}


def none_ready(problems: Mapping[str, BurnishError]) -> BurnishError:
    """The error where all of the models have a problem."""
    first = next(iter(problems.values()))
    if len(problems) == 1:
        return alone(first)
    kind = UsageError if all(isinstance(e, UsageError) for e in problems.values()) else Unavailable
    told = ", ".join(f"{name}: {error.what}" for name, error in problems.items())
    return kind(f"no model can answer ({told})", hint=first.hint)


async def _of_provider(
    registry: Registry, provider: str, names: Sequence[str]
) -> dict[str, BurnishError]:
    def all_of(error: BurnishError) -> dict[str, BurnishError]:
        return {f"{provider}:{name}": alone(error) for name in names}

    preset = registry.preset(provider)
    try:
        adapter = registry.model(provider)
        async with asyncio.timeout(_PATIENCE_S):
            listed = await adapter.names()
    except (UsageError, KeyRefused, MissingExtra) as error:
        return all_of(error)
    except ConnectionLost as error:
        return all_of(error) if preset.local else {}
    except (BurnishError, TimeoutError):
        return {}
    # What stands at another address than the vendor's may take more than it lists.
    tells_all = preset.local or (registry.is_public(provider) and listed)
    if preset.any_name or not tells_all:
        return {}
    return {
        f"{provider}:{name}": _no_model(provider, name, listed)
        for name in names
        if not _is_there(name, listed)
    }


def _is_there(name: str, listed: Sequence[str]) -> bool:
    """Providers take more names than they list: without the day or the kind at the end, with
    `latest` in its place, with a variant behind a colon."""
    stem = name.removesuffix("-latest").partition(":")[0]
    return name.endswith(_WEIGHTS) or any(
        each in (name, stem, f"{name}:latest")
        or (":" not in each and each.startswith(f"{stem}-"))
        or (name.startswith(each) and _STATE.fullmatch(name[len(each) :]))
        for each in listed
    )


def _no_model(provider: str, name: str, listed: Sequence[str]) -> NoSuchModel:
    near = difflib.get_close_matches(name, listed, n=1)
    hint = {"local": f"run: burnish models pull {name}", "ollama": f"run: ollama pull {name}"}
    usual = hint.get(provider, f"see burnish models list {provider}")
    return NoSuchModel(
        f"{provider} has no model {name!r}",
        hint=f"did you mean {provider}:{near[0]}?" if near else usual,
        model=f"{provider}:{name}",
    )
