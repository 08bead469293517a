"""What is known of a provider before it is used."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

OPENAI_LIKE = "burnish.models.openai_like:OpenAILike"


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A provider. Two lines make one that speaks OpenAI's language:

        Preset(name="acme", title="Acme", base_url="https://api.acme.example/v1",
               key_variable="ACME_API_KEY", default_model="acme-large")

    `adapter` is `module:class`. `address_variable` is where the vendor's own tools look for
    another address. `local` servers cost nothing. `concurrency` is how many calls it can take at
    once where settings say nothing of the provider; 0: as for all. With `any_name` it takes models
    that it does not list.
    """

    name: str
    title: str
    base_url: str = ""
    key_variable: str = ""
    key_also: tuple[str, ...] = ()
    address_variable: str = ""
    default_model: str = ""
    adapter: str = OPENAI_LIKE
    headers: Mapping[str, str] = {}
    needs_key: bool = True
    local: bool = False
    in_process: bool = False
    concurrency: int = 0
    any_name: bool = False

    @property
    def key_variables(self) -> tuple[str, ...]:
        return tuple(name for name in (self.key_variable, *self.key_also) if name)


def _local(name: str, title: str, port: int, *, any_name: bool = False) -> Preset:
    return Preset(
        name=name,
        title=title,
        base_url=f"http://127.0.0.1:{port}/v1",
        key_variable=f"{name.upper()}_API_KEY",
        needs_key=False,
        local=True,
        any_name=any_name,
    )


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        address_variable="OPENAI_BASE_URL",
        default_model="gpt-5-mini",
    ),
    Preset(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com",
        key_variable="ANTHROPIC_API_KEY",
        address_variable="ANTHROPIC_BASE_URL",
        default_model="claude-haiku-4-5",
        adapter="burnish.models.anthropic:Anthropic",
    ),
    Preset(
        name="gemini",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com",
        key_variable="GEMINI_API_KEY",
        key_also=("GOOGLE_API_KEY",),
        default_model="gemini-2.5-flash",
        adapter="burnish.models.gemini:Gemini",
    ),
    Preset(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        key_variable="DEEPSEEK_API_KEY",
        default_model="deepseek-chat",
    ),
    Preset(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        key_variable="GROQ_API_KEY",
        default_model="openai/gpt-oss-120b",
    ),
    Preset(
        name="xai",
        title="xAI Grok",
        base_url="https://api.x.ai/v1",
        key_variable="XAI_API_KEY",
        default_model="grok-4-fast-non-reasoning",
    ),
    Preset(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        default_model="openai/gpt-5-mini",
    ),
    Preset(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        default_model="mistral-small-latest",
    ),
    Preset(
        name="ollama",
        title="Ollama",
        base_url="http://127.0.0.1:11434",
        address_variable="OLLAMA_HOST",
        adapter="burnish.models.ollama:Ollama",
        needs_key=False,
        local=True,
    ),
    _local("vllm", "vLLM", 8000),
    _local("llamacpp", "llama.cpp server", 8080, any_name=True),
    _local("lmstudio", "LM Studio", 1234),
    Preset(
        name="local",
        title="Built-in local model",
        adapter="burnish.models.local:Local",
        needs_key=False,
        local=True,
        in_process=True,
        concurrency=1,
    ),
    Preset(
        name="fake",
        title="Fake, for tests",
        adapter="burnish.models.fake:echo",
        needs_key=False,
        local=True,
        default_model="echo",
        any_name=True,
    ),
)
