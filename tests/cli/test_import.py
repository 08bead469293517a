"""`burnish import`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "prompts"
    files = {
        "writer/write_chapter_v1.yaml": "user: Write {{ chapter }}.\n",
        "writer/write_chapter_v2.yaml": "user: Write {{ chapter }} well.\n",
        "editor/shorten.yaml": "user: Shorten {text} to {length}.\nvariables: [text]\n",
    }
    for name, text in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return made


@pytest.mark.spec("LIB-05", "LIB-06")
def test_a_folder_comes_in_and_a_second_time_changes_nothing(
    run: Callable[..., Any], folder: Path
) -> None:
    planned = run("import", str(folder), "--dry-run")
    assert planned.code == 0
    assert planned.out.splitlines()[-1] == "would be: 2 new, 1 new revision"
    assert run("prompts", "list").out == ""

    done = run("import", str(folder))
    assert done.out.splitlines() == [
        "new\teditor/shorten.yaml\teditor/shorten@1",
        "new\twriter/write_chapter_v1.yaml\twriter/write_chapter@1",
        "revised\twriter/write_chapter_v2.yaml\twriter/write_chapter@2",
        "2 new, 1 new revision",
    ]
    assert "note: editor/shorten.yaml: {length} is no declared variable" in done.err
    again = run("import", str(folder))
    assert (again.code, again.out.splitlines()[-1]) == (0, "3 unchanged")

    shown = {"@v1": "Write 3.", "@2": "Write 3 well.", "": "Write 3 well."}
    for reference, text in shown.items():
        out = run("prompts", "render", f"writer/write_chapter{reference}", "--var", "chapter=3").out
        assert out == f"{text}\n"


@pytest.mark.spec("LIB-05")
def test_a_bad_file_is_named_with_its_line_and_the_rest_comes_in(
    run: Callable[..., Any], folder: Path
) -> None:
    (folder / "writer" / "broken.yaml").write_text("user: |\n  a\n  {% if b %}\n", "utf-8")
    done = run("import", str(folder))
    assert done.code == 1
    assert "burnish: writer/broken.yaml:3 unexpected end of input" in done.err
    assert done.out.splitlines()[-1] == "2 new, 1 new revision, 1 bad"
    assert run("prompts", "show", "writer/write_chapter").code == 0

    as_json = run("import", str(folder), "--json")
    report = json.loads(as_json.out)
    assert as_json.code == 1
    assert (report["unchanged"], report["bad"]) == (3, 1)
    bad = next(each for each in report["files"] if each["outcome"] == "bad")
    assert (bad["file"], bad["line"]) == ("writer/broken.yaml", 3)


@pytest.mark.spec("LIB-13")
def test_prompts_that_exist_can_stay(run: Callable[..., Any], folder: Path) -> None:
    run("prompts", "create", "editor/shorten", "Mine")
    done = run("import", str(folder), "--conflict", "skip")
    assert done.out.splitlines()[0] == "skipped\teditor/shorten.yaml\teditor/shorten"
    assert "Mine" in run("prompts", "show", "editor/shorten").out


def test_a_path_that_is_not_there(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("import", "nowhere")
    assert done.code == 3
    assert "there is no" in done.err
