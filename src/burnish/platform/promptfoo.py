"""A configuration of promptfoo, evaluated as it is: its prompts, models and tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import UsageError
from burnish.evals.only import ANY, ONLY
from burnish.evals.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burnish.library.prompts import AsyncPrompts
    from burnish.library.template_files.bring import ImportReport
    from burnish.prompts.formats.promptfoo_setup import Pair, Setup
    from burnish.prompts.formats.promptfoo_tests import Case

ENDINGS = (".yaml", ".yml", ".json")
_MOST_BYTES = 16 * 1024 * 1024
# What the import says of providers; an evaluation asks all of them, and tells of the others.
_MENDED = ("of several providers", "the provider ")


async def is_config(wanted: Wanted) -> bool:
    """Whether a file stands where a prompt is named."""
    if len(wanted.prompts) != 1 or not wanted.prompts[0].lower().endswith(ENDINGS):
        return False
    return await asyncio.to_thread(Path(wanted.prompts[0]).is_file)


async def from_config(wanted: Wanted, prompts: AsyncPrompts) -> tuple[Wanted, tuple[str, ...]]:
    """What is wanted with the file's prompts, brought into the library, its tests unless there is
    other data, and its models unless others are named; and notes on what of it is not used.
    Raises UsageError for a file that nothing can be asked of."""
    from burnish.library.files.bring import import_files

    path = Path(wanted.prompts[0])
    report = await import_files(prompts, path, format="promptfoo")
    references, notes = _brought(report, path)
    setup = await asyncio.to_thread(_setup, path)
    if setup.providers and not setup.models and not wanted.models:
        raise UsageError(
            f"{path.name}: none of its providers has a counterpart here "
            f"({', '.join(each.address[:80] for each in setup.providers[:5])})",
            hint="name models with --models provider:model,…",
            subject=str(path),
        )
    given = msgspec.structs.replace(
        wanted,
        prompts=tuple(references.values()),
        models=wanted.models or setup.models,
        repeats=setup.repeats if setup.repeats and wanted.repeats == 1 else wanted.repeats,
        concurrency=wanted.concurrency or setup.concurrency,
        fresh=wanted.fresh or setup.fresh,
    ).checked()
    if not wanted.models:
        notes += setup.of_providers
    if wanted.data is None:
        rows, left_out = _rows(
            setup, path, tuple(references), () if wanted.models else setup.models
        )
        notes += (*setup.notes, *left_out)
        given = msgspec.structs.replace(given, data=rows, dataset=wanted.dataset or name_of(path))
    return given, tuple(dict.fromkeys(notes))


def name_of(path: Path) -> str:
    """What a dataset is called that is made of a file."""
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in path.stem).strip(".-")
    return name or "examples"


def _brought(report: ImportReport, path: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """The prompts by name, and what is to be said of them."""
    bad = [each for each in report.files if each.outcome == "bad"]
    references = {each.name: f"{each.name}@{each.revision}" for each in report.files if each.name}
    if not references:
        why = bad[0].problem if bad else "has no prompts"
        line = f", line {bad[0].line}" if bad and bad[0].line else ""
        raise UsageError(f"{path.name}{line}: {why}", hint="mend the file", subject=str(path))
    notes = [note for each in report.files for note in each.notes]
    told = [note for note in notes if not any(word in note for word in _MENDED)]
    return references, (*(f"a prompt is left out: {each.problem}" for each in bad), *told)


def _setup(path: Path) -> Setup:
    from burnish.library.files.beside import Folder
    from burnish.prompts.formats.promptfoo_setup import read_setup
    from burnish.prompts.formats.source import Source

    text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
    return read_setup(Source(path.name, text, Folder(path.parent, path.name, set())))


def _rows(
    setup: Setup, path: Path, prompts: Sequence[str], models: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The tests as examples, each with the prompts and models that it is for; and notes. Without
    `models` each is for whatever models are asked. Raises UsageError naming a test that is
    wrong."""
    from burnish.evals.datasets.reading import row_of
    from burnish.prompts.formats.document import Fault

    for problem in setup.problems[:1]:
        what = f"{path.name}, {problem.at}: {problem.problem}"
        raise UsageError(what, hint="mend the file", subject=str(path))
    rows: dict[bytes, dict[str, Any]] = {}
    pairs: dict[bytes, set[Pair]] = {}
    notes: list[str] = []
    everything = {(prompt, model) for prompt in prompts for model in models or (ANY,)}
    for number, case in enumerate(setup.cases, start=1):
        try:
            asked = setup.pairs(_for_all(case) if not models else case, prompts, models or (ANY,))
        except Fault as fault:
            what = f"{path.name}: test {number} {fault.what}"
            raise UsageError(what, hint="mend its name", subject=str(path)) from None
        if not asked:
            notes.append(f"test {number} is for no prompt and model that are asked; it is left out")
            continue
        row = row_of(case.example)
        key = msgspec.json.encode((row["inputs"], row["expected"], row["assert"]), order="sorted")
        rows.setdefault(key, row)
        pairs.setdefault(key, set()).update(asked)
    for key, row in rows.items():
        if pairs[key] != everything:
            row["metadata"] = {ONLY: [list(pair) for pair in sorted(pairs[key])]}
    if not rows:
        raise UsageError(
            f"{path.name} has no tests", hint="add some, or give --data", subject=str(path)
        )
    return list(rows.values()), notes


def _for_all(case: Case) -> Case:
    """Other models than the file's are asked everything."""
    return msgspec.structs.replace(case, providers=())
