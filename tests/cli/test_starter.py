"""`burnish starter`: the ready prompts on the command line."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Run


@pytest.mark.spec("LIB-09")
def test_the_list_shows_name_intent_and_purpose(run: Run) -> None:
    lines = run("starter", "list").out.splitlines()
    assert len(lines) >= 100
    assert all(line.count("\t") == 2 for line in lines)
    planning = run("starter", "list", "--intent", "planning").out.splitlines()
    assert planning
    assert all("\tplanning\t" in line for line in planning)
    refused = run("starter", "list", "--category", "cooking")
    assert (refused.code, "use chat, code" in refused.err) == (2, True)


def test_one_is_shown_as_text_and_in_full_as_json(run: Run) -> None:
    text = run("starter", "show", "code/regex_from_examples").out
    assert "{{ purpose }}" in text
    shown = json.loads(run("starter", "show", "code/regex_from_examples", "--json").out)
    assert shown["tests"][0]["inputs"]["matching"]
    missing = run("starter", "show", "regex_from_examples")
    assert missing.code == 3
    assert "did you mean 'code/regex_from_examples'" in missing.err


def test_installed_prompts_can_be_rendered_and_stay_yours(run: Run) -> None:
    assert run("starter", "install", "plan/trip", "code/sql_query").code == 0
    again = run("starter", "install", "plan/trip")
    assert again.out == "unchanged\tplan/trip@1\n"
    listed = run("prompts", "list", "--category", "code")
    assert listed.out == "code/sql_query\t1\n"
    rendered = run(
        "prompts",
        "render",
        "code/sql_query",
        "--var",
        "question=How many orders?",
        "--var",
        "schema=orders(id int)",
    )
    assert "Question: How many orders?" in rendered.out
    assert run("prompts", "edit", "plan/trip", "Plan my trip to {{ place }}.").code == 0
    kept = run("starter", "install", "plan/trip")
    assert kept.out == "skipped\tplan/trip@2\n"
    assert "--conflict new-revision" in kept.err
    revised = run("starter", "install", "plan/trip", "--conflict", "new-revision", "--json")
    assert json.loads(revised.out)["revised"] == 1


def test_a_category_goes_into_a_folder(run: Run) -> None:
    done = run("starter", "install", "--category", "hiring", "--prefix", "team")
    assert done.code == 0
    assert "new\tteam/hiring/job_ad@1" in done.out.splitlines()
    assert run("starter", "install").code == 2
    assert run("starter", "install", "--all", "--category", "hiring").code == 2
