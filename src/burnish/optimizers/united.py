"""Prompts made of edits: each edit of the original by its key, and any set of them in one text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from burnish.evals.report.words import counted
from burnish.optimizers.book import Book
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import without
from burnish.optimizers.lines import Edit, composed, edits
from burnish.optimizers.operators.operator import Context, made


class Edits:
    """Of all candidates that were looked at."""

    def __init__(self, book: Book, context: Context, original: Candidate) -> None:
        self._book = book
        self._context = context
        self._original = original
        self._base = without(original.messages)
        self._known: dict[str, tuple[Edit, str]] = {}
        self._values: dict[str, tuple[str, Any]] = {}
        self._of: dict[str, tuple[str, ...]] = {}

    def keys(self, candidate: str) -> tuple[str, ...]:
        """Of what it changes in the original, in the order of the text."""
        if candidate not in self._of:
            messages = without(self._book.candidates[candidate].messages)
            found = {_key(each): each for each in edits(self._base, messages)}
            for key, each in found.items():
                self._known.setdefault(key, (each, candidate))
            self._of[candidate] = (*found, *self._varied(candidate))
        return self._of[candidate]

    def _varied(self, candidate: str) -> Iterator[str]:
        for name, value in self._book.candidates[candidate].parameters.items():
            self._values[f"{name} {value}"] = name, value
            yield f"{name} {value}"

    def united(self, keys: Sequence[str]) -> Candidate | None:
        """The original with these edits; of two that exclude each other, with the first."""
        texts = [key for key in keys if key in self._known]
        messages = composed(self._base, [self._known[key][0] for key in texts])
        values = dict(self._values[key] for key in reversed(keys) if key in self._values)
        if messages == self._base and not values:
            return None
        parents = self._parents(texts)
        united = made(
            self._context,
            [self._original, *parents],
            messages,
            "unite",
            why=f"has {counted(len(keys), 'change')} that seem worth it",
        )
        return msgspec.structs.replace(united, parameters=values) if values else united

    def _parents(self, keys: Iterable[str]) -> list[Candidate]:
        ids = dict.fromkeys(self._known[key][1] for key in keys)
        return [self._book.candidates[each] for each in ids]


def _key(edit: Edit) -> str:
    """What it does, and where: two ways to the same line have one key."""
    words = " ".join(edit.after.casefold().split())
    told = repr((edit.message, edit.start, edit.end, words))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
