"""Names of models and the parameters of calls, as other tools write them, as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from burnish.errors import UsageError
from burnish.prompts.config import check_config

_PROVIDERS: Mapping[str, str] = {
    "openai": "openai", "anthropic": "anthropic", "gemini": "gemini", "google": "gemini",
    "google-genai": "gemini", "google_genai": "gemini", "deepseek": "deepseek", "groq": "groq",
    "xai": "xai", "openrouter": "openrouter", "mistral": "mistral", "mistralai": "mistral",
    "ollama": "ollama",
}  # fmt: skip
# Behind a provider's name: how its model is asked, or what asks it.
_KINDS = ("chat", "completion", "responses", "messages", "codex-sdk", "claude-agent-sdk")
# They make no text of a text.
_OTHER_KINDS = (
    "assistant", "embedding", "embeddings", "image", "live", "moderation", "realtime", "speech",
    "transcription", "tts", "video",
)  # fmt: skip
# What says what it hears, here and there.
_ECHO = ("echo", "fake:echo")
_OWN_CONFIG = ("temperature", "max_tokens")
_OTHER_NAMES: Mapping[str, str] = {
    "maxTokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "num_predict": "max_tokens",
}


def model_name(provider: str, name: str) -> str:
    """`provider:model`; empty for a provider that has no counterpart here."""
    known = _PROVIDERS.get(provider.strip().lower())
    return f"{known}:{name.strip()}" if known and name.strip() else ""


def from_address(address: str) -> str:
    """A name such as `openai:chat:gpt-4o`; empty where it has no counterpart here."""
    if address.strip() in _ECHO:
        return _ECHO[1]
    provider, _, rest = address.strip().partition(":")
    kind, colon, name = rest.partition(":")
    if colon and kind in _OTHER_KINDS:
        return ""
    return model_name(
        provider, name if colon and kind in _KINDS else rest if rest not in _KINDS else ""
    )


def split_parameters(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those that decide a call here, under our names, and all others as they are."""
    ours: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for key, value in given.items():
        name = _OTHER_NAMES.get(key, key)
        if name in _OWN_CONFIG and name not in ours and _is_usable(name, value):
            ours[name] = value
        elif value is not None:
            others[key] = value
    return ours, others


def usable_config(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of a config of free form, what a config here may hold, and what it may not."""
    ours = {key: value for key, value in given.items() if _is_usable(key, value)}
    try:
        check_config(ours)
    except UsageError:
        # Each alone is right; together they contradict each other.
        ours = {
            key: value for key, value in ours.items() if key not in ("min_length", "max_length")
        }
    return ours, {key: value for key, value in given.items() if key not in ours}


def _is_usable(key: str, value: Any) -> bool:
    try:
        check_config({key: value})
    except UsageError:
        return False
    return True
