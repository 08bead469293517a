"""burnish sync."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND, Run

TEXT = "Tell {{ name }} that the parcel is late."


@pytest.mark.spec("VER-07")
def test_a_folder_of_files_and_back(run: Run, tmp_path: Path) -> None:
    assert run("prompts", "create", "mail/late", TEXT).code == 0
    planned = run("sync", "./prompts", "--dry-run")
    assert (planned.code, (tmp_path / "prompts").exists()) == (0, False)
    assert planned.out == "exported\tmail/late\t1 commit\tmail/late.md\nwould be: 1 new commit\n"
    assert run("sync", "./prompts").out.endswith("1 new commit\n")
    file = tmp_path / "prompts" / "mail" / "late.md"
    file.write_text(file.read_text().replace("late.", "very late."))
    done = run("sync", "./prompts")
    assert done.out == "imported\tmail/late\t1 version\tmail/late.md\n1 new version\n"
    assert "very late" in run("prompts", "show", "mail/late@2").out
    assert run("sync", "./prompts").out == "1 unchanged\n"


def test_a_conflict_is_shown_and_decided(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "note", "Be kind.")
    run("sync", "p")
    run("prompts", "edit", "note", "Be brief.")
    file = tmp_path / "p" / "note.md"
    file.write_text(file.read_text().replace("kind", "exact"))
    done = run("sync", "p")
    assert done.code == 4
    assert "conflict in note: message 1 (user), line 1" in done.err
    assert "  library: Be brief." in done.err
    assert "  git:     Be exact." in done.err
    as_json = run("sync", "p", "--json")
    assert as_json.code == 4
    (each,) = json.loads(as_json.out)["prompts"]
    assert each["conflicts"][0]["theirs"].strip() == "Be exact."
    assert run("sync", "p", "--ours", "--theirs").code == 2
    assert run("sync", "p", "--theirs").code == 0
    assert "Be exact." in run("prompts", "show", "note").out


def test_a_bad_file_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "note", "Be kind.")
    run("sync", "p")
    (tmp_path / "p" / "bad.md").write_text("---\ntags: [x\n---\nText\n")
    done = run("sync", "p")
    assert done.code == 1
    assert "burnish: bad.md:3 " in done.err


def test_targets_that_are_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert run("sync", "file").code == 2
    assert run("sync", "nowhere.git").code == 3
    assert run("sync", "http://127.0.0.1:9/x.git").code == 5


def test_two_at_once_do_the_work_once(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "note", "Be kind.")
    (tmp_path / "p").mkdir()
    both = [
        subprocess.Popen([*COMMAND, "sync", "p"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(process.communicate()[0].splitlines()[-1] for process in both)
    assert said == ["1 new commit", "1 unchanged"]
