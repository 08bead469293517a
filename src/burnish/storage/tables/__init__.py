from burnish.storage.tables.base import metadata
from burnish.storage.tables.prompts import label_moves, labels, prompt_versions, prompts
from burnish.storage.tables.run_hours import run_hours
from burnish.storage.tables.runs import runs
from burnish.storage.tables.techniques import technique_statistics

__all__ = [
    "label_moves",
    "labels",
    "metadata",
    "prompt_versions",
    "prompts",
    "run_hours",
    "runs",
    "technique_statistics",
]
