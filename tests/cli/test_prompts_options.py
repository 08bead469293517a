"""--config and --type of `prompts create` and `prompts edit`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Run

TEXT = "Write {{ number }} lines about {{ topic }}."


def version(run: Run, reference: str = "a") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("prompts", "show", reference, "--json").out)
    return found["version"]


def types(run: Run) -> dict[str, str]:
    return {each["name"]: each["type"] for each in version(run)["variables"]}


def test_create_stores_config_and_types(run: Run) -> None:
    options = ("--config", "temperature=0.2", "--config", "model=openai:gpt-5-mini")
    done = run("prompts", "create", "a", TEXT, *options, "--type", "number=number")
    assert (done.code, done.out) == (0, "a@1 created\n")
    assert version(run)["config"] == {"temperature": 0.2, "model": "openai:gpt-5-mini"}
    assert types(run) == {"number": "number", "topic": "string"}
    assert run("prompts", "render", "a", "--var", "number=x", "--var", "topic=y").code == 2


def test_edit_sets_and_removes_without_a_new_text(run: Run) -> None:
    run("prompts", "create", "a", TEXT, "--config", "temperature=0.2", "--config", "team=ops")
    done = run("prompts", "edit", "a", "--config", "temperature=", "--config", "max_tokens=90")
    assert done.out == "a@2 revised\n"
    assert version(run)["config"] == {"team": "ops", "max_tokens": 90}
    assert version(run)["messages"][0]["content"] == TEXT
    assert run("prompts", "edit", "a", "--type", "topic=list").out == "a@3 revised\n"
    assert types(run) == {"number": "string", "topic": "list"}
    assert version(run)["config"] == {"team": "ops", "max_tokens": 90}


def test_types_outlast_a_new_text(run: Run) -> None:
    run("prompts", "create", "a", TEXT, "--type", "number=number")
    run("prompts", "edit", "a", "About {{ topic }}: {{ number }} {{ more }}", "--type", "more=list")
    assert types(run) == {"number": "number", "topic": "string", "more": "list"}
    run("prompts", "create", "a", "Only {{ number }} and {{ more }}.", "--type", "more=object")
    assert types(run) == {"number": "number", "more": "object"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--config", "temperature=hot"), "it takes a number from 0 to 2"),
        (("--config", "min_lenght=5"), "did you mean 'min_length'?"),
        (("--config", "model"), "write --config temperature=0.2"),
        (("--config", "team="), "the config has no 'team'"),
        (("--type", "number=int"), "use string, number, boolean, list, object"),
        (("--type", "nubmer=number"), "it has number, topic"),
        (("--type", "number"), "write --type name=number"),
    ],
)
def test_what_is_wrong_is_said(run: Run, options: tuple[str, str], told: str) -> None:
    run("prompts", "create", "a", TEXT)
    for command in (("create", "b", TEXT), ("edit", "a")):
        done = run("prompts", *command, *options)
        assert done.code == 2
        assert told in done.err
    assert version(run)["revision"] == 1


def test_a_terminal_shows_the_config(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("prompts", "create", "a", TEXT, "--config", "temperature=0.2", "--config", "team=ops")
    assert run("prompts", "show", "a").out == f"{TEXT}\n"
    monkeypatch.setattr("burnish.cli.prompts.on_terminal", lambda: True)
    shown = run("prompts", "show", "a").out
    assert "temperature" in shown
    assert "0.2" in shown
    assert '"ops"' in shown
