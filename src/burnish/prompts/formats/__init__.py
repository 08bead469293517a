"""Prompts in files, in our own formats and in those of other tools."""

from __future__ import annotations

import difflib

from burnish.errors import UsageError
from burnish.prompts.formats.burnish_files import BurnishJson, BurnishYaml
from burnish.prompts.formats.csv_table import CsvTable
from burnish.prompts.formats.document import (
    ExampleFile,
    Fault,
    Problem,
    PromptFile,
    Reading,
    VersionFile,
)
from burnish.prompts.formats.format import Format
from burnish.prompts.formats.langchain import LangChain
from burnish.prompts.formats.langfuse import Langfuse
from burnish.prompts.formats.markdown import Markdown
from burnish.prompts.formats.mlflow import MLflow
from burnish.prompts.formats.named import Named
from burnish.prompts.formats.openai_chat import OpenAIChat
from burnish.prompts.formats.promptfoo import Promptfoo
from burnish.prompts.formats.prompty import Prompty
from burnish.prompts.formats.source import (
    MAX_BUNDLE_BYTES,
    MAX_TEXT_BYTES,
    Source,
    read_text,
)

__all__ = [
    "FORMATS",
    "MAX_BUNDLE_BYTES",
    "MAX_TEXT_BYTES",
    "ExampleFile",
    "Fault",
    "Format",
    "Problem",
    "PromptFile",
    "Reading",
    "Source",
    "VersionFile",
    "by_name",
    "detect",
    "read",
    "read_text",
    "refuse_broken",
]

# In the order in which they are asked: those that are sure come first.
FORMATS: tuple[Format, ...] = (
    BurnishJson(),
    BurnishYaml(),
    Prompty(),
    Markdown(),
    CsvTable(),
    LangChain(),
    Promptfoo(),
    Langfuse(),
    OpenAIChat(),
    MLflow(),
    Named(),
)


def refuse_broken(source: Source) -> None:
    """Of a file of no format. Raises Fault that tells more, where its own fault does."""
    if source.suffix in (".jsonl", ".ndjson"):
        raise Fault("has no line that is a chat or a request", 1)
    if source.is_json or source.suffix in (".json", ".yaml", ".yml"):
        source.value()


def by_name(name: str) -> Format:
    """Raises UsageError for a name that no format has, with the nearest one."""
    formats = {format_.name: format_ for format_ in FORMATS}
    found = formats.get(name.strip().lower().lstrip("."))
    if found is not None:
        return found
    near = difflib.get_close_matches(name.lower(), formats, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(formats)}"
    raise UsageError(f"there is no file format {name[:40]!r}", hint=hint, subject=name)


def detect(source: Source) -> Format | None:
    """The format that a file looks like; None for one of no format, such as an agent's task."""
    return next((format_ for format_ in FORMATS if format_.claims(source)), None)


def read(filename: str, content: bytes | str, format_name: str = "") -> Reading:
    """The prompts of a file in the format named, or else in the one that it looks like.

    Raises UsageError, with the line where it is known, for a file that cannot be read as a whole;
    what is wrong with one prompt is among the reading's problems.
    """
    text = read_text(content, filename) if isinstance(content, bytes) else content
    source = Source(filename, text)
    if format_name:
        return by_name(format_name).read(source)
    found = detect(source)
    if found is None:
        # A file that is broken looks like nothing: its own fault tells more.
        refuse_broken(source)
        names = ", ".join(format_.name for format_ in FORMATS)
        raise UsageError(
            f"{filename} is of no format that is known",
            hint=f"name one of {names}",
            subject=filename,
        )
    return found.read(source)
