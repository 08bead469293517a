"""Checks and small texts around a generation."""

from __future__ import annotations

import shlex
import unicodedata

from burnish.errors import UsageError
from burnish.generation.result import Generation
from burnish.intents.tokens import estimate_tokens
from burnish.prompts.prompt import Variable
from burnish.prompts.render import as_text
from burnish.prompts.variables import HALF_PAIR

MIN_CHARS = 5


def checked_text(text: str, max_chars: int) -> str:
    """The text without blank space around it. Nothing else is changed.

    Raises UsageError for one that is empty, too short, too long, or no valid Unicode.
    """
    stripped = text.strip()
    if not stripped:
        raise UsageError("the text is empty", hint="say in a sentence what the prompt should do")
    # A Chinese or Japanese word is as short as two signs.
    weight = sum(3 if unicodedata.east_asian_width(c) == "W" else 1 for c in stripped[:MIN_CHARS])
    if weight < MIN_CHARS:
        raise UsageError(
            f"{stripped!r} is too short to say what is wanted",
            hint=f"give at least {MIN_CHARS} characters",
        )
    if len(stripped) > max_chars:
        raise UsageError(
            f"the text has {len(stripped):,} characters; at most {max_chars:,} are taken",
            hint="shorten it, or raise generation.max_idea_chars",
        )
    if "\0" in stripped or HALF_PAIR.search(stripped):
        raise UsageError(
            "the text holds characters that are no text (NUL or half of a pair)",
            hint="save it as UTF-8 and try again",
        )
    return stripped


def cut_to_tokens(context: str, limit: int) -> tuple[str, tuple[str, ...]]:
    """The context cut at a line end near `limit` estimated tokens, and the warning about it."""
    if HALF_PAIR.search(context):
        raise UsageError(
            "the context holds characters that are no text", hint="save it as UTF-8 and try again"
        )
    tokens = estimate_tokens(context)
    if tokens <= limit:
        return context.strip("\n"), ()
    kept = context[: int(len(context) * limit / tokens)]
    while kept and estimate_tokens(kept) > limit:
        kept = kept[: int(len(kept) * 0.97)]
    kept = kept[: kept.rfind("\n") + 1] or kept
    return kept.rstrip("\n"), (
        f"the context was cut from about {tokens:,} to {estimate_tokens(kept):,} tokens",
    )


def usage_example(made: Generation) -> str:
    """The command that renders the stored prompt, or the next step for one that is not stored."""
    if not made.name:
        return "Copy the prompt, or store it: burnish enhance … --save NAME"
    values = [_var(variable) for variable in made.variables if variable.required]
    return " ".join(["burnish prompts render", shlex.quote(made.name), *values])


def _var(variable: Variable) -> str:
    example = as_text(variable.example)
    if not example or len(example) > 40 or "\n" in example:
        return f"--var {variable.name}=@{variable.name}.txt"
    return f"--var {shlex.quote(f'{variable.name}={example}')}"
