"""Prompts that include others, on the command line."""

import json
from typing import Any

import pytest

from .conftest import Run
from .test_compose import valid

MAIL = 'Tell {{ name }} that it is late.\n{% include "shared/tone@production" %}'


@pytest.fixture
def toned(run: Run) -> Run:
    run("prompts", "create", "shared/tone", "Be {{ mood }}.")
    run("prompts", "label", "shared/tone", "production", "1")
    assert run("prompts", "create", "mail/late", MAIL).code == 0
    return run


def test_an_include_is_shown_as_it_stands_and_expanded_on_request(toned: Run) -> None:
    assert toned("prompts", "show", "mail/late").out == f"{MAIL}\n"
    expanded = toned("prompts", "show", "mail/late", "--expand").out
    assert expanded == "Tell {{ name }} that it is late.\nBe {{ mood }}.\n"
    found = valid("prompts-expand", toned("prompts", "show", "mail/late", "--expand", "--json").out)
    assert [each["name"] for each in found["version"]["variables"]] == ["name", "mood"]
    assert found["includes"] == [{"asked": "shared/tone@production", "reference": "shared/tone@1"}]


def test_rendering_and_running_take_the_values_of_what_is_included(toned: Run) -> None:
    toned("prompts", "edit", "shared/tone", "Be {{ level }} of 5.", "--type", "level=number")
    toned("prompts", "label", "shared/tone", "production", "2")
    values = ("--var", "name=Ann", "--var", "level=4")
    made = valid("prompts-render", toned("prompts", "render", "mail/late", *values, "--json").out)
    assert made["messages"][0]["content"] == "Tell Ann that it is late.\nBe 4 of 5."
    assert made["includes"][0]["reference"] == "shared/tone@2"
    ran = toned("prompts", "run", "mail/late", *values, "--model", "fake:echo")
    assert ran.out == "Tell Ann that it is late.\nBe 4 of 5.\n"
    missing = toned("prompts", "render", "mail/late", "--var", "name=Ann")
    assert (missing.code, "'level' is missing" in missing.err) == (2, True)


@pytest.mark.spec("LIB-18")
def test_history_shows_what_was_asked_for_and_what_that_is_now(toned: Run) -> None:
    toned("prompts", "edit", "mail/late", MAIL.replace("@production", "@1"))
    toned("prompts", "edit", "shared/tone", "Be brief.")
    toned("prompts", "label", "shared/tone", "production", "2")
    rows = [line.split("\t") for line in toned("prompts", "history", "mail/late").out.splitlines()]
    assert [row[4] for row in rows] == [
        "includes shared/tone@1",
        "includes shared/tone@production (now shared/tone@2)",
    ]
    found = valid("prompts-history", toned("prompts", "history", "mail/late", "--json").out)
    assert [entry["includes"] for entry in found] == [
        [{"asked": "shared/tone@1", "reference": "shared/tone@1"}],
        [{"asked": "shared/tone@production", "reference": "shared/tone@2"}],
    ]
    assert toned("prompts", "render", "mail/late@2", "--var", "name=A", "--var", "mood=x").out == (
        "Tell A that it is late.\nBe x.\n"
    )


@pytest.mark.spec("LIB-19")
def test_the_graph_names_each_way_in_which_prompts_belong_together(toned: Run) -> None:
    toned("prompts", "copy", "mail/late", "mail/copy")
    toned("prompts", "create", "mail/twin", MAIL.replace("{{ name }}", "{{ who }}"))
    shown = toned("prompts", "graph", "mail/late").out
    assert "includes shared/tone@1 (as shared/tone@production)" in shown
    assert "mail/copy@1 is a copy of it" in shown
    assert "is like mail/twin@1 (" in shown
    assert "by wording, measured now)" in shown
    tone = toned("prompts", "show", "shared/tone", "--graph").out
    assert "mail/late@1 includes it (as shared/tone@production)" in tone
    edges = valid("prompts-graph", toned("prompts", "graph", "mail/late", "--json").out)["edges"]
    assert {edge["kind"] for edge in edges} == {"derived", "included", "similar"}
    (like,) = (edge for edge in edges if edge["kind"] == "similar")
    assert 0.6 <= like["score"] <= 1


def test_a_prompt_that_others_include_is_deleted_only_by_force(toned: Run) -> None:
    refused = toned("prompts", "delete", "shared/tone")
    assert (refused.code, refused.out) == (4, "")
    assert "is included by mail/late" in refused.err
    tidied = toned("prompts", "tidy", "--days", "0.0000001", "--archive", "--yes", "--json").out
    assert [each["name"] for each in json.loads(tidied)["prompts"]] == ["mail/late"]
    toned("prompts", "restore", "mail/late")
    assert toned("prompts", "delete", "shared/tone", "--force").code == 0
    broken = toned("prompts", "render", "mail/late", "--var", "name=A", "--var", "mood=x")
    assert (broken.code, broken.out) == (3, "")
    assert "mail/late@1 includes 'shared/tone@production', but there is no prompt" in broken.err
    assert "(which is not there)" in toned("prompts", "graph", "mail/late").out


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ('{% include "shared/tone" %}', 2, "pin it"),
        ("{% include mood %}", 2, "no plain name in quotes"),
        ('{% include "shared/tune@1" %}', 3, "did you mean 'shared/tone'"),
        ('{% include "mail/x@latest" %}', 2, "in a circle"),
    ],
)
def test_what_cannot_be_included_is_said_when_it_is_saved(
    toned: Run, text: str, code: int, told: str
) -> None:
    done = toned("prompts", "create", "mail/x", text)
    assert (done.code, done.out) == (code, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_branches_merges_lines_and_requests_have_published_schemas(
    toned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(schema: str, *arguments: str) -> Any:
        return valid(schema, toned("prompts", *arguments, "--json").out)

    found("prompts-branch", "branch", "mail/late", "try")
    toned("prompts", "edit", "mail/late", "Mine", "--branch", "try")
    toned("prompts", "edit", "mail/late", "Yours")
    assert len(found("prompts-branches", "branch", "mail/late")) == 2
    plan = found("prompts-merge-plan", "merge", "mail/late", "try", "--dry-run")
    assert (plan["text"], len(plan["conflicts"])) == (None, 1)
    found("prompts-save", "merge", "mail/late", "try", "--ours")
    assert found("prompts-blame", "blame", "mail/late")[0]["text"] == "Yours"
    found("prompts-graph", "graph", "mail/late")
    found("prompts-label", "label", "mail/late", "staging", "1")
    monkeypatch.setenv("BURNISH_LIBRARY__PROTECTED_LABELS", "live")
    toned("prompts", "label", "mail/late", "live", "3", "--ask", "--by", "ann")
    (request,) = found("prompts-requests", "approve")
    found("prompts-label", "approve", request["id"], "--by", "bob")
