"""Anthropic's Claude models, through pydantic-ai and Anthropic's own library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from burnish.errors import UsageError
from burnish.models.model import Capabilities, Embeddings, ModelRequest
from burnish.models.options import ProviderOptions
from burnish.models.pydantic_ai import PydanticAI
from burnish.models.schema import is_strict

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model as VendorModel
    from pydantic_ai.providers import Provider


class Anthropic(PydanticAI):
    """The Messages API at `options.base_url`, the server's root."""

    extra = "anthropic"
    libraries = ("pydantic_ai.models.anthropic", "pydantic_ai.providers.anthropic")

    def __init__(self, options: ProviderOptions) -> None:
        super().__init__(options, Capabilities(schema=True, tools=True))

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:  # noqa: ARG002
        raise UsageError(
            f"{self.provider} has no embeddings",
            hint="use another provider for them",
            subject=self.provider,
        )

    async def names(self) -> list[str]:
        with self._mapped():
            client = (await self._client()).with_options(max_retries=0)
            return sorted([model.id async for model in client.models.list(limit=1000)])

    def _provider(self, http: httpx2.AsyncClient) -> Provider[Any]:
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicProvider(
            api_key=self._options.key.reveal().strip(),
            base_url=self._options.base_url.rstrip("/").removesuffix("/v1"),
            http_client=http,
        )

    def _vendor_model(self, name: str, provider: Provider[Any]) -> VendorModel:
        from pydantic_ai.models.anthropic import AnthropicModel

        return AnthropicModel(name, provider=provider)

    def _native_schema(self, request: ModelRequest, model: VendorModel) -> bool:
        # Natively, a schema that is not strict loses what it allows: objects with free keys.
        return bool(model.profile.get("supports_json_schema_output")) and is_strict(request.schema)

    def _own_settings(self, request: ModelRequest, model: VendorModel) -> dict[str, Any]:
        own: dict[str, Any] = {"extra_body": request.extra or None}
        if model.profile.get("anthropic_disallows_sampling_settings"):
            own |= {"temperature": None, "top_p": None}
        return own
