"""Examples as lines of JSON or as a table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, Literal

import msgspec

from burnish.errors import UsageError
from burnish.evals.datasets.fields import ANSWERS, OWN
from burnish.prompts.formats.csv_text import write_rows
from burnish.storage.example import Example

FORMATS: Final = ("jsonl", "csv")
_ABOUT = ("id", "split", "tags", "expected")


async def exported(
    examples: Callable[[], AsyncGenerator[Example]],
    write: Callable[[bytes], object],
    kind: Literal["jsonl", "csv"],
) -> int:
    if kind == "csv":
        return await _table(examples, write)
    count = 0
    async for example in examples():
        fields = msgspec.to_builtins(example)
        told = {n: v for n, v in fields.items() if v or n in ("id", "inputs", "split")}
        if example.expected is not None:
            told["expected"] = example.expected
        write(msgspec.json.encode(told) + b"\n")
        count += 1
    return count


async def _table(
    examples: Callable[[], AsyncGenerator[Example]], write: Callable[[bytes], object]
) -> int:
    """Read twice: the first line names what all of them have."""
    inputs: dict[str, None] = {}
    metadata: dict[str, None] = {}
    marked = scored = False
    async for example in examples():
        inputs |= dict.fromkeys(example.inputs)
        metadata |= dict.fromkeys(example.metadata)
        marked, scored = marked or example.synthetic, scored or bool(example.scorers)
    for name in inputs:
        if name in (*OWN, *ANSWERS) or name.startswith("__"):
            raise UsageError(
                f"a variable is called {name!r}, as a column with another meaning is",
                hint="export it as JSONL",
                subject=name,
            )
    about = [*_ABOUT, *(("synthetic",) if marked else ()), *(("scorers",) if scored else ())]
    heads = [*about, *inputs, *(f"metadata.{name}" for name in metadata)]
    write(write_rows([heads]).encode())
    count = 0
    async for example in examples():
        values = {**msgspec.to_builtins(example), "tags": ", ".join(example.tags)}
        cells = [values[name] for name in about]
        cells += [example.inputs.get(name) for name in inputs]
        cells += [example.metadata.get(name) for name in metadata]
        write(write_rows([[_cell(value) for value in cells]]).encode())
        count += 1
    return count


def _cell(value: Any) -> str:
    if value is None or value == []:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
