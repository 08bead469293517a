"""Files that were cut, packed, dated or labelled by somebody unlucky, or by somebody who means ill."""

from __future__ import annotations

import json
import os
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.errors import UsageError


def version(text: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]} | fields


def written(path: Path, *prompts: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"burnish": 1, "prompts": prompts}), encoding="utf-8")
    return path


def text_at(p: burnish.Platform, reference: str) -> str:
    return p.prompts.get(reference).version.text


def test_a_label_stands_at_the_text_that_it_had_in_the_file(tmp_path: Path) -> None:
    made = [version("A"), version("B"), version("C")]
    path = written(tmp_path / "in.json", {"name": "note", "versions": made, "labels": {"ok": 2}})
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "A")
        p.import_(path)
        assert text_at(p, "note@ok") == "B"
        assert text_at(p, "note@latest") == "C"


def test_a_label_is_counted_over_the_versions_of_every_branch(tmp_path: Path) -> None:
    made = [version("A"), version("T", branch="try", parents=["1"]), version("B", parents=["1"])]
    labels = {"ok": 3, "tried": 2}
    prompt = {"name": "note", "versions": made, "labels": labels, "branches": {"try": 2}}
    path = written(tmp_path / "in.json", prompt)
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "A")
        (found,) = p.import_(path).files
        assert text_at(p, "note@ok") == "B"
        assert [each.name for each in p.prompts.labels("note")] == ["ok", "latest"]
        assert "'try' are left out" in found.notes[0]
    with burnish.open(str(tmp_path / "other")) as p:
        p.import_(path)
        assert text_at(p, "note@tried") == "T"


@pytest.mark.parametrize("conflict", ["new-revision", "overwrite"])
def test_a_text_that_both_sides_have_outgrown_does_not_hold_again(
    tmp_path: Path, conflict: Any
) -> None:
    made = [version("A"), version("X"), version("B")]
    path = written(tmp_path / "in.json", {"name": "note", "versions": made})
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "A")
        p.prompts.create("note", "B")
        assert p.import_(path, conflict=conflict).revised == 1
        texts = [entry.version.text for entry in p.prompts.history("note")]
        assert texts == ["B", "X", "B", "A"]
        assert p.import_(path, conflict=conflict).unchanged == 1


def test_a_long_history_of_our_own_is_known_when_it_comes_back(tmp_path: Path) -> None:
    made = [version(f"Text {number}") for number in range(1005)]
    path = written(tmp_path / "in.json", {"name": "note", "versions": made})
    with burnish.open(str(tmp_path / "home")) as p:
        assert p.import_(path).new == 1
        assert p.import_(path).unchanged == 1
        assert text_at(p, "note") == "Text 1004"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "out of range"),
        ({"created_at": "9999-12-31T23:59:59-14:00"}, "out of range"),
        ({"archived_at": "9999-12-31T23:59:59-14:00"}, "out of range"),
        ({"archived_at": "2024-01-01T00:00:00Z"}, "archived, and in use"),
        ({"branch": "../x\n"}, "no branch"),
    ],
)
def test_a_version_that_nobody_could_keep_stops_no_other_prompt(
    tmp_path: Path, fields: dict[str, Any], problem: str
) -> None:
    bad = {"name": "bad", "versions": [version("A"), version("B", **fields)]}
    path = written(tmp_path / "in.json", bad, {"name": "good", "versions": [version("C")]})
    with burnish.open(str(tmp_path / "home")) as p:
        files = p.import_(path).files
        assert sorted(each.outcome for each in files) == ["bad", "new"]
        assert problem in next(each.problem for each in files if each.problem)
        assert [prompt.name for prompt in p.prompts.list().items] == ["good"]


def packed(path: Path, entries: list[tuple[str, str]], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", how) as archive:
        warnings.simplefilter("ignore")  # of two entries with one name
        for name, content in entries:
            archive.writestr(name, content)
    return path


def prompt_text(name: str) -> str:
    return json.dumps({"burnish": 1, "prompts": [{"name": name, "versions": [version("A")]}]})


def outcomes(folder: Path, path: Path) -> dict[str, str]:
    with burnish.open(str(folder / "home")) as p:
        return {each.file + each.name: each.problem for each in p.import_(path).files}


@pytest.mark.parametrize("at", [45, 60, 90])
def test_a_damaged_entry_of_an_archive_is_named_and_stops_no_other(tmp_path: Path, at: int) -> None:
    path = packed(tmp_path / "in.zip", [("a.json", prompt_text("a")), ("b.json", prompt_text("b"))])
    content = bytearray(path.read_bytes())
    content[at : at + 12] = bytes(byte ^ 0x5A for byte in content[at : at + 12])
    path.write_bytes(content)
    found = outcomes(tmp_path, path)
    assert found["b.jsonb"] == ""
    assert "cannot be unpacked" in found["a.json"]


def test_entries_that_cannot_stand_side_by_side_are_named(tmp_path: Path) -> None:
    entries = ["a.json", "a.json", "a.json/b.json", f"{'c' * 300}.json", "d.json"]
    path = packed(
        tmp_path / "in.zip", [(name, prompt_text(str(n))) for n, name in enumerate(entries)]
    )
    with burnish.open(str(tmp_path / "home")) as p:
        files = p.import_(path).files
        assert sorted(prompt.name for prompt in p.prompts.list().items) == ["0", "4"]
    told = [each.problem for each in files if each.outcome == "bad"]
    assert [("another file" in each, "too long" in each) for each in sorted(told)] == [
        (False, True),
        (True, False),
        (True, False),
    ]


def test_an_archive_packed_in_an_unusual_way_says_so(tmp_path: Path) -> None:
    path = packed(tmp_path / "in.zip", [("a.json", prompt_text("a"))], zipfile.ZIP_LZMA)
    assert "plain zip" in outcomes(tmp_path, path)["a.json"]


def test_an_export_that_was_cut_short_is_named_among_others(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "torn.json").write_text(prompt_text("torn")[:-20], encoding="utf-8")
    (folder / "good.json").write_text(prompt_text("good"), encoding="utf-8")
    (folder / "notes.json").write_text('{"about": "something else"}', encoding="utf-8")
    found = outcomes(tmp_path, folder)
    assert found.keys() == {"torn.json", "good.jsongood"}
    assert found["torn.json"] == "is cut short"


@pytest.mark.skipif(sys.platform == "win32", reason="makes a named pipe")
def test_a_pipe_of_that_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.json")
    with (
        burnish.open(str(tmp_path / "home")) as p,
        pytest.raises(UsageError, match="no ordinary file"),
    ):
        p.import_(tmp_path / "in.json")
