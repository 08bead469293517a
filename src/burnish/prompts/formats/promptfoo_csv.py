"""Tests of promptfoo in a table: a column for each variable, others for what is asserted."""

from __future__ import annotations

import re
from typing import Any

from burnish.prompts.formats.csv_text import read_rows

_KINDS = (
    *("equals", "contains", "icontains", "contains-all", "contains-any", "icontains-all"),
    *("icontains-any", "starts-with", "regex", "is-json", "contains-json", "is-xml", "is-sql"),
    *("contains-xml", "contains-sql", "javascript", "python", "similar", "llm-rubric", "cost"),
    *("factuality", "model-graded-closedqa", "model-graded-factuality", "answer-relevance"),
    *("context-recall", "context-relevance", "context-faithfulness", "latency", "perplexity"),
    *("levenshtein", "rouge-n", "bleu", "meteor", "is-refusal", "word-count", "webhook"),
    *("g-eval", "classifier", "moderation", "fn", "eval", "grade"),
)
_CHECK = re.compile(
    rf"(not-)?({'|'.join(sorted(_KINDS, key=len, reverse=True))})"
    r"(?:\((\d{1,9}(?:\.\d{1,9})?)\))?\s*(?::\s*(.*))?",
    re.DOTALL,
)
_SHORT = {"fn": "javascript", "eval": "javascript", "grade": "llm-rubric"}
_ALONE = ("is-json", "contains-json", "is-xml", "is-sql", "is-refusal", "contains-xml")


def table_tests(text: str) -> list[dict[str, Any]]:
    """Each row as a test of a configuration. Raises Fault."""
    rows = read_rows(text)
    heads = [cell.strip() for cell in rows[0].cells] if rows else []
    return [_test(dict(zip(heads, row.cells, strict=False))) for row in rows[1:]]


def _test(cells: dict[str, str]) -> dict[str, Any]:
    checks = [
        check_of(cell.strip())
        for head, cell in cells.items()
        if re.fullmatch(r"__expected\d*", head) and cell.strip()
    ]
    about = {
        head.removeprefix("__metadata:").removesuffix("[]"): cell
        for head, cell in cells.items()
        if head.startswith("__metadata:")
    }
    return {
        "vars": {head: cell for head, cell in cells.items() if head and head[:2] != "__"},
        "assert": checks,
        "description": cells.get("__description", ""),
        "metadata": about,
    }


def check_of(cell: str) -> dict[str, Any]:
    """The assertion that a cell is short for, such as `contains: hello`."""
    found = _CHECK.fullmatch(cell)
    if not found or (found[4] is None and found[2] not in _ALONE):
        return {"type": "equals", "value": cell}
    negated, kind, threshold, value = found.groups()
    check: dict[str, Any] = {"type": (negated or "") + _SHORT.get(kind, kind)}
    if value:
        several = kind.endswith(("-all", "-any"))
        check["value"] = [part.strip() for part in value.split(",")] if several else value
    if threshold:
        check["threshold"] = float(threshold)
    return check
