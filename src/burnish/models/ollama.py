"""Ollama: models on this machine, through the side of its API that speaks as OpenAI does."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from burnish.models.faults import Faults
from burnish.models.model import Capabilities
from burnish.models.openai_like import OpenAILike
from burnish.models.options import ProviderOptions
from burnish.shapes import decoder

_HERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to avoid
_PORTS = {"http": 80, "https": 443}
_OWN_PORT = 11434


class _Tag(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    models: list[_Tag]


_TAGS = decoder(_Tags)


def ollama_url(host: str) -> str:
    """The server's address from what OLLAMA_HOST may hold: `host`, `host:port`, `:port`, an URL.

    0.0.0.0 and [::] say where a server listens; it is called on this machine then. An URL without
    a port means its scheme's port, everything else Ollama's own.
    """
    given = host.strip().rstrip("/")
    whole = "://" in given
    try:
        parts = urlsplit(given if whole else f"http://{given}")
        port = parts.port
    except ValueError:  # it stays as it is, and is refused as an address
        return given
    if "@" in parts.netloc:  # the same
        return given
    name = _HERE.get(parts.hostname or "", parts.hostname or "")
    port = port or (_PORTS.get(parts.scheme, _OWN_PORT) if whole else _OWN_PORT)
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}:{port}{parts.path}"


class Ollama(OpenAILike):
    """The server at `options.base_url`, which may be whatever OLLAMA_HOST holds."""

    def __init__(self, options: ProviderOptions) -> None:
        self._root = ollama_url(options.base_url).removesuffix("/v1")
        options = msgspec.structs.replace(options, base_url=f"{self._root}/v1", local=True)
        super().__init__(
            options,
            Capabilities(schema=True, tools=True, embed=True, local=True),
            faults=Faults(
                options,
                unreachable="start it with `ollama serve`",
                no_model="run: ollama pull {model}",
            ),
        )

    async def names(self) -> list[str]:
        content = await self._wire.fetch("GET", f"{self._root}/api/tags")
        return sorted(tag.name for tag in self._decoded(_TAGS, content).models)
