"""What every command promises: codes, pipes, JSON, help, completion, cheap start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest

from burnish.cli.main import build

from .conftest import COMMAND, Run

IDEA = "explain recursion to a 10 year old"
COMMANDS = [
    ["generate"], ["enhance"], ["analyze"], ["techniques"], ["personas"], ["version"], ["doctor"],
    *(["prompts", name] for name in ("list", "show", "create", "edit", "render", "history", "diff", "label", "rollback", "delete", "restore")),
    *(["config", name] for name in ("show", "validate", "init")),
]  # fmt: skip


@pytest.mark.spec("CLI-05")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["version"], 0, ""),
        (["prompts", "show", "nothing/here"], 3, "nothing/here"),
        (["generate", "x"], 2, "too short"),
        (["frobnicate"], 2, "Unknown command"),
        (["generat", IDEA], 2, "generate"),
        (["generate", IDEA, "--persna", "x"], 2, "--persona"),
        (["generate", IDEA, "--count", "many"], 2, "many"),
        (["enhance", IDEA, "-t", "no_such"], 3, "no_such"),
        (["prompts", "restore", "gone"], 3, "gone"),
        (["prompts", "create", "bad|name", "text"], 2, "bad|name"),
    ],
)
def test_exit_codes_and_one_line_errors(
    run: Run, arguments: list[str], code: int, says: str
) -> None:
    done = run(*arguments)
    assert done.code == code
    if code:
        assert not done.out
        assert done.err.startswith("burnish: ")
        assert done.err.count("\n") == 1
        assert says in done.err


@pytest.mark.spec("CLI-05")
def test_a_conflict_is_four_and_json_errors_have_one_shape(run: Run) -> None:
    assert run("config", "init").code == 0
    done = run("config", "init", "--json")
    assert done.code == 4
    error = json.loads(done.err.splitlines()[-1])["error"]
    assert error["code"] == "conflict"
    assert set(error) == {"code", "message", "hint", "subject"}


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_every_command_says_what_it_does_with_an_example(
    run: Run, command: list[str]
) -> None:
    out = run(*command, "--help").out
    assert f"Usage: burnish {' '.join(command)}" in out
    assert "--json" in out
    assert "Example: burnish" in " ".join(out.split())


@pytest.mark.spec("CLI-01")
def test_every_command_has_json_and_reads_stdin_where_it_takes_a_text(spawn: Run) -> None:
    for command in (["generate"], ["enhance"], ["analyze"], ["prompts", "create", "from/stdin"]):
        assert json.loads(spawn(*command, "--json", stdin=IDEA).out)
        assert spawn(*command, "-", stdin=IDEA).code == 0
    for command in (
        ["techniques"], ["techniques", "few_shot"], ["personas"], ["version"], ["doctor"],
        ["prompts", "list"], ["prompts", "show", "from/stdin"], ["prompts", "history", "from/stdin"],
        ["prompts", "diff", "from/stdin@1", "from/stdin@1"], ["prompts", "label", "from/stdin"],
        ["prompts", "render", "from/stdin"], ["config", "show"], ["config", "validate"],
    ):  # fmt: skip
        done = spawn(*command, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out) is not None


@pytest.mark.spec("CLI-05")
def test_pipes_are_quiet_plain_and_stable(spawn: Run) -> None:
    once, again = spawn("generate", IDEA), spawn("generate", IDEA)
    assert once.out == again.out
    assert not once.err
    assert "\x1b" not in once.out
    assert spawn("prompts", "list", FORCE_COLOR="1").out.count("\t")


@pytest.mark.spec("CLI-05")
def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    shell = f"{' '.join(map(_quoted, COMMAND))} techniques | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def _quoted(word: str) -> str:
    return f"'{word}'"


@pytest.mark.spec("CLI-05")
def test_completion_scripts_name_the_commands(run: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "rollback" in run("completion", "show", shell).out


@pytest.mark.spec("CLI-05")
def test_a_hyphen_reads_standard_input_wherever_a_file_is_named(spawn: Run) -> None:
    assert spawn("prompts", "create", "a", "--file", "-", stdin="Hi {{ x }}\n").code == 0
    assert spawn("prompts", "render", "a", "--var", "x=-", stdin="Ana\n").out.strip() == "Hi Ana"
    beside = spawn("analyze", "fix this please", "--context", "-", "--json", stdin="def f(): pass")
    assert json.loads(beside.out)["intent"] == "code_generation"
    assert spawn("prompts", "create", "a", "Ho", "-m", "-").code == 0
    history = json.loads(spawn("prompts", "history", "a", "--json").out)
    assert history[0]["version"]["message"] == "-"


@pytest.mark.parametrize(
    "arguments",
    [
        ["prompts", "rollback", "a", "9" * 20],
        ["prompts", "label", "a", "production", "9" * 20],
        ["prompts", "label", "a", "--remove"],
        ["prompts", "history", "a", "--limit", "0"],
        ["prompts", "edit", "a", "--editor", "--no-input"],
        ["config", "show", "--home", "~nobody-of-that-name/x"],
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run: Run, arguments: list[str]) -> None:
    run("prompts", "create", "a", "one")
    done = run(*arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generat", "x"], "did you mean generate?"),
        (["frobnicate"], "see burnish --help"),
        (["prompts", "lable"], "did you mean label?"),
        (["generate", "write", "an", "email"], "in quotes"),
    ],
)
def test_mistyped_commands_are_told_the_right_ones(
    run: Run, arguments: list[str], says: str
) -> None:
    done = run(*arguments)
    assert (done.code, says in done.err) == (2, True), done.err


def test_a_file_in_place_of_the_data_folder_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    done = run("config", "init", "--home", str(tmp_path / "taken"))
    assert (done.code, "taken" in done.err) == (2, True)


def test_errors_as_json_hold_no_control_characters(run: Run) -> None:
    done = run("prompts", "show", "no/\u009b31m", "--json")
    assert "\u009b" not in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_installing_completion_changes_no_startup_file(
    run: Run, tmp_path: Path, shell: str
) -> None:
    home = tmp_path / "user"
    home.mkdir()
    for name in (".bashrc", ".zshrc"):
        (home / name).write_text("# mine\n", encoding="utf-8")
    done = run("completion", "install", shell)
    assert done.code == 0, done.err
    written = Path(done.out.splitlines()[0].removeprefix("wrote "))
    assert written.is_relative_to(home)
    assert "rollback" in written.read_text(encoding="utf-8")
    assert [(home / name).read_text() for name in (".bashrc", ".zshrc")] == ["# mine\n"] * 2


def test_without_a_terminal_and_arguments_there_is_help(spawn: Run) -> None:
    done = spawn()
    assert done.code == 0
    assert "Usage: burnish COMMAND" in done.out


def loaded(*arguments: str) -> set[str]:
    code = (
        "import sys; from burnish.cli.main import main; "
        f"main({list(arguments)!r}); print(*sorted({{m.split('.')[0] for m in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_version_and_help_load_no_library() -> None:
    heavy = {
        "msgspec",
        "sqlalchemy",
        "numpy",
        "yaml",
        "minijinja",
        "alembic",
        "py3langid",
        "onnxruntime",
        "aiosqlite",
    }
    for flag in ("--version", "--help"):
        assert not loaded(flag) & (heavy | {"cyclopts", "rich"})
    assert not loaded("prompts", "show", "--help") & heavy


def test_enhance_does_not_open_the_store() -> None:
    assert not loaded("enhance", IDEA) & {"sqlalchemy", "aiosqlite", "alembic"}


@pytest.mark.spec("CFG-01")
def test_config_show_prints_value_and_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_RENDER__TIME_S", "1.5")
    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").out)}
    assert rows["render.time_s"] == {
        "key": "render.time_s",
        "value": 1.5,
        "source": "env BURNISH_RENDER__TIME_S",
    }
    assert rows["cache.prompts"]["source"] == "default"
    assert "render.time_s\t1.5\tenv BURNISH_RENDER__TIME_S" in run("config", "show").out


@pytest.mark.spec("CFG-02")
def test_a_wrong_setting_names_the_nearest_right_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "burnish.yaml").write_text("generation:\n  persna: code\n")
    done = run("config", "validate")
    assert done.code == 2
    assert "did you mean generation.persona" in done.err


def test_config_init_writes_a_file_that_is_valid_and_changes_nothing(run: Run) -> None:
    before = run("config", "show").out
    assert run("config", "init", "--here").code == 0
    assert run("config", "validate").code == 0
    assert run("config", "show").out == before


def test_doctor_finds_a_broken_store(run: Run, tmp_path: Path) -> None:
    assert run("doctor").code == 0
    (tmp_path / "home" / "burnish.sqlite").write_text("this is no database at all, only text" * 50)
    done = run("doctor")
    assert done.code == 1
    assert "!! " in done.out


@pytest.mark.spec("TEC-01", "TEC-02")
def test_techniques_are_listed_filtered_and_switched_off(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = json.loads(run("techniques", "--json").out)
    assert len(everything) >= 40
    some = json.loads(
        run("techniques", "--category", "reasoning", "--intent", "planning", "--json").out
    )
    assert some
    assert all(t["category"] == "reasoning" for t in some)
    assert all({"planning", "all"} & set(t["suits"]) for t in some)
    assert run("techniques", "--category", "raesoning").code == 2
    assert "known harm" in run("techniques", "zero_shot_cot").out
    monkeypatch.setenv("BURNISH_TECHNIQUES__DISABLED", "few_shot")
    assert "\nfew_shot\t" not in run("techniques").out
    assert "\nfew_shot\t" in run("techniques", "--all").out


@pytest.mark.spec("LIB-10", "LIB-11")
def test_list_pages_filters_and_tops(run: Run) -> None:
    for name in ("a", "b", "c"):
        run("prompts", "create", f"x/{name}", f"text {name}", "--category", "x", "--tag", "t")
    run("prompts", "create", "y/d", "text d", "--category", "y")
    for _ in range(2):
        run("prompts", "render", "x/b")
    assert run("prompts", "list", "--category", "x").out.splitlines()[0].startswith("x/b")
    first = json.loads(run("prompts", "list", "--limit", "3", "--json").out)
    rest = json.loads(
        run("prompts", "list", "--limit", "3", "--cursor", first["next"], "--json").out
    )
    names = [p["name"] for p in first["items"] + rest["items"]]
    assert names == ["x/b", "x/a", "x/c", "y/d"]
    top = json.loads(run("prompts", "list", "--category", "x", "--top", "2", "--json").out)
    assert [p["name"] for p in top["items"]] == ["x/b", "x/a"]


@pytest.mark.spec("LIB-02", "LIB-03")
def test_create_edit_and_render_with_values_of_all_kinds(
    run: Run, spawn: Run, tmp_path: Path
) -> None:
    run(
        "prompts",
        "create",
        "mail/late",
        "Dear {{ name }}: {{ items }}",
        "--category",
        "mail",
        "--tag",
        "a",
        "--description",
        "Late",
    )
    shown = json.loads(run("prompts", "show", "mail/late", "--json").out)["prompt"]
    assert (shown["category"], shown["tags"], shown["description"]) == ("mail", ["a"], "Late")
    values = tmp_path / "values.json"
    values.write_text('{"name": "Ana", "items": "two"}')
    assert run("prompts", "render", "mail/late", "--vars", str(values)).out == "Dear Ana: two\n"
    assert (
        run("prompts", "render", "mail/late", "--vars", str(values), "--var", "name=Bo").out
        == "Dear Bo: two\n"
    )
    piped = spawn(
        "prompts", "render", "mail/late", "--var", "name=@@x", "--var", "items=-", stdin="a\nb\n"
    )
    assert piped.out == "Dear @x: a\nb\n"
    missing = run("prompts", "render", "mail/late", "--var", "name=x")
    assert "'items' is missing; give a string" in missing.err
    assert "unchanged" in run("prompts", "edit", "mail/late", "Dear {{ name }}: {{ items }}").out
    assert "@2 revised" in run("prompts", "edit", "mail/late", "Hi {{ name }}", "-m", "shorter").out
    assert "no new revision" in run("prompts", "edit", "mail/late", "--category", "post").out


@pytest.mark.spec("VER-05")
def test_labels_move_are_logged_and_can_go(run: Run) -> None:
    run("prompts", "create", "p", "one")
    run("prompts", "create", "p", "two")
    run("prompts", "label", "p", "production", "1", "-m", "first")
    assert run("prompts", "show", "p").out == "one\n"
    run("prompts", "label", "p", "production", "2", "-m", "better")
    assert run("prompts", "show", "p").out == "two\n"
    log = json.loads(run("prompts", "label", "p", "--log", "--json").out)
    assert [(m["from_revision"], m["to_revision"], m["why"]) for m in log] == [
        (1, 2, "better"),
        (None, 1, "first"),
    ]
    assert run("prompts", "label", "p", "production", "--remove").code == 0
    assert run("prompts", "label", "p", "latest", "1").code == 2
    assert run("prompts", "label", "p", "Not OK", "1").code == 2
    assert run("prompts", "label", "p", "staging").code == 2


@pytest.mark.spec("CLI-02")
def test_alone_on_a_terminal_a_guided_session_opens(tmp_path: Path) -> None:
    child = cast("Any", pexpect).spawn(
        COMMAND[0], COMMAND[1:], timeout=30, encoding="utf-8", dimensions=(50, 80)
    )
    child.expect("What should the prompt do")
    child.sendline("summarise support tickets for my boss")
    child.expect("Read as")
    child.expect("Variables")
    child.expect("Next")
    child.sendline("9")
    child.expect("one of the keys")
    child.sendline("7")
    child.expect("Model")
    child.sendline("opnai:x")
    child.expect("did you mean")
    child.expect("Model")
    child.sendline("offline")
    child.expect("Next")
    child.sendline("2")
    child.expect("family")
    child.sendline("claude")
    child.expect("<task>")
    child.expect("Next")
    child.sendline("3")
    child.expect("Persona")
    child.sendline("nobody")
    child.expect("no persona")
    child.expect("Persona")
    child.sendline("")
    child.expect("Next")
    child.sendline("1")
    child.expect("<task>")
    child.expect("Next")
    child.sendline("5")
    child.expect("required|string")
    child.sendline("")
    child.expect("has to be given")
    child.sendline("the tickets of this week")
    child.expect("the tickets of this week")
    for _ in range(20):
        if child.expect(["Next", r"\) \[[^]]*\] > "]) == 0:
            break
        child.sendline("")
    child.sendline("4")
    child.expect("Name")
    child.sendline("team/tickets")
    child.expect("team/tickets@1")
    child.expect("Next")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


@pytest.mark.spec("CLI-02")
def test_the_session_ends_cleanly_on_ctrl_d(tmp_path: Path) -> None:
    child = cast("Any", pexpect).spawn(COMMAND[0], COMMAND[1:], timeout=30, encoding="utf-8")
    child.expect("What should the prompt do")
    child.sendeof()
    child.expect("Bye")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_no_command_is_registered_twice_or_without_help() -> None:
    assert build().name == ("burnish",)
