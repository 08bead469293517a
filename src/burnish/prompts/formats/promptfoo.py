"""Configurations of promptfoo: prompts, the models to try them on, and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name
from burnish.prompts.formats.chat import is_chat
from burnish.prompts.formats.document import Fault, PromptFile, Reading
from burnish.prompts.formats.gather import Gathered, is_list, items, mapping, object_at
from burnish.prompts.formats.models import from_address, split_parameters
from burnish.prompts.formats.promptfoo_prompt import Shared, promptfoo_prompt
from burnish.prompts.formats.promptfoo_tests import read_tests, written_tests
from burnish.prompts.formats.source import MAX_TEXT_BYTES, YAML_SUFFIXES, Source
from burnish.prompts.formats.yaml_write import write_yaml
from burnish.prompts.prompt import Message

_BESIDE = (
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "scenarios",
    "evaluateOptions",
    "redteam",
)
_SCHEMES = re.compile(
    r"(?:file|langfuse|portkey|helicone|https?|exec|python|huggingface)://|(?:exec|python):"
)
_FILE = re.compile(
    r"[^\s{}]{1,300}\.(?:txt|json|jsonl|ya?ml|j2|md|py|js|cjs|mjs|ts|csv|njk)(?::\w+)?"
)
_GLOB = re.compile(r"[^\s{}]{0,300}\*[^\s{}]{0,300}\.\w+")

Place = tuple[str | int, ...]


class Promptfoo:
    name = "promptfoo"
    suffixes = (".yaml", ".yml", ".json")
    describes = "promptfoo configuration: its inline prompts, the first model, and its tests"
    loses = (
        "categories, tags, owners, labels and earlier versions",
        "types of variables; defaults become those of all tests",
    )

    def claims(self, source: Source) -> bool:
        if source.suffix not in (*YAML_SUFFIXES, ".json", ""):
            return False
        fields = mapping(_config(source.peek()))
        named = "promptfoo" in source.stem.lower() or "promptfoo.dev" in source.text[:2000]
        prompts = fields.get("prompts")
        is_list = isinstance(prompts, list | str | dict) and "burnish" not in fields
        return (is_list and (named or any(key in fields for key in _BESIDE))) or (
            named and any(key in fields for key in _BESIDE)
        )

    def read(self, source: Source) -> Reading:
        if len(source.text) > MAX_TEXT_BYTES and not source.is_json:
            raise Fault(f"has more than {MAX_TEXT_BYTES // 1024 // 1024} MiB")
        fields = object_at(source)
        root: Place = ("config",) if _config(fields) is not fields else ()
        return _Reader(source, mapping(_config(fields)), root).reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        return {"promptfooconfig.yaml": write_yaml(_document(prompts))}


def _config(value: Any) -> Any:
    """A file of results holds the configuration that gave them."""
    fields = mapping(value)
    return fields["config"] if "results" in fields and mapping(fields.get("config")) else value


class _Reader:
    def __init__(self, source: Source, fields: dict[str, Any], root: Place) -> None:
        self._source = source
        self._fields = fields
        self._root = root
        self._found = Gathered(source)

    def reading(self) -> Reading:
        shared = self._shared()
        given = list(self._given())
        if not given and not self._fields.get("prompts"):
            self._found.problem("has no prompts")
        for number, (place, item, label) in enumerate(given, start=1):
            fallback = self._base() + (f"/{number}" if len(given) > 1 else "")
            self._found.try_(
                lambda place=place, item=item, label=label, fallback=fallback: self._prompt(
                    place, item, label, fallback, shared
                ),
                *place,
            )
        return self._found.reading()

    def _given(self) -> Iterator[tuple[Place, Any, str]]:
        """Each prompt with its place and what it is labelled."""
        prompts = self._fields.get("prompts")
        place = (*self._root, "prompts")
        if isinstance(prompts, str):
            yield place, prompts, ""
        for index, item in enumerate(items(prompts)):
            yield (*place, index), item, ""
        for key, label in mapping(prompts).items():
            yield (*place, key), key, label if isinstance(label, str) else ""

    def _prompt(
        self, place: Place, item: Any, label: str, fallback: str, shared: Shared
    ) -> PromptFile:
        fields = mapping(item)
        raw, at = item, place
        if fields:
            key = next((k for k in ("raw", "prompt", "template") if k in fields), "id")
            raw, at = fields.get(key), (*place, key)
            label = str(fields.get("label") or fields.get("id") or fields.get("name") or label)
        if is_chat(raw):
            raw = msgspec.json.encode(raw).decode()
        if not isinstance(raw, str) or not raw.strip():
            raise Fault("is neither a text nor has one in `raw`")
        if reference := _reference(raw):
            raise Fault(
                f"{reference} is another file or place, which is not read; put its text here"
            )
        own = {
            k: v
            for k, v in fields.items()
            if k not in ("raw", "prompt", "template", "label", "id", "name")
        }
        # Without a label the text is its own, which names nothing.
        name = as_name(label, fallback) if label and not _reference(label) else fallback
        return promptfoo_prompt(self._source, at, raw, name=name, own=own, shared=shared)

    def _base(self) -> str:
        stem = self._source.stem
        if "promptfoo" not in stem.lower():
            return as_name(stem)
        return as_name(
            self._source.folder or str(self._fields.get("description") or ""), as_name(stem)
        )

    def _shared(self) -> Shared:
        notes: dict[str, None] = {}
        config, provider = self._model(notes)
        tests = read_tests(self._fields, self._root, self._found, notes)
        description = self._fields.get("description")
        for key in ("scenarios", "nunjucksFilters", "extensions", "redteam"):
            if self._fields.get(key):
                notes.setdefault(f"{key} are not read")
        metadata = {"promptfoo": {"provider": provider}} if provider else {}
        return Shared(
            config=config,
            metadata=metadata,
            tests=tests,
            description=description.strip() if isinstance(description, str) else None,
            notes=tuple(notes),
        )

    def _model(self, notes: dict[str, None]) -> tuple[dict[str, Any], Any]:
        """The config of the first provider that has a counterpart here."""
        config: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for address, options in _providers(
            self._fields.get("providers", self._fields.get("targets"))
        ):
            name = "" if _reference(address) else from_address(address)
            if not name:
                notes.setdefault(f"the provider {address[:80]} has no counterpart here")
            elif "model" not in config:
                config, others = split_parameters(options)
                config = {"model": name, **config}
            else:
                notes.setdefault(f"of several providers the first is kept; {name} is another")
        return config, others


def _providers(given: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in items(given) if is_list(given) else [given]:
        fields = mapping(item)
        if isinstance(item, str):
            yield item, {}
        elif isinstance(fields.get("id"), str):
            yield fields["id"], mapping(fields.get("config"))
        else:
            for address, inner in fields.items():
                yield address, mapping(mapping(inner).get("config")) or mapping(inner)


def _reference(text: str) -> str:
    """The file or place of which a text is only the address."""
    bare = text.strip()
    if _SCHEMES.match(bare) and "\n" not in bare:
        return bare[:200]
    return bare if _FILE.fullmatch(bare) or _GLOB.fullmatch(bare) else ""


def _document(prompts: Sequence[PromptFile]) -> dict[str, Any]:
    models = dict.fromkeys(
        str(each.latest.config["model"]) for each in prompts if each.latest.config.get("model")
    )
    document: dict[str, Any] = {}
    if len(prompts) == 1 and prompts[0].description:
        document["description"] = prompts[0].description
    document["prompts"] = [
        {"id": each.name, "label": each.name, "raw": _raw(each.latest.messages)} for each in prompts
    ]
    if models:
        document["providers"] = list(models)
    defaults = {
        variable.name: variable.default
        for each in prompts
        for variable in each.latest.variables
        if variable.default is not None
    }
    if defaults:
        document["defaultTest"] = {"vars": defaults}
    # With several prompts a test says which it is for.
    tests = [
        {**case, "prompts": [each.name]} if len(prompts) > 1 else case
        for each in prompts
        for case in written_tests(each.examples)
    ]
    document["tests"] = tests
    return document


def _raw(messages: Sequence[Message]) -> str:
    """A user's text as it is, a chat as JSON; so too a text that would read as something else."""
    text = messages[0].content
    alone = len(messages) == 1 and messages[0].role == "user"
    if alone and not _reference(text) and text.strip()[:1] not in ("[", "{", "-"):
        return text
    return msgspec.json.format(msgspec.json.encode(list(messages))).decode()
