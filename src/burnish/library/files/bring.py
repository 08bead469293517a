"""Prompt files of any format into the library."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import BurnishError, NotFound, StoreError, UsageError
from burnish.library.composition import fault_of
from burnish.library.files.beside import Folder
from burnish.library.files.gather import Found, Gathered, content_of, gathered, own_name
from burnish.library.files.one_prompt import OnePrompt
from burnish.library.template_files.bring import (
    Conflicts,
    ImportedFile,
    ImportReport,
    import_templates,
    report_of,
)
from burnish.prompts.composition import has_includes
from burnish.prompts.formats import (
    Fault,
    PromptFile,
    Reading,
    Source,
    by_name,
    detect,
    read_text,
    refuse_broken,
)
from burnish.prompts.formats.assemble import as_name

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts

_TEMPLATES = (".yaml", ".yml")
_PROGRAMS = (".js", ".mjs", ".cjs", ".ts", ".py", ".sh", ".rb")
# Formats of other tools, and those in which people write, that have no versions in other files.
_ONE_A_FILE = ("prompty", "langchain", "promptfoo", "openai", "named")


async def import_files(
    prompts: AsyncPrompts,
    path: str | Path,
    *,
    format: str = "",  # noqa: A002 - the word that people know
    dry_run: bool = False,
    conflict: Conflicts = "new-revision",
) -> ImportReport:
    """Brings in a file, all files of a folder and its folders, or those of a zip.

    The format is found out for each file, unless it is named: our own JSON, YAML, Markdown and
    CSV, `.prompty`, promptfoo, Langfuse, LangChain, OpenAI, MLflow, prompts by name. Files that
    these name are read below `path` alone. What is of none of these and
    ends in .yaml or .yml is read as a template of an agent's task (`agent/task_v2.yaml`); other
    files of a folder are left alone.

    A name that is free becomes a prompt with all versions of the file. A prompt that exists gets
    those that it does not have yet as new revisions; with `conflict="skip"` it stays as it is,
    and with `"overwrite"` it says afterwards what the file says, labels and what the file leaves
    out of category, tags and description included. Nothing is ever rewritten: what was there
    stays in the history. The same files again change nothing. `dry_run` tells what would happen.

    A bad file, or a bad prompt of a file, is in the report and stops no other. Raises NotFound
    for a path that is not there, and UsageError for a folder without prompt files, an unknown
    format, or an archive that cannot be unpacked safely.
    """
    if format:
        by_name(format)
    with gathered(Path(path)) as there:
        bring = _Bringing(prompts, there, format, conflict, dry_run=dry_run)
        report = report_of(await bring.all(), dry_run=dry_run)
        if not dry_run:
            prompts.imported[there.origin] = conflict
    return report


async def import_again(prompts: AsyncPrompts) -> ImportReport:
    """Brings in again whatever `import_files` brought into these prompts; what is gone meanwhile
    is left out."""
    found: list[ImportedFile] = []
    for path, conflict in tuple(prompts.imported.items()):
        try:
            report = await import_files(prompts, path, conflict=conflict)
        except NotFound:
            continue
        found += report.files
    return report_of(found, dry_run=False)


class _Bringing:
    def __init__(
        self,
        prompts: AsyncPrompts,
        there: Gathered,
        format_name: str,
        conflict: Conflicts,
        *,
        dry_run: bool,
    ) -> None:
        self._prompts = prompts
        self._there = there
        self._format = format_name
        self._conflict: Conflicts = conflict
        self._dry_run = dry_run
        self._including: set[str] = set()
        self._brought: dict[str, PromptFile] = {}
        self._used: set[Path] = set()

    async def all(self) -> list[ImportedFile]:
        found: list[ImportedFile] = []
        templates: list[str] = []
        # Configurations first: the files that they name are part of them.
        in_order = sorted(self._there.files, key=lambda each: "promptfoo" not in each.name.lower())
        for file in in_order:
            if file.path.resolve() in self._used and not file.problem:
                continue
            if file.problem:
                found.append(_bad(file.name, file.problem))
                continue
            reading = await self._read(file)
            if reading is None:
                templates += [file.name] if file.name.lower().endswith(_TEMPLATES) else []
            elif isinstance(reading, Fault):
                found.append(_bad(file.name, reading.what, reading.line))
            else:
                found += await self._file(file, reading)
        if templates:
            found += await self._templates(templates)
        if not found:
            raise UsageError(
                f"{self._there.root} holds no prompt files",
                hint="see burnish import --help for the formats that are known",
                subject=str(self._there.root),
            )
        return found if self._dry_run else [await self._noted(each) for each in found]

    async def _noted(self, each: ImportedFile) -> ImportedFile:
        """Looked at when all are there, because those of one set may include each other."""
        if each.name not in self._including or each.revision is None:
            return each
        fault = await fault_of(self._prompts.expand, f"{each.name}@{each.revision}")
        return msgspec.structs.replace(each, notes=(*each.notes, fault)) if fault else each

    async def _read(self, file: Found) -> Reading | Fault | None:
        """None for a file that looks like none of the formats."""
        try:
            return await asyncio.to_thread(_reading, file, self._format, self._there, self._used)
        except Fault as fault:
            return fault
        except UsageError as error:
            return Fault(error.what)

    async def _templates(self, names: Sequence[str]) -> tuple[ImportedFile, ...]:
        """As one folder, because versions of a task stand in files of their own."""
        report = await import_templates(
            self._prompts,
            self._there.root / names[0] if self._there.alone else self._there.root,
            dry_run=self._dry_run,
            conflict=self._conflict,
            only=frozenset(names),
        )
        self._including |= {each.name for each in report.files}
        return report.files

    async def _file(self, file: Found, reading: Reading) -> list[ImportedFile]:
        found = [
            _bad(file.name, f"{each.at}: {each.problem}" if each.at else each.problem, each.line)
            for each in reading.problems
        ]
        seen: set[str] = set()
        for prompt in reading.prompts:
            if prompt.name in seen:
                found.append(_bad(file.name, f"{prompt.name!r} is there twice", prompt.line))
                continue
            seen.add(prompt.name)
            found.append(await self._prompt(file.name, self._apart(file.name, prompt)))
        return found

    def _apart(self, file: str, prompt: PromptFile) -> PromptFile:
        """Two files of another tool that call different prompts the same are no versions of
        one: the later is called as its file."""
        first = self._brought.setdefault(prompt.name, prompt)
        same = first is prompt or first.latest.messages == prompt.latest.messages
        if same or prompt.format not in _ONE_A_FILE:
            return prompt
        name = as_name(str(PurePosixPath(file).with_suffix("")), prompt.name)
        if name in self._brought:
            return prompt
        note = f"is called {name}, since another file has a {prompt.name} of its own"
        renamed = msgspec.structs.replace(prompt, name=name, notes=(*prompt.notes, note))
        return self._brought.setdefault(name, renamed)

    async def _prompt(self, file: str, prompt: PromptFile) -> ImportedFile:
        try:
            one = OnePrompt(self._prompts, prompt, self._conflict, dry_run=self._dry_run)
            brought = await one.bring()
        except StoreError:
            raise
        except BurnishError as error:
            # The library refuses what it must; the other prompts go on.
            return _bad(file, f"{prompt.name}: {error}", prompt.line)
        if any(has_includes(version.messages) for version in prompt.versions):
            self._including.add(prompt.name)
        return ImportedFile(
            file=file,
            outcome=brought.outcome,
            name=prompt.name,
            revision=brought.revision,
            notes=(*prompt.notes, *brought.notes),
        )


def _reading(file: Found, format_name: str, there: Gathered, used: set[Path]) -> Reading | None:
    beside = Folder(there.root, file.name, used)
    source = Source(
        file.name, read_text(content_of(file), file.name), beside, own_name(there, file)
    )
    if format_name:
        return by_name(format_name).read(source)
    found = detect(source)
    if found is not None:
        return found.read(source)
    if file.name.lower().endswith(_TEMPLATES):
        return None
    if there.alone:
        if source.suffix in _PROGRAMS:
            raise Fault("is a program, which is never run; bring in the text that it makes")
        refuse_broken(source)
        raise Fault("is of no format that is known; name it with --format")
    if source.suffix == ".json":
        # A file that is broken looks like nothing: its own fault tells more.
        source.value()
    return None


def _bad(file: str, problem: str, line: int = 0) -> ImportedFile:
    return ImportedFile(file=file, outcome="bad", problem=problem, line=line)
