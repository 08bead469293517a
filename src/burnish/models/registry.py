"""Providers by name, and the adapters that are made of them when first used."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from burnish.addresses import is_this_machine
from burnish.errors import SettingsError, UsageError
from burnish.models.adapter import can
from burnish.models.model import Model, Timeouts
from burnish.models.options import ProviderOptions, Secret
from burnish.models.preset import Preset
from burnish.settings import LimitSettings, LocalSettings, ModelsSettings, VendorEnvironment

OFFLINE = "offline"


def _host(address: str) -> str:
    """Empty where there is none, or none that can be read."""
    try:
        return urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


class Registry:
    """All providers of a platform. `entries` come from the plug-ins, built-in ones first: a
    `Preset`, or a finished `Model` of somebody's own."""

    def __init__(
        self,
        entries: Iterable[Preset | Model],
        settings: ModelsSettings,
        vendor: VendorEnvironment,
        folder: Path,
        local: LocalSettings | None = None,
    ) -> None:
        local = local or LocalSettings()
        self._of_process = {
            "folder": folder,
            "context_tokens": local.context_tokens,
            "threads": local.threads,
        }
        self._settings = settings
        self._vendor = vendor
        self._presets: dict[str, Preset] = {}
        self._models: dict[str, Model] = {}
        # Those that somebody else made.
        self._given: dict[str, Model] = {}
        for entry in entries:
            self._add(entry)
        for name, limits in settings.providers.items():
            self._check_provider(name, limits.base_url)

    def _add(self, entry: Preset | Model) -> None:
        if isinstance(entry, Preset):
            self._presets[entry.name] = entry
            self._models.pop(entry.name, None)
            self._given.pop(entry.name, None)
        else:
            name = entry.provider
            self._presets[name] = Preset(name=name, title=name, needs_key=False, any_name=True)
            self._models[name] = self._given[name] = entry

    def _check_provider(self, name: str, base_url: str) -> None:
        """An address of one's own makes a provider that speaks OpenAI's language."""
        if name in self._presets:
            return
        if not base_url:
            raise SettingsError(
                f"models.{name} is set, but no provider is called {name!r}",
                hint=f"give it an address with models.{name}.base_url, or use one of "
                f"{', '.join(self._presets)}",
                subject=f"models.{name}",
            )
        self._presets[name] = Preset(
            name=name,
            title=name,
            base_url=base_url,
            key_variable=f"{name.upper().replace('-', '_')}_API_KEY",
            needs_key=False,
            any_name=True,
        )

    def providers(self) -> list[Preset]:
        return list(self._presets.values())

    def preset(self, provider: str) -> Preset:
        """Raises UsageError naming the nearest provider there is."""
        if provider not in self._presets:
            near = difflib.get_close_matches(provider, self._presets, n=1, cutoff=0.7)
            hint = f"did you mean {near[0]}?" if near else f"use {', '.join(self._presets)}"
            hint += "; models are named provider:model, such as openai:gpt-5-mini"
            raise UsageError(f"no provider is called {provider!r}", hint=hint, subject=provider)
        return self._presets[provider]

    def parse(self, name: str) -> tuple[str, str]:
        """`openai:gpt-5-mini` into its two parts. A provider alone means its default model."""
        provider, _, model = name.strip().partition(":")
        preset = self.preset(provider)
        model = model or preset.default_model
        if not model:
            raise UsageError(
                f"{name!r} names no model",
                hint=f"write {provider}:MODEL; see burnish models list {provider}",
                subject=name,
            )
        return provider, model

    def nearest(self, name: str) -> str:
        """The name with the provider that was meant; empty where none is near."""
        provider, colon, model = name.strip().partition(":")
        near = difflib.get_close_matches(provider, self._presets, n=1, cutoff=0.7)
        return f"{near[0]}{colon}{model}" if near else ""

    def full_name(self, name: str) -> str:
        return ":".join(self.parse(name))

    def key_of(self, provider: str) -> tuple[str, Secret]:
        """The variable that holds the key, and the key; empty where there is none."""
        for variable in self.preset(provider).key_variables:
            if variable in self._vendor:
                return variable, Secret(self._vendor.get(variable))
        return "", Secret("")

    def address(self, name: str) -> str:
        provider = self.parse(name)[0]
        return self.base_url(provider)

    def base_url(self, provider: str) -> str:
        """Set in our own settings, else in the vendor's variable, else the public one."""
        preset = self.preset(provider)
        own = self._settings.providers.get(provider)
        if own is not None and own.base_url:
            return own.base_url.rstrip("/")
        given = self._vendor.get(preset.address_variable) if preset.address_variable else ""
        return (given or preset.base_url).rstrip("/")

    def is_here(self, name: str) -> bool:
        """Whether what the model of that full name is asked stays on this machine: it costs
        nothing, and nothing goes to an address elsewhere."""
        provider, model = self.parse(name)
        if provider in self._given:
            return can(self._given[provider], model).local
        address = self.base_url(provider)
        is_near = not address or is_this_machine(_host(address))
        return is_near and self.preset(provider).local

    def is_configured(self, provider: str) -> bool:
        """Whether a call may succeed: there is a key, an address of one's own, or no need."""
        preset = self.preset(provider)
        own = preset.address_variable in self._vendor or bool(
            self._settings.limits(provider).base_url
        )
        return not preset.needs_key or own or bool(self.key_of(provider)[0])

    def is_public(self, provider: str) -> bool:
        """Whether calls go to the vendor's own address."""
        return self.base_url(provider) == self.preset(provider).base_url.rstrip("/")

    def limits(self, provider: str) -> LimitSettings:
        """What holds for the provider: set for it, else what it can take, else as for all."""
        limits, most = self._settings.limits(provider), self.preset(provider).concurrency
        own = self._settings.providers.get(provider, LimitSettings())
        if not most or own.concurrency:
            return limits
        return msgspec.structs.replace(limits, concurrency=most)

    def automatic(self) -> str:
        """The model that `auto` means: that of the first provider with a key or an address in
        the environment; `offline` where there is none."""
        for preset in self._presets.values():
            chosen = preset.address_variable in self._vendor or self.key_of(preset.name)[0]
            if chosen and preset.default_model:
                return f"{preset.name}:{preset.default_model}"
        return OFFLINE

    def model(self, provider: str) -> Model:
        """The provider's adapter. Raises UsageError when its key is missing, MissingExtra when
        its library is."""
        if provider not in self._models:
            self._models[provider] = self._made(self.preset(provider))
        return self._models[provider]

    def _made(self, preset: Preset) -> Model:
        if not self.is_configured(preset.name):
            variable = preset.key_variables[0]
            raise UsageError(
                f"{preset.title} needs a key, and {variable} is not set",
                hint=f"run: export {variable}=…, or take another model",
                subject=preset.name,
            )
        limits = self.limits(preset.name)
        options = ProviderOptions(
            provider=preset.name,
            base_url=self.base_url(preset.name),
            key=self.key_of(preset.name)[1],
            timeouts=Timeouts(
                connect_s=limits.connect_timeout_s or 0,
                first_token_s=limits.first_token_timeout_s or 0,
                whole_s=limits.timeout_s or 0,
            ),
            connections=limits.concurrency or 1,
            headers=preset.headers,
            key_variable=preset.key_variable,
            local=preset.local,
        )
        module, _, name = preset.adapter.partition(":")
        make: Any = getattr(importlib.import_module(module), name)
        extra: Mapping[str, Any] = self._of_process if preset.in_process else {}
        return cast("Model", make(options, **extra))

    async def close(self) -> None:
        models, self._models = self._models, {}
        for model in models.values():
            await model.close()
