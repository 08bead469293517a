"""The files that a promptfoo configuration names for its prompts: texts, never programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import msgspec

from burnish.prompts.formats.chat import is_chat
from burnish.prompts.formats.csv_text import read_rows
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, items, mapping
from burnish.prompts.formats.promptfoo_csv import table_tests
from burnish.prompts.formats.source import YAML_SUFFIXES, Source, read_value

_SCHEMES = re.compile(
    r"(?:file|langfuse|portkey|helicone|https?|exec|python|huggingface)://|(?:exec|python):"
)
_PROGRAMS = r"py|js|cjs|mjs|ts|cts|mts|sh|bash|rb|pl|go|php"
_FILE = re.compile(
    rf"[^\s{{}}]{{1,300}}\.(?:txt|json|jsonl|ya?ml|j2|md|csv|njk|{_PROGRAMS})(?::\w+)?"
)
_GLOB = re.compile(r"[^\s{}]{0,300}\*[^\s{}]{0,300}\.\w+(?::\w+)?")
_PROGRAM = re.compile(rf".*\.(?:{_PROGRAMS})(?::\w+)?|(?:exec|python):.*")
_RULE = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_MOST_DEPTH = 3


class FileText(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt in a file of its own, `line` the one on which it begins. `item` is one that a list
    of prompts in a file holds, as a configuration would."""

    file: str
    name: str
    text: str = ""
    label: str = ""
    line: int = 1
    item: Any = None


def reference(text: str) -> str:
    """The file or place of which a text is only the address."""
    bare = text.strip()
    if _SCHEMES.match(bare) and "\n" not in bare:
        return bare[:300]
    return bare if _FILE.fullmatch(bare) or _GLOB.fullmatch(bare) else ""


def texts_of(source: Source, address: str, depth: int = 0) -> list[FileText]:
    """The prompts at an address. Raises Fault for a program, another place, or a file that
    cannot be read."""
    if _PROGRAM.fullmatch(address):
        raise Fault(f"{address} is a program, which is never run; put the text that it makes here")
    if _SCHEMES.match(address) and not address.startswith("file://"):
        raise Fault(f"{address} is another place, which is not read; put its text here")
    if depth > _MOST_DEPTH:
        raise Fault(f"{address} names files that name files too many times over")
    if "*" in address:
        found = source.beside.names(address)
        return [each for name in found for each in texts_of(source, name, depth + 1)]
    return list(_texts(address.removeprefix("file://"), source.beside.read(address)))


def value_of(source: Source, address: str) -> Any:
    """What a JSON or YAML file says; of several, which `*` stands for, a list of all that they
    list. Raises Fault."""
    if "*" in address:
        values = [value_of(source, name) for name in source.beside.names(address)]
        return [each for value in values for each in (items(value) if is_list(value) else [value])]
    if _PROGRAM.fullmatch(address):
        raise Fault(f"{address} is a program, which is never run")
    text = source.beside.read(address)
    try:
        return _value(address, text)
    except Fault as fault:
        raise _within(address, fault) from None


def _value(path: str, text: str) -> Any:
    if path.lower().endswith(".csv"):
        return table_tests(text)
    return read_value(path, text)


def _within(path: str, fault: Fault) -> Fault:
    where = f"{path.removeprefix('file://')}, line {fault.line}:" if fault.line else path
    return Fault(f"{where} {fault.what}")


def _texts(path: str, text: str) -> Iterator[FileText]:
    suffix, stem = PurePosixPath(path).suffix.lower(), PurePosixPath(path).stem
    if suffix == ".csv":
        yield from _rows(path, stem, text)
    elif suffix in YAML_SUFFIXES or suffix == ".json":
        yield from _listed(path, stem, text)
    elif suffix in (".jsonl", ".ndjson"):
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        yield from _numbered(path, stem, lines)
    elif suffix == ".txt":
        yield from _numbered(path, stem, list(_between_rules(text)))
    else:
        yield FileText(file=path, name=stem, text=text)


def _between_rules(text: str) -> Iterator[tuple[int, str]]:
    """Lines of three dashes stand between the prompts of a file."""
    start = 0
    for rule in [*_RULE.finditer(text), None]:
        piece = text[start : rule.start() if rule else len(text)]
        bare = piece.lstrip("\r\n")
        if bare.strip():
            at = start + len(piece) - len(bare)
            yield text.count("\n", 0, at) + 1, bare.rstrip("\r\n")
        start = rule.end() if rule else start


def _numbered(path: str, stem: str, parts: list[tuple[int, str]]) -> Iterator[FileText]:
    if not parts:
        raise Fault(f"{path} is empty")
    for number, (line, text) in enumerate(parts, start=1):
        name = stem if len(parts) == 1 else f"{stem}-{number}"
        yield FileText(file=path, name=name, text=text, line=line)


def _rows(path: str, stem: str, text: str) -> Iterator[FileText]:
    rows = read_rows(text)
    heads = [cell.strip().lower() for cell in rows[0].cells] if rows else []
    if "prompt" not in heads:
        yield from _numbered(path, stem, [(row.line, row.cells[0]) for row in rows])
        return
    at = heads.index("prompt")
    for number, row in enumerate(rows[1:], start=1):
        cells = dict(zip(heads, row.cells, strict=False))
        if len(row.cells) > at:
            yield FileText(
                file=path,
                name=f"{stem}-{number}",
                text=row.cells[at],
                label=cells.get("label", ""),
                line=row.line,
            )


def _listed(path: str, stem: str, text: str) -> Iterator[FileText]:
    """A chat, a text that becomes one once its values stand in it, or a list of prompts."""
    try:
        value = _value(path, text)
    except Fault as fault:
        # Templates of chats are often no JSON before they are rendered.
        if "{{" not in text and "{%" not in text:
            raise _within(path, fault) from None
        value = None
    if is_chat(value) or is_chat(mapping(value).get("messages")):
        yield FileText(file=path, name=stem, text=msgspec.json.encode(value).decode())
    elif is_list(value) and all(isinstance(each, str | dict) for each in items(value)):
        for number, item in enumerate(items(value), start=1):
            yield FileText(file=path, name=f"{stem}-{number}", item=item)
    else:
        yield FileText(file=path, name=stem, text=text)
