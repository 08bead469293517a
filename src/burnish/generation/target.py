"""What a prompt is written for: a family of models, or one model by its name."""

from __future__ import annotations

import re
from typing import get_args

import msgspec

from burnish.errors import UsageError
from burnish.settings import Family
from burnish.techniques import ModelClass

_FAMILIES: tuple[tuple[Family, str], ...] = (
    ("claude", r"claude|anthropic|sonnet|opus|haiku"),
    ("gpt", r"gpt|openai|chatgpt|\bo[1-9]\b|codex"),
    ("gemini", r"gemini|google|palm|bard"),
    (
        "open",
        r"llama|mistral|mixtral|qwen|gemma|phi-?\d|deepseek|smollm|ollama|local:|falcon|yi-|olmo|grok",
    ),
)
_REASONING = re.compile(r"\bo[1-9]\b|gpt-?[5-9]|\br1\b|reason|think|qwq|magistral|deepseek-r")
_SMALL = re.compile(
    r"smollm|tiny|nano\b|\b(?:0\.5|1|1\.5|2|3)b\b|270m|135m|360m|gemma-?2b|phi-?[123]\b"
)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    family: Family
    model_class: ModelClass


def parse_target(name: str) -> Target:
    """`claude`, `gpt`, `gemini`, `open`, `generic`, or a model such as `openai:o3` or `llama3.2:1b`.

    Raises UsageError for a name that says neither a family nor a known maker.
    """
    wanted = name.strip().lower()
    model_class: ModelClass = "standard"
    if _REASONING.search(wanted):
        model_class = "reasoning"
    elif _SMALL.search(wanted):
        model_class = "small"
    if wanted in ("generic", "reasoning", "small", "offline"):
        return Target(family="generic", model_class=model_class)
    for family, pattern in _FAMILIES:
        if wanted == family or re.search(rf"(?<![a-z])(?:{pattern})", wanted):
            return Target(family=family, model_class=model_class)
    raise UsageError(
        f"no model family is known for {name!r}",
        hint=f"use {', '.join(get_args(Family))}, or a model's name",
        subject=name,
    )
