"""Writes the generated reference pages: commands, settings, JSON schemas.

python docs/generate.py [--check]     --check compares and exits 1 when a page is stale
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from burnish.analytics.period.report import PeriodReport
from burnish.cli import commands
from burnish.cli import main as cli
from burnish.evals.datasets import DatasetAdded, ShownDataset
from burnish.evals.judge_check import JudgeReport
from burnish.evals.registry import ScorerInfo
from burnish.evals.report.files import Judged
from burnish.evals.room import ListedEvaluation
from burnish.experiments.analyzed import Analyzed
from burnish.experiments.assigning import Assignment
from burnish.experiments.findings import Findings
from burnish.experiments.power import Needed
from burnish.experiments.promote import Promotion
from burnish.experiments.recording import ManyRecorded, Recorded
from burnish.experiments.report.files import Shown
from burnish.generation.result import Generation
from burnish.intents import Classification
from burnish.library.branches import MergePlan
from burnish.library.knowledge import AddReport, KnowledgeFound, Removed, ShownDocument
from burnish.library.lineage import BlamedLine, Graph
from burnish.library.packs import (
    BuiltPack,
    InstalledPack,
    ListedPack,
    PackPreview,
    PackReport,
    UninstallReport,
)
from burnish.library.search import Found
from burnish.library.starter import InstallReport, StarterPrompt
from burnish.library.sync import SyncReport
from burnish.library.values import Expanded, HistoryEntry, Page, Rendered, Saved
from burnish.optimizers.report.report import OptimizationReport
from burnish.optimizers.room import ListedOptimization, ShownOptimization
from burnish.platform.evaluating import Plan
from burnish.platform.optimization_plan import OptimizationPlan
from burnish.platform.where import WherePlan, WhereReport
from burnish.prompts.diff import Diff
from burnish.prompts.prompt import Branch
from burnish.redaction.redact import Redacted
from burnish.settings import fields
from burnish.storage.datasets import Dataset, Difference
from burnish.storage.experiment import Experiment
from burnish.storage.job import Job
from burnish.storage.jobs import Schedule
from burnish.storage.knowledge import Document
from burnish.storage.lineage import LabelRequest
from burnish.storage.result import Result
from burnish.storage.store import Fetched, LabelMove
from burnish.techniques import Selection, Technique

REFERENCE = Path(__file__).parent / "reference"
SCHEMAS: dict[str, Any] = {
    "analyze": Classification,
    "redact": Redacted,
    "generate": Generation,
    "enhance": Generation,
    "prompts-list": Page,
    "prompts-show": Fetched,
    "prompts-save": Saved,
    "prompts-history": list[HistoryEntry],
    "prompts-diff": Diff,
    "prompts-render": Rendered,
    "prompts-expand": Expanded,
    "prompts-branch": Branch,
    "prompts-branches": list[Branch],
    "prompts-merge-plan": MergePlan,
    "prompts-blame": list[BlamedLine],
    "prompts-graph": Graph,
    "prompts-label": LabelMove,
    "prompts-requests": list[LabelRequest],
    "starter-list": list[StarterPrompt],
    "starter-show": StarterPrompt,
    "starter-install": InstallReport,
    "packs-build": BuiltPack,
    "packs-preview": PackPreview,
    "packs-install": PackReport,
    "packs-list": list[ListedPack],
    "packs-show": InstalledPack,
    "packs-uninstall": UninstallReport,
    "sync": SyncReport,
    "search": Found,
    "jobs-list": list[Job],
    "jobs-show": Job,
    "schedule-list": list[Schedule],
    "knowledge-add": AddReport,
    "knowledge-list": list[Document],
    "knowledge-remove": Removed,
    "knowledge-show": ShownDocument,
    "knowledge-search": KnowledgeFound,
    "datasets-add": DatasetAdded,
    "datasets-list": list[Dataset],
    "datasets-show": ShownDataset,
    "datasets-diff": Difference,
    "techniques": list[Technique],
    "techniques-select": Selection,
    "scorers": list[ScorerInfo],
    "judge-check": JudgeReport,
    "evaluate": Judged,
    "evaluate-plan": Plan,
    "evaluations-list": list[ListedEvaluation],
    "evaluations-results": Result,
    "optimize": OptimizationReport,
    "optimize-plan": OptimizationPlan,
    "optimize-where": WhereReport,
    "optimize-where-plan": WherePlan,
    "optimizations-list": list[ListedOptimization],
    "optimizations-show": ShownOptimization,
    "experiments-plan": Needed,
    "experiments-analyze": Analyzed,
    "experiments-show": Shown,
    "report": PeriodReport,
    "experiments-create": Experiment,
    "experiments-list": list[Experiment],
    "experiments-check": list[Findings],
    "experiments-promote": Promotion,
    "experiments-assign": Assignment,
    "experiments-record": Recorded,
    "experiments-record-csv": ManyRecorded,
}
SETTINGS_HEAD = """# Settings

Generated from `burnish/settings/`. A value comes from a flag, else the environment, else
`burnish.yaml` in the working folder, else `burnish.yaml` in the data folder, else the default.
`burnish config show` prints each value with its source.

A list is written with commas in the environment (`BURNISH_GENERATION__PHASES=draft,refine`) and as
a list in a file (`phases: [draft, refine]`, under `generation:`); an empty text is a list without
entries.

| Key | Environment | Default | What it does |
| --- | --- | --- | --- |
"""
CLI_HEAD = """# Commands

Generated from the command itself. Every command takes `--json`; texts are read from standard
input for `-`, and where a pipe stands instead of a text. Exit codes: 0 done, 1 failed, 2 usage,
3 not found, 4 conflict, 5 unavailable, 6 not permitted.
"""


def pages() -> Iterator[tuple[Path, str]]:
    yield REFERENCE / "settings.md", _settings()
    yield REFERENCE / "cli.md", _commands()
    for name, kind in SCHEMAS.items():
        schema = msgspec.json.schema(kind)
        yield REFERENCE / "schemas" / f"{name}.json", json.dumps(schema, indent=1) + "\n"


def _settings() -> str:
    rows: list[str] = []
    for key, field in fields().items():
        default = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = f"`{default}`" if str(default) else ""
        rows.append(f"| `{key}` | `{field.env}` | {shown} | {field.description} |")
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def _commands() -> str:
    parts = [f"## burnish {' '.join(p)}\n\n```text\n{_help(p)}\n```\n" for p in _command_paths()]
    return "\n".join([CLI_HEAD, *parts])


def _command_paths() -> list[list[str]]:
    paths = [[name] for name, *_ in commands.COMMANDS]
    for group, _, members in commands.GROUPS:
        paths += [[group, name] for name, *_ in members]
    return paths


def _help(path: list[str]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        cli.main([*path, "--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def main() -> None:
    stale = [
        path
        for path, text in pages()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(p.name for p in stale)}; run: make docs" if stale else 0)
    for path, text in pages():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
