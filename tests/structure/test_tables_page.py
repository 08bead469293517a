"""The page that says where the columns of earlier systems are, and that every column serves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burnish.storage.tables import metadata

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")
# By the chapter's title: all columns that a table of an earlier system had.
EARLIER = {
    "Prompt library": "id name category template description variables created_at updated_at "
    "version rating usage_count",
    "Tests of prompts": "id prompt_id model_provider model_name input_data output latency_ms "
    "token_count cost_usd quality_score tested_at",
    "Optimised prompts": "id prompt_id original_template optimized_template improvement_score "
    "optimization_type created_at",
    "Knowledge": "id topic content source relevance_score created_at",
    "Techniques": "id name category complexity_level template parameters examples "
    "performance_metrics version is_active created_at updated_at technique_id intent_type "
    "time_period success_rate avg_improvement usage_count avg_user_rating",
    "Generated prompts": "id content phase provider model temperature max_tokens tokens_used cost "
    "tags embedding embedding_model embedding_dimensions parent_id session_id created_at updated_at",
    "Context": "id prompt_id context_type context_content",
    "Metrics": "id prompt_id metric_type metric_value recorded_at",
}
COLUMN = re.compile(r"`(\w+)\.(\w+)`")


def rows(title: str) -> list[tuple[str, str]]:
    chapter = PAGE.split(f"\n## {title}")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in chapter.splitlines() if line[:3] == "| `"]
    return [(there, here) for there, here in cells]


@pytest.mark.parametrize("title", EARLIER)
def test_every_column_of_an_earlier_table_has_its_place(title: str) -> None:
    told = {name for there, _ in rows(title) for name in re.findall(r"`(\w+)`", there)}
    assert told == set(EARLIER[title].split())
    assert all(here for _, here in rows(title))


def test_every_place_exists() -> None:
    named = COLUMN.findall(PAGE)
    assert len(named) > 40
    # The keys of a table are what Python calls its columns, which for some are other words.
    columns = {name: {column.name for column in t.columns} for name, t in metadata.tables.items()}
    assert [f"{table}.{name}" for table, name in named if name not in columns.get(table, ())] == []


def test_every_column_is_read() -> None:
    """By a query, or as a field of what the store gives."""
    folder = ROOT / "src" / "burnish"
    readers = [
        path for path in folder.rglob("*.py") if path.parts[-2] not in ("tables", "versions")
    ]
    words = set(re.findall(r"\w+", "\n".join(p.read_text(encoding="utf-8") for p in readers)))
    every = [
        (table.name, column.key) for table in metadata.tables.values() for column in table.columns
    ]
    assert [f"{table}.{key}" for table, key in every if key not in words] == []
