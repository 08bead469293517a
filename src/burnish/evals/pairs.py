"""Accepted answers as examples to fine-tune a model with: chat JSONL by split, and a card."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

import msgspec

from burnish.errors import Conflict, UsageError
from burnish.evals.datasets.splits import SPLITS
from burnish.prompts.prompt import Message
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import Split

CARD = "README.md"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What a model was asked, and the answer that was accepted."""

    split: Split
    messages: tuple[Message, ...]
    output: str


class WrittenPairs(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the paths, `counts` the pairs by split; `repeated` were the same as another."""

    files: tuple[str, ...]
    counts: dict[str, int]
    repeated: int = 0


class PairFiles:
    """A file for each split that has pairs. What was written goes where it ends with an error.

    Raises Conflict for a folder that holds something."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Conflict(f"{folder} holds something", hint="name a folder that is new or empty")
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._counts: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        self._repeated = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for each in self._files.values():
            each.close()
        if kind is not None:
            for path in (*map(self._path, self._files), self._folder / CARD):
                path.unlink(missing_ok=True)
            self._folder.rmdir()

    def add(self, pair: Pair) -> None:
        """One that is there already is counted, and not written again."""
        line = _line(pair)
        key = hashlib.blake2b(line, digest_size=16).digest()
        if key in self._seen:
            self._repeated += 1
            return
        self._seen.add(key)
        if pair.split not in self._files:
            self._files[pair.split] = self._path(pair.split).open("wb")
        self._files[pair.split].write(line + b"\n")
        self._counts[pair.split] += 1

    def finished(self, about: Evaluation, min_score: float) -> WrittenPairs:
        """With the card. Raises UsageError where there is no pair."""
        if not self._counts:
            raise UsageError(
                f"no answer of evaluation {about.id} scores {min_score:g} or more",
                hint="lower --min-score, or see burnish evaluations show",
            )
        counts = {split: self._counts[split] for split in SPLITS if self._counts[split]}
        card = self._folder / CARD
        card.write_text(_card(about, counts, self._repeated, min_score), encoding="utf-8")
        return WrittenPairs(
            files=tuple(str(each) for each in (*map(self._path, counts), card)),
            counts=counts,
            repeated=self._repeated,
        )

    def _path(self, split: str) -> Path:
        return self._folder / f"{split}.jsonl"


def _line(pair: Pair) -> bytes:
    told = [{"role": each.role, "content": each.content} for each in pair.messages]
    return msgspec.json.encode({"messages": [*told, {"role": "assistant", "content": pair.output}]})


def _card(about: Evaluation, counts: dict[str, int], repeated: int, min_score: float) -> str:
    scorers = ", ".join(each.name for each in about.scorers) or "those of the examples"
    rows = "\n".join(f"| {split}.jsonl | {count} |" for split, count in counts.items())
    return f"""# Accepted answers for fine-tuning

Each line is one conversation in the chat form that fine-tuning services take:
`{{"messages": [{{"role": …, "content": …}}, …, {{"role": "assistant", "content": …}}]}}`.
The last message is an answer that a model gave and that scored {min_score:g} or more.

| file | pairs |
| --- | --- |
{rows}

- Prompts: {", ".join(about.prompts)}
- Answered by: {", ".join(about.models)}. Its terms may say what its answers may be used for.
- Examples: {about.dataset}. Splits are those of the examples, so that what judges is in none of
  the files that teach.
- Accepted by: {scorers}, at {min_score:g} or more
- Left out as the same: {repeated}
- From evaluation {about.id}, {about.created_at.astimezone(UTC):%Y-%m-%d}; written
  {datetime.now(UTC):%Y-%m-%d} by Burnish
"""
