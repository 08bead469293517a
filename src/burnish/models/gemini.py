"""Google's Gemini models, through pydantic-ai and Google's own library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from burnish.models.model import Capabilities, Embeddings, ModelRequest
from burnish.models.options import ProviderOptions
from burnish.models.pydantic_ai import PydanticAI

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model as VendorModel
    from pydantic_ai.providers import Provider


class Gemini(PydanticAI):
    """The Gemini API at `options.base_url`, the server's root."""

    extra = "gemini"
    libraries = ("pydantic_ai.models.google", "pydantic_ai.providers.google")

    def __init__(self, options: ProviderOptions) -> None:
        super().__init__(options, Capabilities(schema=True, tools=True, embed=True))

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        if not texts:
            return Embeddings(model=model, vectors=())
        with self._mapped(model):
            client = await self._client()
            answer = await client.aio.models.embed_content(model=model, contents=list(texts))
            vectors = tuple(tuple(map(float, one.values)) for one in answer.embeddings)
            if len(vectors) != len(texts) or len({len(v) for v in vectors}) != 1 or not vectors[0]:
                raise self._faults.bad("sent vectors of the wrong number or size", model)
            return Embeddings(model=model, vectors=vectors)

    async def names(self) -> list[str]:
        with self._mapped():
            client = await self._client()
            pages = await client.aio.models.list(config={"page_size": 1000})
            return sorted([str(model.name).removeprefix("models/") async for model in pages])

    def _provider(self, http: httpx2.AsyncClient) -> Provider[Any]:
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleProvider(
            api_key=self._options.key.reveal().strip(),
            base_url=self._options.base_url.rstrip("/").removesuffix("/v1beta"),
            http_client=http,
        )

    def _vendor_model(self, name: str, provider: Provider[Any]) -> VendorModel:
        from pydantic_ai.models.google import GoogleModel

        return GoogleModel(name, provider=provider)

    def _native_schema(self, request: ModelRequest, model: VendorModel) -> bool:
        return not request.tools or bool(model.profile.get("google_supports_tool_combination"))

    def _own_settings(
        self,
        request: ModelRequest,
        model: VendorModel,  # noqa: ARG002 - the same for all of them
    ) -> dict[str, Any]:
        from pydantic_ai.models.google import GoogleModelSettings

        unknown = sorted(set(request.extra) - set(GoogleModelSettings.__annotations__))
        if unknown:
            why = f"it takes no extra parameter {unknown[0]!r}"
            raise self._faults.unsent(why, request.model)
        return {"seed": request.seed, **request.extra}
