"""Our own files of prompts with their whole history, as JSON and as YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.document import PromptFile, Reading
from burnish.prompts.formats.native import KEY, SCHEMA, is_native, plain_prompt, read_native
from burnish.prompts.formats.source import MAX_BUNDLE_BYTES, Source
from burnish.prompts.formats.yaml_write import write_yaml

# Half of what is read: the file has indents beside.
_MOST_BYTES = MAX_BUNDLE_BYTES // 2


class BurnishJson:
    name = "burnish"
    suffixes = (".json",)
    describes = "Burnish JSON: any number of prompts with their whole history and labels"
    loses: tuple[str, ...] = ()

    def claims(self, source: Source) -> bool:
        return source.is_json and is_native(source.peek())

    def read(self, source: Source) -> Reading:
        return read_native(source, self.name)

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        return {
            name: msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"
            for name, document in _documents(prompts, "prompts", ".json")
        }


class BurnishYaml:
    name = "burnish-yaml"
    suffixes = (".yaml", ".yml")
    describes = "Burnish YAML: the same as Burnish JSON, for people to read"
    loses: tuple[str, ...] = ()

    def claims(self, source: Source) -> bool:
        return not source.is_json and is_native(source.peek())

    def read(self, source: Source) -> Reading:
        return read_native(source, self.name)

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        return {
            name: write_yaml(document) for name, document in _documents(prompts, "prompts", ".yaml")
        }


def _documents(
    prompts: Sequence[PromptFile], stem: str, suffix: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """One document, or as many as it takes for each to be small enough to be read again."""
    parts: list[list[dict[str, Any]]] = [[]]
    size = 0
    for plain in map(plain_prompt, prompts):
        length = len(msgspec.json.encode(plain))
        if parts[-1] and size + length > _MOST_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(plain)
        size += length
    for number, part in enumerate(parts, start=1):
        name = stem if len(parts) == 1 else f"{stem}-{number}"
        yield name + suffix, {KEY: SCHEMA, "prompts": part}
