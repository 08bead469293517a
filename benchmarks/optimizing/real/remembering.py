"""The built-in model with a memory on disk: at temperature 0 it says the same each time, so that
what another method has asked already takes no time. Every method pays for every answer all the
same, in its own budget."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import msgspec

from burnish.errors import ModelFailed, RequestRefused
from burnish.models.local import Local
from burnish.models.model import Capabilities, Chunk, Embeddings, ModelReply, ModelRequest
from burnish.models.options import ProviderOptions

MODEL = "smollm2-135m"
CONTEXT = 2048
_EMPTY = "gave an empty answer"


class Remembering:
    """Replaces the provider `local`. Nothing of the store's own cache is used by it."""

    provider = "local"

    def __init__(self, weights: Path, memory: Path) -> None:
        options = ProviderOptions(provider="local", base_url="")
        self._model = Local(options, folder=weights, context_tokens=CONTEXT)
        self._memory = sqlite3.connect(
            memory, timeout=60, isolation_level=None, check_same_thread=False
        )
        self._memory.execute("PRAGMA journal_mode=wal")
        self._memory.execute(
            "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, reply BLOB)"
        )
        self._turn = asyncio.Lock()

    async def complete(self, request: ModelRequest) -> ModelReply:
        assert request.temperature == 0
        key = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(request, sample=0)))
        async with self._turn:
            reply = self._known(key.hexdigest()) or await self._answer(key.hexdigest(), request)
        if not reply.text:
            raise RequestRefused(_EMPTY, hint="word the prompt differently", model=request.model)
        return reply

    def _known(self, key: str) -> ModelReply | None:
        row = self._memory.execute("SELECT reply FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=ModelReply)

    async def _answer(self, key: str, request: ModelRequest) -> ModelReply:
        try:
            reply = await self._model.complete(request)
        except ModelFailed as error:
            if _EMPTY not in error.what:
                raise
            reply = ModelReply(text="")
        self._memory.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, msgspec.json.encode(reply))
        )
        return reply

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        yield Chunk(reply=await self.complete(request))

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        return await self._model.embed(model, texts)

    async def names(self) -> list[str]:
        return await self._model.names()

    def capabilities(self, model: str) -> Capabilities:
        return self._model.capabilities(model)

    async def close(self) -> None:
        await self._model.close()
        self._memory.close()
