"""Tables of prompts: a row for each version, its columns under the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from burnish.errors import UsageError
from burnish.prompts.formats.assemble import as_name, complete, prompt
from burnish.prompts.formats.braces import rewritten
from burnish.prompts.formats.csv_text import Row, read_rows, write_rows
from burnish.prompts.formats.declared import read_declared
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.gather import Gathered, items, mapping, shaped, words
from burnish.prompts.formats.native import plain_example, plain_facts, plain_version, read_version
from burnish.prompts.formats.pieces import as_variable
from burnish.prompts.formats.source import Source, read_json
from burnish.prompts.prompt import Message, Variable

_TEXTS = ("name", "category", "description", "owner", "system", "user")
_OF_VERSION = ("revision", "number", "author", "message", "created_at")
_JSON = ("messages", "variables", "config", "metadata", "parents", "examples")
_COLUMNS = (
    *("name", "category", "tags", "description", "owner", "labels", "system", "user"),
    *("messages", "variables", "config", *_OF_VERSION, "parents", "metadata", "examples"),
)
_OTHER_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("title", "id", "promptname", "act", "key"), "name"),
    **dict.fromkeys(("text", "prompt", "template", "content", "body", "userprompt", "usermessage",
                     "prompttext", "prompttemplate"), "user"),
    **dict.fromkeys(("systemprompt", "systemmessage", "instructions"), "system"),
    **dict.fromkeys(("tag", "keywords"), "tags"),
    **dict.fromkeys(("folder", "group", "type"), "category"),
    **dict.fromkeys(("notes", "comment", "summary"), "description"),
    **dict.fromkeys(("vars", "inputs", "inputvariables", "parameters"), "variables"),
    **dict.fromkeys(("label",), "labels"),
    **dict.fromkeys(("version",), "number"),
    **dict.fromkeys(("createdat", "created", "date"), "created_at"),
}  # fmt: skip
_PLAIN = re.compile(r"[^a-z0-9]")
# Two quotes are an empty text, where nothing would mean that the table does not say.
_EMPTY = '""'
_QUOTES = re.compile(r'""+')

# The text of a table of acts, in which `${Name:value}` is a variable.
_ASKED = "asked"
_DOLLAR = re.compile(r"\$\{([A-Za-z][\w ]{0,60})(?::([^{}\n]{0,300}))?\}")

Cells = dict[str, str]


class CsvTable:
    name = "csv"
    suffixes = (".csv", ".tsv")
    describes = "CSV: a row for each version, for spreadsheets"
    loses: tuple[str, ...] = ()

    def claims(self, source: Source) -> bool:
        return source.suffix in self.suffixes

    def read(self, source: Source) -> Reading:
        rows = read_rows(source.text)
        if not rows:
            raise Fault("is empty", 1)
        heads = [_column(cell) for cell in rows[0].cells]
        if not {"user", "system", "messages"} & set(heads):
            raise Fault("its first row names no column such as name, text, system or user", 1)
        if {"act", "prompt"} <= {cell.strip().lower() for cell in rows[0].cells}:
            heads = [_ASKED if head == "user" else head for head in heads]
        found = Gathered(source)
        for group in _groups(heads, rows[1:], found):
            found.try_(lambda group=group: _prompt(source, group))
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        rows = [row for each in prompts for row in _rows(each)]
        used = [name for name in _COLUMNS if name == "name" or any(row.get(name) for row in rows)]
        table = [used, *([row.get(name, "") for name in used] for row in rows)]
        return {"prompts.csv": write_rows(table)}


class _Version(msgspec.Struct, frozen=True):
    line: int
    cells: Cells


def _column(head: str) -> str:
    plain = _PLAIN.sub("", head.lower())
    ours = {_PLAIN.sub("", name): name for name in _COLUMNS}
    return ours.get(plain) or _OTHER_NAMES.get(plain) or head.strip()


def _groups(heads: list[str], rows: list[Row], found: Gathered) -> list[list[_Version]]:
    """The rows of each prompt: those with its name, and each without a name alone."""
    groups: dict[str, list[_Version]] = {}
    for row in rows:
        if len(row.cells) > len(heads) and any(row.cells[len(heads) :]):
            fault = Fault("has more cells than the first row has", row.line)
            found.problem(fault)
            continue
        cells: Cells = {}
        for head, cell in zip(heads, row.cells, strict=False):
            # The first of two columns for the same wins.
            if cell and head:
                cells.setdefault(head, cell)
        groups.setdefault(cells.get("name") or f"\0{row.line}", []).append(
            _Version(row.line, cells)
        )
    return list(groups.values())


def _prompt(source: Source, group: list[_Version]) -> PromptFile:
    versions: list[VersionFile] = []
    for each in group:
        try:
            versions.append(_version(each.cells))
        except UsageError as error:
            raise Fault(error.what, each.line) from None
    labels: dict[str, int] = {}
    for place, each in enumerate(group, start=1):
        labels |= dict.fromkeys(words(each.cells.get("labels")), place)
    last = group[-1].cells
    tags = last.get("tags")
    name = last.get("name") or f"{as_name(source.name)}-{group[-1].line - 1}"
    try:
        return prompt(
            name if name == last.get("name") and "|" not in name else as_name(name),
            versions,
            "csv",
            category=_given(last, "category"),
            tags=None if tags is None else _tags(tags),
            description=_given(last, "description"),
            owner=_given(last, "owner") or "",
            labels=labels,
            examples=shaped(items(_json(last, "examples")), tuple[ExampleFile, ...]),
            line=group[0].line,
        )
    except UsageError as error:
        raise Fault(error.what, group[-1].line) from None


def _given(cells: Cells, key: str) -> str | None:
    value = cells.get(key)
    return value[:-2] if value and _QUOTES.fullmatch(value) else value


def _tags(cell: str) -> tuple[str, ...]:
    if cell == _EMPTY:
        return ()
    return shaped(read_json(cell), tuple[str, ...]) if cell.startswith("[") else words(cell)


def _version(cells: Cells) -> VersionFile:
    variables = _variables(cells)
    if _ASKED in cells:
        cells = dict(cells)
        text = cells.pop(_ASKED)
        cells["user"] = _DOLLAR.sub(lambda found: f"{{{{ {as_variable(found[1])} }}}}", text)
        variables = tuple(
            Variable(name=as_variable(name), default=value or None, required=not value)
            for name, value in dict(_DOLLAR.findall(text)).items()
        )
    messages = _messages(cells, () if _is_json(cells.get("variables", "")) else variables)
    others = {
        key: value
        for key, value in cells.items()
        if key not in (*_TEXTS, *_OF_VERSION, *_JSON, "tags", "labels")
    }
    facts: dict[str, Any] = {key: cells[key] for key in _OF_VERSION if key in cells}
    if "revision" in facts:
        facts["revision"] = int(facts["revision"]) if _is_number(facts["revision"]) else None
    for key in ("config", "parents"):
        if key in cells:
            facts[key] = _json(cells, key)
    facts["metadata"] = {**others, **mapping(_json(cells, "metadata"))}
    first = read_version({**facts, "messages": msgspec.to_builtins(messages)})
    return msgspec.structs.replace(first, variables=complete(messages, variables))


def _variables(cells: Cells) -> tuple[Variable, ...]:
    given = cells.get("variables", "")
    if _is_json(given):
        return read_declared(_json(cells, "variables"))
    names = [part.strip().strip("{}").strip() for part in re.split(r"[,;|\s]+", given)]
    return read_declared([name for name in names if name])


def _messages(cells: Cells, declared: Sequence[Variable]) -> tuple[Message, ...]:
    if "messages" in cells:
        return shaped(_json(cells, "messages"), tuple[Message, ...])
    names = [variable.name for variable in declared]
    return tuple(
        Message(role, rewritten(cells[role], names) if names else cells[role])
        for role in ("system", "user")
        if role in cells
    )


def _is_json(cell: str) -> bool:
    return cell.lstrip()[:1] in ("[", "{") and not cell.lstrip().startswith("{{")


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 10


def _json(cells: Cells, key: str) -> Any:
    if key not in cells:
        return None
    try:
        return read_json(cells[key])
    except Fault as fault:
        raise Fault(f"{key}: {fault.what}") from None


def _rows(each: PromptFile) -> list[Cells]:
    rows: list[Cells] = []
    for place, version in enumerate(each.versions, start=1):
        labels = [label for label, at in each.labels.items() if at == place]
        row: Cells = {"name": each.name, "labels": ",".join(labels), **_text_cells(version)}
        for key, value in plain_version(version).items():
            if key != "messages":
                row[key] = value if isinstance(value, str) else _encoded(value)
        rows.append(row)
    facts = plain_facts(each)
    tags = cast("list[str] | None", facts.pop("tags", None))
    # What is true of the prompt stands in its last row.
    rows[-1] |= {
        key: value + _EMPTY if not value or _QUOTES.fullmatch(value) else value
        for key, value in facts.items()
    }
    if tags is not None:
        plain = not any("," in tag or tag.startswith(("[", '"')) for tag in tags)
        rows[-1]["tags"] = (",".join(tags) or _EMPTY) if plain else _encoded(tags)
    if each.examples:
        rows[-1]["examples"] = _encoded([plain_example(example) for example in each.examples])
    return rows


def _text_cells(version: VersionFile) -> Cells:
    roles = [message.role for message in version.messages]
    filled = all(message.content for message in version.messages)
    if filled and roles in (["system"], ["user"], ["system", "user"]):
        return {message.role: message.content for message in version.messages}
    return {"messages": _encoded(msgspec.to_builtins(version.messages))}


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()
