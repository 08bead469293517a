"""`burnish packs`: prompts shared and installed on the command line."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Done, Run
from tests.library.packing import MARKDOWN, folder, http, pack


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    home = ("--home", str(tmp_path / "ann"))
    assert run("prompts", "create", "mail/late", "Tell {{ name }} it is late.", *home).code == 0
    done = run("packs", "build", "mail-desk", "--prompts", "mail/", "--to", "m.zip", *home)
    assert done.code == 0, done.err
    return tmp_path / "m.zip"


def lines(done: Done) -> list[list[str]]:
    return [line.split("\t") for line in done.out.splitlines()]


def test_from_one_library_to_another(run: Run, made: Path) -> None:
    shown = dict(line[:2] for line in lines(run("packs", "preview", str(made))))
    assert (shown["pack"], shown["new"]) == ("mail-desk 1.0.0", "mail/late")
    assert (shown["licence"], shown["signature"]) == ("none named", "not signed")
    done = run("packs", "install", str(made), "--sha256", shown["checksum"])
    assert done.out == "new\tmail/late@1\nmail-desk 1.0.0: 1 new\n"
    assert run("packs", "list").out == f"mail-desk\t1.0.0\t1\t{made}\n"
    assert lines(run("packs", "show", "mail-desk"))[-1] == ["same", "mail/late@1"]
    assert run("packs", "show", "mail-desk", "--json").code == 0
    rendered = run("prompts", "render", "mail/late", "--var", "name=Ann")
    assert rendered.out == "Tell Ann it is late.\n"
    assert run("packs", "update", "mail-desk").out.endswith("mail-desk 1.0.0: 1 unchanged\n")
    gone = run("packs", "uninstall", "mail-desk")
    assert gone.out == "removed\tmail/late\nmail-desk 1.0.0: 1 removed, 0 kept\n"
    assert run("prompts", "restore", "mail/late").code == 0


def test_what_you_changed_is_told(run: Run, made: Path) -> None:
    assert run("packs", "install", str(made), "--yes").code == 0
    assert run("packs", "verify", "mail-desk").code == 0
    assert run("prompts", "edit", "mail/late", "Mine.").code == 0
    verified = run("packs", "verify", "mail-desk")
    assert verified.code == 1
    assert lines(verified)[0] == ["changed", "mail/late@2", "the pack's is revision 1"]
    again = run("packs", "install", str(made), "--yes")
    assert lines(again)[0] == ["skipped", "mail/late", "you changed it"]
    assert "--conflict new-revision" in again.err
    kept = run("packs", "uninstall", "mail-desk", "--dry-run")
    assert lines(kept)[0] == ["kept", "mail/late", "you changed it (revision 2, the pack's is 1)"]
    assert kept.out.endswith("would be: mail-desk 1.0.0: 0 removed, 1 kept\n")
    revised = run("packs", "update", "mail-desk", "--conflict", "new-revision", "--json")
    assert json.loads(revised.out)["prompts"][0]["outcome"] == "revised"


def test_nothing_is_installed_unasked(run: Run, made: Path) -> None:
    refused = run("packs", "install", str(made))
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    assert "mail/late" in refused.err
    assert run("packs", "install", str(made), "--sha256", "0" * 64).code == 4
    assert run("packs", "install", str(made), "--sha256", "x").code == 2
    planned = run("packs", "install", str(made), "--dry-run")
    assert planned.out.endswith("would be: mail-desk 1.0.0: 1 new\n")
    assert run("prompts", "list").out == ""
    assert run("packs", "list").out == ""


def test_show_looks_into_what_is_not_installed(run: Run, made: Path) -> None:
    shown = run("packs", "show", str(made), "--texts")
    assert "Tell {{ name }} it is late." in shown.out
    missing = run("packs", "show", "mail-desk")
    assert (missing.code, "burnish packs list" in missing.err) == (3, True)
    assert run("packs", "show", "nowhere.zip").code == 3


def test_json_tells_all(run: Run, made: Path, tmp_path: Path) -> None:
    found = json.loads(run("packs", "preview", str(made), "--json").out)
    assert found["prompts"][0]["messages"][0]["content"] == "Tell {{ name }} it is late."
    report = json.loads(run("packs", "install", str(made), "--yes", "--json").out)
    assert report["checksum"] == found["checksum"]
    listed = json.loads(run("packs", "list", "--json").out)
    assert listed[0]["pack"]["checksum"] == found["checksum"]
    assert json.loads(run("packs", "verify", "mail-desk", "--json").out)["prompts"][0]["state"] == (
        "same"
    )
    built = run("packs", "build", "again", "--all", "--json")
    assert json.loads(built.out)["path"] == "again-1.0.0.zip"
    assert (tmp_path / "again-1.0.0.zip").exists()
    assert json.loads(run("packs", "uninstall", "mail-desk", "--json").out)["removed"]


def test_named_prompts_go_in_beside_those_of_a_folder(run: Run) -> None:
    for name in ("mail/late", "mail/thanks", "shared/tone", "shared/other"):
        assert run("prompts", "create", name, "Say it.").code == 0
    done = run("packs", "build", "desk", "--prompts", "mail/", "--prompt", "shared/tone")
    assert done.out.splitlines()[0] == "pack\tdesk 1.0.0, 3 prompts"
    done = run("packs", "build", "desk")
    assert done.code == 2
    assert all(f"--{word}" in done.err for word in ("all", "prompts", "prompt"))


def test_what_a_pack_may_not_include_is_named(run: Run, tmp_path: Path) -> None:
    assert run("prompts", "create", "mine/secret", "4711").code == 0
    text = MARKDOWN.replace("kindly.", '{% include "mine/secret@1" %}')
    source = str(folder(tmp_path / "s", pack({"a.md": text})))
    done = run("packs", "preview", source)
    assert (done.code, "cannot be installed" in done.err) == (0, True)
    assert "'mine/secret@1', a prompt of yours" in done.err
    done = run("packs", "install", source, "--yes")
    assert (done.code, done.out) == (2, "")
    assert "'mine/secret@1', a prompt of yours" in done.err


def test_a_new_key_says_what_others_do_with_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    done = run("packs", "keygen", "key")
    assert "trusted_keys in their own data folder" in f"{done.out}{done.err}"
    assert str(tmp_path / "home") not in done.err


def test_a_signed_pack(run: Run, tmp_path: Path) -> None:
    made = run("packs", "keygen", "key")
    key = made.out.split("\t")[1].strip()
    run("prompts", "create", "a", "Text.")
    (tmp_path / "about.txt").write_text("Read this first.")
    built = run(
        *("packs", "build", "s", "--all", "--sign", "key", "--readme", "about.txt"),
        *("--licence", "CC0-1.0", "--author", "Ann", "--author", "Bob", "--title", "Both"),
    )
    assert lines(built)[-1] == ["signed by", key]
    shown = dict(line[:2] for line in lines(run("packs", "preview", "s-1.0.0.zip")))
    assert shown["signature"] == f"signed by an unknown key, {key}"
    assert (shown["authors"], shown["licence"], shown["title"]) == ("Ann, Bob", "CC0-1.0", "Both")
    (tmp_path / "home" / "trusted_keys").mkdir()
    shutil.copy(tmp_path / "key.pub", tmp_path / "home" / "trusted_keys" / "ann.pub")
    shown = dict(line[:2] for line in lines(run("packs", "preview", "s-1.0.0.zip")))
    assert shown["signature"] == f"signed by ann (trusted), {key}"


def test_from_an_address(run: Run, made: Path) -> None:
    with http(lambda path: (200, {}, made.read_bytes())) as (base, _):
        assert run("packs", "install", f"{base}/m.zip", "--yes", "--prefix", "team").code == 0
    assert run("prompts", "list").out == "team/mail/late\t1\n"
    away = run("packs", "update", "mail-desk")
    assert (away.code, "cannot be reached" in away.err) == (5, True)
    refused = run("packs", "preview", "https://10.0.0.1/m.zip")
    assert (refused.code, "no public address" in refused.err) == (6, True)


def test_a_person_is_shown_the_pack_and_asked(tmp_path: Path) -> None:
    source = folder(tmp_path / "s", pack({"a.md": MARKDOWN}, title="Answers"))
    command = [*COMMAND[1:], "packs", "install", str(source)]
    for answer, code in (("n", 1), ("", 1), ("y", 0)):
        child: pexpect.spawn[str] = pexpect.spawn(
            COMMAND[0], command, encoding="utf-8", timeout=60, env=dict(os.environ)
        )
        child.expect("title: +Answers")
        child.expect("new +support/reply")
        child.expect(r"Install it\? \[y/N\] ")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code


def test_a_terminal_shows_tables(run: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert run("packs", "install", str(made), "--yes").code == 0
    for command in (
        ("preview", str(made)),
        ("preview", str(made), "--texts"),
        ("show", "mail-desk"),
        ("list",),
        ("verify", "mail-desk"),
        ("uninstall", "mail-desk"),
    ):
        shown = run("packs", *command)
        assert shown.code == 0
        assert "mail" in shown.out
        assert "\t" not in shown.out


def test_what_a_pack_says_cannot_move_a_terminals_cursor(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = MARKDOWN.replace("kindly", "\x1b[2Jkindly").replace("name:", 'description: "a"\nname:')
    source = folder(tmp_path / "s", pack({"a.md": text}))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for texts in ((), ("--texts",)):
        shown = run("packs", "preview", str(source), *texts)
        assert "\\x1b[2Jkindly" in shown.out
        assert "\x1b[2J" not in shown.out
