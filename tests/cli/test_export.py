"""export, and import of what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture
def stocked(run: Run) -> Run:
    run("prompts", "create", "mail/late", "Tell {{ name }} it is late.", "--tag", "support")
    run("prompts", "create", "news/digest", "Summarise {{ article }}.")
    return run


@pytest.mark.spec("LIB-12")
@pytest.mark.parametrize(
    ("form", "target", "count"),
    [
        ("burnish", "all.json", 1),
        ("burnish-yaml", "all.yaml", 1),
        ("csv", "all.csv", 1),
        ("markdown", "folder", 2),
        ("prompty", "all.zip", 2),
    ],
)
def test_a_library_goes_out_and_comes_in(
    stocked: Run, tmp_path: Path, form: str, target: str, count: int
) -> None:
    path = str(tmp_path / target)
    done = stocked("export", path, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"2 prompts in {count} file")
    other = str(tmp_path / "other")
    brought = stocked("import", path, "--home", other)
    assert (brought.code, brought.out.splitlines()[-1]) == (0, "2 new"), brought.err
    shown = stocked("prompts", "show", "mail/late", "--home", other)
    assert shown.out == "Tell {{ name }} it is late.\n"


def test_one_file_is_printed(stocked: Run) -> None:
    printed = stocked("export", "--prompt", "mail/late")
    assert json.loads(printed.out)["prompts"][0]["name"] == "mail/late"
    assert [
        p["name"] for p in json.loads(stocked("export", "--tag", "support").out)["prompts"]
    ] == ["mail/late"]
    several = stocked("export", "--format", "markdown")
    assert (several.code, "give a folder" in several.err) == (2, True)


def test_a_file_that_exists_stays(stocked: Run, tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text("mine", encoding="utf-8")
    assert stocked("export", str(path)).code == 2
    assert path.read_text(encoding="utf-8") == "mine"
    assert stocked("export", str(path), "--force").code == 0


def test_wrong_options_say_what_to_do(stocked: Run, tmp_path: Path) -> None:
    odd = stocked("export", "--format", "markdwn")
    assert (odd.code, "did you mean 'markdown'" in odd.err) == (2, True)
    assert stocked("export", "--prompt", "nothing").code == 3
    assert stocked("export", str(tmp_path / "all.json" / "x" / "y.json")).code in (0, 2)
    assert stocked("import", str(tmp_path / "nowhere")).code == 3


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("y.yaml", "burnish-yaml"),
        ("y.YML", "burnish-yaml"),
        ("y.csv", "csv"),
        ("y.md", "markdown"),
        ("y.prompty", "prompty"),
        ("y.json", "burnish"),
        ("y.jsonl", "burnish"),
    ],
)
def test_the_ending_chooses_the_format(stocked: Run, target: str, form: str) -> None:
    done = stocked("export", target, "--prompt", "mail/late")
    assert done.code == 0, done.err
    printed = stocked("export", "--prompt", "mail/late", "--format", form)
    assert Path(target).read_bytes().decode() == printed.out
    assert ("y.jsonl holds burnish (JSON)" in done.err) is (target == "y.jsonl")
    named = stocked("export", target, "--prompt", "mail/late", "--format", "burnish", "--force")
    assert named.err == ""
    assert json.loads(Path(target).read_text(encoding="utf-8"))["prompts"]


def test_one_file_of_a_format_that_makes_several_is_refused(stocked: Run) -> None:
    done = stocked("export", "y.md")
    assert (done.code, "give a folder with --format markdown" in done.err) == (2, True)
    assert not Path("y.md").exists()
    Path("notes.md").mkdir()
    assert stocked("export", "notes.md").code == 0
    assert Path("notes.md", "prompts.json").exists()
