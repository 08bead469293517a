"""Tokens before a call, and after one whose provider counts none: an estimate that learns."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.intents.tokens import estimate_tokens
from burnish.models.model import Usage
from burnish.prompts.prompt import Message

# Learning costs about as much as the estimate itself: each of the first answers, then a sample.
_ALWAYS, _EVERY = 20, 16
_WEIGHT = 0.1
# Chat formats wrap each message in a few tokens.
_A_MESSAGE = 4
_MOST_TOKENS = 1_000_000_000


class Estimator:
    """Keeps for each model how far its tokenizer is from the general estimate."""

    def __init__(self) -> None:
        self._factors: dict[str, float] = {}
        self._seen: dict[str, int] = {}

    def tokens(self, model: str, text: str) -> int:
        return round(estimate_tokens(text) * self._factors.get(model, 1.0))

    def input_tokens(self, model: str, messages: Sequence[Message]) -> int:
        words = sum(self.tokens(model, message.content) for message in messages)
        return words + _A_MESSAGE * len(messages)

    def learn(self, model: str, text: str, usage: Usage) -> None:
        """From an answer and the count that the provider gave for it."""
        seen = self._seen.get(model, 0)
        self._seen[model] = seen + 1
        if not usage.output_tokens or (seen >= _ALWAYS and seen % _EVERY):
            return
        guessed = estimate_tokens(text)
        # One or two words say nothing, and a model that thinks aloud counts what is not seen.
        if guessed < 8 or usage.output_tokens > 4 * guessed:
            return
        factor = usage.output_tokens / guessed
        before = self._factors.get(model)
        self._factors[model] = factor if before is None else before + _WEIGHT * (factor - before)

    def completed(
        self, model: str, messages: Sequence[Message], text: str, usage: Usage
    ) -> tuple[Usage, bool]:
        """The usage with what the provider left out, and whether anything was estimated. A count
        of 0 for a text that is there is no count."""
        given_in = counted(usage.input_tokens) or None
        given_out = counted(usage.output_tokens) or (0 if not text else None)
        if given_in is not None and given_out is not None:
            cached = min(counted(usage.cached_tokens), given_in)
            whole = Usage(input_tokens=given_in, output_tokens=given_out, cached_tokens=cached)
            return whole, False
        whole = Usage(
            input_tokens=self.input_tokens(model, messages) if given_in is None else given_in,
            output_tokens=self.tokens(model, text) if given_out is None else given_out,
            cached_tokens=counted(usage.cached_tokens),
        )
        return whole, True


def counted(tokens: object) -> int:
    """A provider's count, 0 where it cannot be one."""
    try:
        count = int(float(tokens)) if isinstance(tokens, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0
    return count if 0 <= count <= _MOST_TOKENS else 0
