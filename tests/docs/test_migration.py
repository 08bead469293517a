"""The page for people who come from elsewhere: no call in its tables is left untried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\|(.+)\|(.+)\|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
CALL = re.compile(r"(?:\bp\.[\w.]+|\bburnish\.[A-Z]?\w+|\.rate|\bprompted|\bburnish [a-z]+)")


@pytest.mark.spec("PY-03")
def test_every_call_of_a_table_stands_in_a_block_that_runs() -> None:
    page = (GUIDE / "migration.md").read_text(encoding="utf-8")
    agents = (GUIDE / "agents.md").read_text(encoding="utf-8")
    blocks = "\n".join(BLOCK.findall(page) + BLOCK.findall(agents))
    tables = ROW.findall(BLOCK.sub("", page))
    ours = [code for _, cell in tables for code in CODE.findall(cell)]
    calls = {call for code in ours for call in CALL.findall(code)}
    assert len(calls) > 25
    assert not [call for call in sorted(calls) if call not in blocks]
