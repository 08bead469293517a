"""Datasets: examples to try prompts on, read from files of many kinds and kept as versions."""

from __future__ import annotations

from burnish.evals.datasets.reading import read_examples
from burnish.evals.datasets.room import AsyncDatasets
from burnish.evals.datasets.values import DatasetAdded, ShownDataset, SkippedRow

__all__ = ["AsyncDatasets", "DatasetAdded", "ShownDataset", "SkippedRow", "read_examples"]
