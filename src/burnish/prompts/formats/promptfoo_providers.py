"""The providers that a promptfoo configuration names, as models here where they have a
counterpart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, items, mapping, words
from burnish.prompts.formats.models import from_address, model_name, split_parameters
from burnish.prompts.formats.promptfoo_files import reference, value_of
from burnish.prompts.formats.source import Source

_SETTINGS = re.compile(r"file://[^\n]{1,300}\.(?:ya?ml|json)")
# What stands beside these changes what a model is asked or what it says.
_READ = ("id", "label", "prompts", "config", "provider")
_HERE = ("apiKey", "apiKeyEnvar", "apiBaseUrl", "apiHost", "organization", "basePath")


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is the full name here, empty where there is no counterpart. `prompts` are the labels
    of those that it alone is asked; none means all. `beside` names what else it has."""

    address: str
    model: str = ""
    label: str = ""
    prompts: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    beside: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What tests call it by."""
        return tuple(name for name in (self.address, self.label, self.model) if name)

    def parameters(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Those that decide a call here, and all others."""
        return split_parameters({k: v for k, v in self.settings.items() if k != "model"})


def read_providers(source: Source, given: Any, notes: dict[str, None]) -> Iterator[Provider]:
    """In their order; those of files that are data in the place of the file."""
    for item in items(given) if is_list(given) else [given]:
        if isinstance(item, str) and _SETTINGS.fullmatch(item):
            try:
                held = value_of(source, item)
            except Fault as fault:
                notes.setdefault(f"a provider is left out: {fault.what}")
                continue
            for inner in items(held) if is_list(held) else [held]:
                yield from _providers(inner)
        else:
            yield from _providers(item)


def no_counterpart(provider: Provider) -> str:
    return f"the provider {provider.address[:80]} has no counterpart here"


def unused_of(provider: Provider) -> Iterator[str]:
    """Notes on what a provider says and an evaluation leaves out."""
    _, others = provider.parameters()
    lost = [f"config.{key}" for key in others if key not in _HERE]
    lost += provider.beside
    if lost:
        yield f"of the provider {provider.address[:80]} {', '.join(lost)} are not used"
    moved = [key for key in others if key in _HERE]
    if moved:
        yield (
            f"{', '.join(moved)} of the provider {provider.address[:80]} are not used: keys come "
            "from the environment, addresses from models.PROVIDER.base_url"
        )


def _providers(item: Any) -> Iterator[Provider]:
    if item is None:
        return
    fields = mapping(item)
    if isinstance(item, str):
        yield _made(item, {}, {})
    elif isinstance(fields.get("id"), str):
        own = fields.get("provider")
        address = own if isinstance(own, str) else fields["id"]
        label = "" if address == fields["id"] else fields["id"]
        yield _made(address, {"label": label, **fields}, mapping(fields.get("config")))
    else:
        for address, inner in fields.items():
            about = mapping(inner)
            settings = mapping(about.get("config"))
            yield _made(address, about if settings else {}, settings or about)


def _made(address: str, fields: dict[str, Any], settings: dict[str, Any]) -> Provider:
    label = fields.get("label")
    return Provider(
        address=address,
        model=_model_of(address, settings),
        label=label if isinstance(label, str) else "",
        prompts=words(fields.get("prompts")),
        settings=settings,
        beside=tuple(key for key, value in fields.items() if key not in _READ and value),
    )


def _model_of(address: str, settings: dict[str, Any]) -> str:
    name = "" if reference(address) else from_address(address)
    if not name and isinstance(own := settings.get("model"), str):
        name = model_name(address.partition(":")[0], own)
    return name
