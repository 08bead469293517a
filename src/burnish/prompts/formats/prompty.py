"""Files of Prompty, in its first form and its second: front matter above a chat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.prompts.formats.assemble import (
    as_name,
    clean_tags,
    complete,
    prompt,
    type_of,
    version,
)
from burnish.prompts.formats.declared import fitted, variable_of
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.filenames import file_names
from burnish.prompts.formats.front_matter import FrontMatter, split_front_matter
from burnish.prompts.formats.gather import Gathered, is_mapping, items, mapping, words
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.models import model_name, split_parameters
from burnish.prompts.formats.pieces import as_variable, renamed
from burnish.prompts.formats.prompty_body import ROLES, body_text, read_body
from burnish.prompts.formats.source import Source, read_value
from burnish.prompts.formats.templates import Dialect
from burnish.prompts.formats.yaml_write import write_yaml
from burnish.prompts.prompt import Variable

_REFERENCE = re.compile(r"\$\{(env|file):([^}]{0,300})\}")
_FILE = re.compile(r"\$\{file:([^{}\n]{1,300}\.json)\}|([^\s{}$]{1,300}\.json)")
_SPEC = frozenset(
    (
        *("kind", "type", "name", "title", "default", "description", "required", "example"),
        *("sample", "strict", "enumValues", "properties", "items", "json_schema"),
    )
)
_OURS = ("name", "description", "model", "inputs", "sample", "template", "tags", "metadata")
_MODEL = ("id", "provider", "options", "parameters")


class Prompty:
    name = "prompty"
    suffixes = (".prompty",)
    describes = "Prompty, forms 1 and 2: front matter above a chat"
    loses = (
        "earlier versions, labels, owner and category",
        "space at the beginning and the end of a message",
    )

    def claims(self, source: Source) -> bool:
        return source.suffix in self.suffixes

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        front = split_front_matter(source.text, below_blank=True)
        found.try_(lambda: _Reader(source, front).prompt())
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        names = file_names(prompts, ".prompty")
        return {name: _text(each) for name, each in zip(names, prompts, strict=True)}


class _Reader:
    def __init__(self, source: Source, front: FrontMatter) -> None:
        self._source = source
        self._front = front
        self._fields = dict(front.fields or {})
        self._notes: dict[str, None] = {}

    def prompt(self) -> PromptFile:
        fields = self._fields
        self._refuse_base()
        self._read_sample()
        self._tell_references()
        inputs, threads = self._inputs()
        dialect = self._dialect()
        lists = [variable.name for variable in inputs if variable.type == "list"]
        body = read_body(self._front, dialect, threads, lists)
        for note in body.notes:
            self._tell(note)
        known = {variable.name for variable in inputs}
        told = [variable for variable in body.variables if variable.name not in known]
        metadata = mapping(fields.get("metadata"))
        name = fields.get("name")
        config, kept = self._model()
        return prompt(
            as_name(name, as_name(self._source.name))
            if isinstance(name, str)
            else as_name(self._source.name),
            [
                version(
                    body.messages,
                    complete(body.messages, [*inputs, *told]),
                    config,
                    lambda index, within: body.starts[index] + within - 1,
                    author=", ".join(self._authors()),
                    metadata=without_keys(self._others() | kept, self._notes),
                    number=str(fields.get("version") or metadata.get("version") or ""),
                )
            ],
            Prompty.name,
            category=_text_or_none(metadata.get("category")),
            tags=self._tags(),
            description=_text_or_none(fields.get("description")),
            notes=self._notes,
            examples=self._examples(inputs),
            line=1,
        )

    def _refuse_base(self) -> None:
        if "base" in self._fields:
            raise Fault(
                "is built on another file, its `base`, which is not read", self._front.line("base")
            )

    def _read_sample(self) -> None:
        """Values to try may be in files beside; those that are not there stay names."""
        given = self._fields.get("sample")
        if is_mapping(given):
            given = {name: self._from_file(value) for name, value in mapping(given).items()}
        if given is not None:
            self._fields["sample"] = self._from_file(given)

    def _from_file(self, value: Any) -> Any:
        found = _FILE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        path = found[1] or found[2]
        try:
            return read_value(path, self._source.beside.read(path))
        except Fault:
            return value

    def _tell_references(self) -> None:
        """The environment and other files are nobody's business here; their names stay as text."""
        for place, text in _texts(self._fields, ()):
            for kind, what in _REFERENCE.findall(text):
                if not what:
                    continue
                told = "the environment is never read" if kind == "env" else "that file is not read"
                where = ".".join(map(str, place))
                name = what.partition(":")[0]
                self._tell(f"{where}: {name} is kept as text; {told}")

    def _inputs(self) -> tuple[list[Variable], set[str]]:
        given = self._fields.get("inputs")
        entries = list(mapping(given).items())
        for index, item in enumerate(items(given)):
            name = item if isinstance(item, str) else mapping(item).get("name")
            if not isinstance(name, str):
                raise Fault("inputs: an item has no name", self._front.line("inputs", index))
            entries.append((name, mapping(item)))
        sample = mapping(self._fields.get("sample"))
        given_names = {name for name, _ in entries}
        entries += [
            (name, {"example": value})
            for name, value in sample.items()
            # What is in a file that is not there tells nothing; the text tells its kind.
            if name not in given_names and not _is_reference(value)
        ]
        found: dict[str, Variable] = {}
        threads: set[str] = set()
        for name, spec in entries:
            try:
                variable = self._input(name, spec, sample)
            except UsageError as error:
                raise Fault(error.what, self._front.line("inputs", name)) from None
            found.setdefault(variable.name, variable)
            if mapping(spec).get("kind") == "thread":
                threads.add(variable.name)
        return list(found.values()), threads

    def _input(self, name: str, spec: Any, sample: Mapping[str, Any]) -> Variable:
        # In old files a mapping may be a value to try.
        is_spec = is_mapping(spec) and _SPEC.issuperset(mapping(spec))
        fields = dict(mapping(spec)) if is_spec else {"example": spec}
        kind = fields.get("kind", fields.get("type"))
        ours = as_variable(name)
        if ours != name:
            self._tell(renamed(name, ours))
        if kind in ("image", "file", "audio"):
            kind = "string"
            self._tell(f"the {fields.get('kind', fields.get('type'))} {name} is a text here")
        if "enumValues" in fields:
            self._tell(f"the values that {name} may have are not checked")
        example = fields.get("example", fields.get("sample"))
        shown = None if _is_reference(sample.get(name)) else sample.get(name)
        default = fields.get("default")
        required = fields.get("required")
        if kind == "thread":
            default, required = items(default), False
        loose = variable_of(ours, {"kind": kind, "description": fields.get("description")})
        whole = msgspec.structs.replace(
            loose,
            default=default,
            example=shown if example is None else example,
            required=required if isinstance(required, bool) else default is None,
        )
        if kind is None:
            found = type_of([whole.default, whole.example])
            whole = msgspec.structs.replace(whole, type=found or "string")
        variable, note = fitted(whole)
        if note:
            self._tell(note)
        return variable

    def _tell(self, note: str) -> None:
        self._notes.setdefault(note)

    def _dialect(self) -> Dialect:
        given = self._fields.get("template")
        fields = mapping(given)
        inner = fields.get("format", fields.get("type"))
        kind = mapping(inner).get("kind", inner) if fields else given
        word = str(kind or "jinja2").lower()
        if word in ("jinja2", "jinja", "nunjucks"):
            return "jinja2"
        if word in ("mustache", "handlebars"):
            return "mustache"
        if word in ("f-string", "fstring"):
            return "f-string"
        if "liquid" in word:
            self._tell("Liquid is read as Jinja2, which it resembles")
            return "jinja2"
        raise Fault(
            f"its templates are of the kind {word[:40]!r}, which is not known",
            self._front.line("template"),
        )

    def _model(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The config, and what of the model has no place in it."""
        given = self._fields.get("model")
        model = {"id": given} if isinstance(given, str) else mapping(given)
        options = {**mapping(model.get("parameters")), **mapping(model.get("options"))}
        config, others = split_parameters(options)
        details = {**mapping(model.get("connection")), **mapping(model.get("configuration"))}
        azure = details.get("azure_deployment")
        named = model.get("id") or details.get("model") or azure
        id_ = _text_or_none(named or mapping(model.get("configuration")).get("name"))
        kind = details.get("type")
        provider = str(model.get("provider") or kind or ("azure_openai" if azure else "openai"))
        if id_ and not _REFERENCE.search(id_):
            name = model_name(provider, id_)
            if name:
                config["model"] = name
            else:
                self._tell(
                    f"the model {id_} is kept in the metadata: {provider} has no counterpart here"
                )
        told = ("options", "parameters", *(("id", "provider") if "model" in config else ()))
        kept = {key: value for key, value in model.items() if key not in told}
        if others:
            kept["options"] = others
        return config, {"model": kept} if kept else {}

    def _authors(self) -> tuple[str, ...]:
        given = self._fields.get("authors") or mapping(self._fields.get("metadata")).get("authors")
        return words(given)

    def _tags(self) -> tuple[str, ...] | None:
        given = self._fields.get("tags")
        if given is None:
            given = mapping(self._fields.get("metadata")).get("tags")
        return None if given is None else clean_tags(words(given))

    def _others(self) -> dict[str, Any]:
        kept = {
            key: value
            for key, value in self._fields.items()
            if key not in (*_OURS, "version", "authors")
        }
        if "tools" in kept:
            self._tell("tools are kept in the metadata; nothing calls them")
        for key in ("inputs", "sample"):
            if isinstance(self._fields.get(key), str):
                kept[key] = self._fields[key]
        own = mapping(self._fields.get("metadata"))
        inner = {
            k: v for k, v in own.items() if k not in ("authors", "tags", "version", "category")
        }
        return {**kept, **inner}

    def _examples(self, inputs: Sequence[Variable]) -> tuple[ExampleFile, ...]:
        sample = mapping(self._fields.get("sample"))
        names = {variable.name for variable in inputs}
        given = {as_variable(name): value for name, value in sample.items()}
        shown = {name: value for name, value in given.items() if name in names}
        return (ExampleFile(inputs=shown),) if shown else ()


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def _texts(value: Any, place: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        return [(place, value)] if "${" in value else []
    pairs = list(mapping(value).items()) or list(enumerate(items(value)))
    return [found for key, item in pairs for found in _texts(item, (*place, key))]


def _text_or_none(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _text(each: PromptFile) -> str:
    latest = each.latest
    for message in latest.messages:
        if message.role not in (*ROLES, "placeholder"):
            raise UsageError(
                f"{each.name} has a message of the role {message.role}, unknown to Prompty",
                hint="write it as burnish or markdown",
                subject=each.name,
            )
    fields: dict[str, Any] = {"name": each.name}
    if each.description is not None:
        fields["description"] = each.description
    about = {
        "authors": [latest.author] if latest.author else [],
        "tags": list(each.tags or ()),
        "version": latest.number,
        "category": each.category or "",
    }
    metadata = {key: value for key, value in about.items() if value}
    metadata |= {
        key: value for key, value in latest.metadata.items() if key not in (*about, *_OURS, "tools")
    }
    if metadata:
        fields["metadata"] = metadata
    if model := _written_model(latest):
        fields["model"] = model
    for key in ("tools", "outputs"):
        if key in latest.metadata:
            fields[key] = latest.metadata[key]
            metadata.pop(key, None)
    if inputs := _written_inputs(latest):
        fields["inputs"] = inputs
    fields["template"] = {"format": {"kind": "jinja2"}, "parser": {"kind": "prompty"}}
    return f"---\n{write_yaml(fields)}---\n{body_text(latest.messages)}"


def _written_model(latest: VersionFile) -> dict[str, Any]:
    provider, _, name = str(latest.config.get("model", "")).partition(":")
    model: dict[str, Any] = mapping(latest.metadata.get("model"))
    model = {key: value for key, value in model.items() if key not in _MODEL}
    if name:
        model = {"id": name, "provider": provider, **model}
    options = {key: value for key, value in latest.config.items() if key != "model"}
    if "max_tokens" in options:
        options["maxOutputTokens"] = options.pop("max_tokens")
    return {**model, "options": options} if options else model


def _written_inputs(latest: VersionFile) -> list[dict[str, Any]]:
    threads = {message.content for message in latest.messages if message.role == "placeholder"}
    kinds = {"list": "array"}
    found: list[dict[str, Any]] = []
    for variable in latest.variables:
        kind = "thread" if variable.name in threads else kinds.get(variable.type, variable.type)
        item: dict[str, Any] = {"name": variable.name, "kind": kind}
        for key in ("description", "default", "example"):
            if getattr(variable, key) not in (None, ""):
                item[key] = getattr(variable, key)
        if variable.required != (variable.default is None):
            item["required"] = variable.required
        found.append(item)
    return found
