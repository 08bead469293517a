"""Clients that were written for an earlier version go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from .recording import told

RECORDS = sorted(Path(__file__).with_name("recorded").glob("*.jsonl"))


def lacks(was: Any, found: Any, place: str = "") -> list[str]:
    """What the record has and the answer has not. A field that was null may be anything."""
    if isinstance(was, dict) and isinstance(found, dict):
        return [
            each
            for name in cast("dict[str, Any]", was)
            for each in (
                lacks(was[name], found[name], f"{place}.{name}")
                if name in found
                else [f"{place}.{name}"]
            )
        ]
    if isinstance(was, list) and isinstance(found, list):
        pairs = zip(cast("list[Any]", was), cast("list[Any]", found), strict=False)
        return [each for pair in pairs for each in lacks(*pair, f"{place}[]")]
    # When something happened, it may not have happened yet.
    is_early = place.endswith("_at") and found == "NoneType"
    return [] if was in ("NoneType", found) or is_early else [f"{place}: {was} is {found} now"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
@pytest.mark.spec("API-14", "API-05")
def test_a_recorded_client_passes(record: Path, address: str) -> None:
    asked = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(asked) > 40
    for each in asked:
        status, found = told(address, each["method"], each["path"], each["body"])
        place = f"{each['method']} {each['path']}"
        assert (place, status) == (place, each["status"])
        assert not [f"{place} {what}" for what in lacks(each["shape"], found)]
        if each["status"] < 300 and each["shape"]:
            assert found


def test_what_a_client_relied_on_is_missed() -> None:
    was = {"a": "str", "b": ["number"], "c": "NoneType", "d": {"e": "bool"}}
    assert lacks(was, {"a": "str", "b": [], "c": "str", "d": {"e": "bool"}, "more": "str"}) == []
    assert lacks(was, {"a": "number", "b": ["str"], "c": "NoneType", "d": {}}) == [
        ".a: str is number now",
        ".b[]: number is str now",
        ".d.e",
    ]
