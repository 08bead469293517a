"""burnish scorers: a list, and one with its parameters and an example."""

from __future__ import annotations

import json

from tests.cli.conftest import Run

import burnish


def test_the_list_has_each_scorer_on_a_line(run: Run) -> None:
    lines = run("scorers").out.splitlines()
    with burnish.open() as p:
        assert [line.split("\t")[0] for line in lines] == list(p.scorers.names())
    listed = json.loads(run("scorers", "--json").out)
    assert [each["name"] for each in listed] == [line.split("\t")[0] for line in lines]


def test_one_is_shown_with_parameters_and_an_example_that_works(run: Run) -> None:
    shown = run("scorers", "numeric").out
    assert "tolerance (number, 0.0): How far the number may be off." in shown
    assert 'example:\n  {"name":"numeric","value":72,"parameters":{"relative":0.01}}' in shown
    assert "also called: llm-rubric" in run("scorers", "llm-rubric").out
    failed = run("scorers", "numerik")
    assert failed.code == 2
    assert "did you mean numeric?" in failed.err


def test_examples_of_all_scorers_can_be_made() -> None:
    with burnish.open() as p:
        named = {each.name for each in p.scorers.list()}
        assert {"exact", "contains", "regex", "json-schema", "similar", "rubric"} <= named
        for each in p.scorers.list():
            if not each.asks_model:
                assert p.scorers.make(each.example).spec == each.example
