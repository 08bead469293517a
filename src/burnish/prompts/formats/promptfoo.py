"""Configurations of promptfoo: prompts, the models to try them on, and tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name
from burnish.prompts.formats.document import Fault, PromptFile, Reading
from burnish.prompts.formats.gather import Gathered, items, mapping, object_at
from burnish.prompts.formats.promptfoo_files import FileText, reference, texts_of
from burnish.prompts.formats.promptfoo_prompt import (
    Given,
    Shared,
    given_entry,
    promptfoo_prompt,
)
from burnish.prompts.formats.promptfoo_providers import no_counterpart, read_providers
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
        fields = mapping(config_of(source.peek()))
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
        root: Place = ("config",) if config_of(fields) is not fields else ()
        return _Reader(source, mapping(config_of(fields)), root).reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        return {"promptfooconfig.yaml": write_yaml(_document(prompts))}


def config_of(value: Any) -> Any:
    """The configuration: a file of results holds the configuration that gave them."""
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
        given = [each for item in self._given() for each in self._texts(*item)]
        if not given and not self._fields.get("prompts"):
            self._found.problem("has no prompts")
        for number, each in enumerate(given, start=1):
            own = each.file.name if each.file else str(number)
            fallback = self._base() + (f"/{own}" if len(given) > 1 else "")
            self._found.try_(
                lambda each=each, fallback=fallback: self._prompt(each, fallback, shared),
                *each.place,
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

    def _texts(self, place: Place, item: Any, label: str, depth: int = 0) -> list[Given]:
        """The prompts that an entry stands for: itself, or those of the files that it names."""
        try:
            entry = given_entry(place, item, label)
            address = reference(entry.raw)
            if not address:
                return [entry]
            found = texts_of(self._source, address, depth)
        except Fault as fault:
            self._found.problem(fault, *place)
            return []
        texts: list[Given] = []
        for each in found:
            if each.item is None:
                texts.append(_of_file(entry, each, alone=len(found) == 1))
            else:
                inner = self._texts(place, each.item, "", depth + 1)
                texts += [msgspec.structs.replace(i, file=i.file or each) for i in inner]
        return texts

    def _prompt(self, each: Given, fallback: str, shared: Shared) -> PromptFile:
        # Without a label the text is its own, which names nothing.
        name = as_name(each.label, fallback)
        if not each.label or reference(each.label):
            name = fallback
        file = each.file
        if file is None:
            return promptfoo_prompt(each, name, shared, self._source)
        try:
            return promptfoo_prompt(each, name, shared, self._source)
        except Fault as fault:
            where = f"{file.file}, line {fault.line}" if fault.line else file.file
            raise Fault(f"{where}: {fault.what}", self._source.line(*each.place)) from None

    def _base(self) -> str:
        name = self._source.name
        if name != self._source.stem or "promptfoo" not in name.lower():
            return as_name(name)
        about = self._source.folder or str(self._fields.get("description") or "")
        return as_name(about, as_name(name))

    def _shared(self) -> Shared:
        notes: dict[str, None] = {}
        config, provider = self._model(notes)
        tests = read_tests(self._fields, self._root, self._source, self._found, notes)
        description = self._fields.get("description")
        for key in ("nunjucksFilters", "filters", "extensions", "redteam"):
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
        given = self._fields.get("providers", self._fields.get("targets"))
        for provider in read_providers(self._source, given, notes):
            if not provider.model:
                notes.setdefault(no_counterpart(provider))
            elif "model" not in config:
                config, others = provider.parameters()
                config = {"model": provider.model, **config}
            else:
                notes.setdefault(
                    f"of several providers the first is kept; {provider.model} is another"
                )
        return config, others


def _of_file(entry: Given, file: FileText, *, alone: bool) -> Given:
    own = file.label or (entry.label if alone else "")
    label = own or (f"{entry.label}/{file.name}" if entry.label else "")
    return msgspec.structs.replace(entry, raw=file.text, label=label, group=entry.label, file=file)


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
        document["providers"] = ["echo" if model == "fake:echo" else model for model in models]
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
    if alone and not reference(text) and text.strip()[:1] not in ("[", "{", "-"):
        return text
    return msgspec.json.format(msgspec.json.encode(list(messages))).decode()
