"""analyze, enhance, generate on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from burnish.generation.naming import name_for

from .conftest import Run

IDEA = "summarize this article in 5 bullets for my boss"
SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def valid(name: str, text: str) -> Any:
    found = json.loads(text)
    jsonschema.validate(found, json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))
    return found


@pytest.mark.spec("GEN-01", "GEN-21")
def test_generate_prints_a_prompt_with_a_variable_and_stores_it(spawn: Run) -> None:
    done = spawn("generate", "summarise support tickets")
    assert done.code == 0
    assert re.search(r"\{\{ \w+ \}\}", done.out)
    assert not done.err
    assert "summarise-support-tickets" in spawn("prompts", "list").out


@pytest.mark.spec("GEN-03", "GEN-04")
def test_generate_json_follows_the_published_schema_with_every_field_filled(run: Run) -> None:
    made = valid("generate", run("generate", IDEA, "--json").out)
    assert made["description"]
    assert len(made["best_practices"]) == 3
    assert made["example_usage"].startswith("burnish prompts render ")
    variables = made["candidates"][0]["variables"]
    assert {v["name"] for v in variables} == {"article"}
    assert all(v["type"] and v["required"] is True and v["example"] for v in variables)


@pytest.mark.spec("GEN-05", "VER-02", "VER-03", "VER-06", "LIB-01", "LIB-06", "CLI-01")
def test_the_whole_journey(run: Run, tmp_path: Path) -> None:
    idea = "turn our messy meeting notes into action items for engineers, in German"
    first = run("generate", idea, "--name", "ops/actions").out
    second = run("generate", idea, "--name", "ops/actions", "--target", "claude").out
    history = run("prompts", "history", "ops/actions", "--texts").out
    assert first.strip() in history
    assert second.split("[user]")[-1].strip() in history
    listed = json.loads(run("prompts", "history", "ops/actions", "--json").out)
    assert [entry["version"]["revision"] for entry in listed] == [2, 1]
    assert all(entry["version"]["author"] and entry["version"]["message"] for entry in listed)
    changed = run("prompts", "diff", "ops/actions@1", "ops/actions@2").out
    assert "[-## Task" in changed
    assert "{+" in changed
    assert 'about family: "generic" → "claude"' in changed

    notes = tmp_path / "notes.txt"
    notes.write_text("- Ana fixes the login by Friday\n")
    assert run("prompts", "label", "ops/actions", "production", "2", "-m", "better").code == 0
    rendered = run("prompts", "render", "ops/actions", "--var", f"notes=@{notes}")
    assert "<notes>\n- Ana fixes the login by Friday\n</notes>" in rendered.out
    assert "<task>" in rendered.out

    assert "revision 1" in run("prompts", "rollback", "ops/actions", "1").out
    restored = run("prompts", "render", "ops/actions", "--var", f"notes=@{notes}").out
    assert "## Task" in restored
    assert "better" in run("prompts", "label", "ops/actions", "--log").out

    assert run("prompts", "delete", "ops/actions").code == 0
    assert run("prompts", "show", "ops/actions").code == 3
    assert run("prompts", "restore", "ops/actions").code == 0
    assert run("prompts", "show", "ops/actions@1").out == first


@pytest.mark.spec("GEN-06", "GEN-08")
def test_show_phases_prints_each_with_model_temperature_tokens_and_parent(run: Run) -> None:
    out = run("generate", IDEA, "--show-phases").out
    heads = [line for line in out.splitlines() if line.startswith("--- ")]
    assert [head.split()[1] for head in heads] == ["explore:", "draft:", "refine:"]
    assert all("model offline, temperature none," in head and "tokens" in head for head in heads)
    assert "parent none" in heads[0]
    assert "parent none" not in heads[1] + heads[2]
    two = run("generate", IDEA, "--show-phases", "--phases", "draft,refine").out
    assert two.count("\n--- ") + two.startswith("--- ") == 2


@pytest.mark.spec("GEN-09")
def test_count_is_bounded_with_a_clear_message(run: Run) -> None:
    made = json.loads(run("generate", IDEA, "--count", "5", "--json").out)
    assert len({candidate["text"] for candidate in made["candidates"]}) == 5
    for count in ("0", "101"):
        refused = run("generate", IDEA, "--count", count)
        assert refused.code == 2
        assert "ask for 1 to 100" in refused.err


@pytest.mark.spec("GEN-13", "GEN-14")
def test_personas_are_listed_with_a_purpose_and_change_the_output(run: Run, tmp_path: Path) -> None:
    listed = run("personas").out
    assert len([line for line in listed.splitlines() if "\t" in line]) >= 4
    assert run("generate", IDEA, "--persona", "writing").out != run("generate", IDEA).out
    folder = tmp_path / "home" / "personas"
    folder.mkdir(parents=True)
    (folder / "calm.yaml").write_text("name: calm\npurpose: Slow\nsystem: You are calm.\n")
    assert "calm\tSlow" in run("personas").out
    assert "You are calm." in run("generate", IDEA, "--persona", "calm").out
    assert "system: You are calm." in run("personas", "calm").out


@pytest.mark.spec("GEN-15")
def test_targets_change_the_structure_and_nothing_inside(run: Run) -> None:
    text = "Explain `x = {1: 2}` and\n\n```py\nprint({'a': 1})\n```\nto {{ reader }}."
    for target, mark in (("claude", "<task>"), ("gpt", "# Task"), ("gemini", "**Task**")):
        out = run("enhance", text, "--target", target).out
        assert mark in out
        assert text in out
    assert run("enhance", text, "--target", "nobody-knows").code == 2


@pytest.mark.spec("GEN-19")
def test_variations_come_with_different_technique_sets(run: Run) -> None:
    made = json.loads(
        run("enhance", "Compare two laptops for me.", "--variations", "3", "--json").out
    )
    sets = [frozenset(t["technique"] for t in c["techniques"]) for c in made["candidates"]]
    assert len(set(sets)) == 3
    assert run("enhance", "Compare two laptops for me.", "--variations", "3").out.count("=== ") == 3


@pytest.mark.spec("TEC-08", "TEC-09", "TEC-11")
def test_a_chosen_technique_is_recorded_and_explained(run: Run) -> None:
    text = "Sort these support tickets by urgency."
    made = json.loads(run("enhance", text, "-t", "few_shot", "-t", "delimiters", "--json").out)
    best = made["candidates"][0]
    assert {t["technique"]: t["source"] for t in best["techniques"]}["few_shot"] == "chosen"
    assert [step["order"] for step in best["applied"]] == list(range(1, len(best["applied"]) + 1))
    assert all("duration_ms" in step and "added" in step for step in best["applied"])
    explained = run("enhance", text, "-t", "few_shot", "--explain").out
    assert "You chose it." in explained
    assert "Expected improvement: no data" in explained
    assert run("enhance", text, "-t", "few_shots").code == 3


@pytest.mark.spec("INT-01", "INT-06")
def test_analyze_prints_intent_confidence_and_alternatives(run: Run) -> None:
    lines = dict(
        line.split(": ", 1)
        for line in run("analyze", "translate this letter to French").out.splitlines()
    )
    assert lines["intent"].split()[0] == "translation"
    assert 0 < float(lines["intent"].split()[1]) <= 1
    assert lines["also"]
    found = valid("analyze", run("analyze", "translate this letter to French", "--json").out)
    chosen = json.loads(
        run("techniques", "--select", "translate this letter to French", "--json").out
    )
    assert found["suggested_techniques"] == [t["technique"] for t in chosen["recommendations"]]


@pytest.mark.spec("INT-03")
def test_a_file_beside_the_text_is_read_as_context(run: Run, tmp_path: Path) -> None:
    code = tmp_path / "orders.py"
    code.write_text("def total(rows):\n    return sum(r.price for r in rows)\n")
    found = json.loads(run("analyze", "make this faster", "--context", str(code), "--json").out)
    assert found["intent"] == "code_generation"
    assert "return sum(r.price" in run("generate", "make this faster", "--context", str(code)).out
    assert run("analyze", "make this faster", "--context", str(tmp_path / "none.py")).code == 2


@pytest.mark.spec("SEC-02")
def test_too_short_too_long_and_broken_texts_are_refused(spawn: Run) -> None:
    assert "too short" in spawn("generate", "abc").err
    assert spawn("generate", stdin=b"\xff\xfe\x00bad").code == 2
    assert "UTF-8" in spawn("generate", stdin=b"\xff\xfebad text").err
    long = spawn("generate", "-", stdin="word " * 60_000)
    assert long.code == 2
    assert "200,000" in long.err
    stored = spawn("enhance", "-", stdin='it\'s "quoted"; DROP TABLE prompts; --', LC_ALL="C.UTF-8")
    assert 'it\'s "quoted"; DROP TABLE prompts; --' in stored.out


def test_a_pipe_gets_the_prompt_alone_and_doubts_go_to_stderr(run: Run) -> None:
    done = run("generate", "qwrtplk sdfgh")
    assert done.code == 0
    assert "not understood" in done.err
    assert "not understood" not in done.out


def test_a_text_and_a_file_are_not_both_taken(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.txt"
    file.write_text("other")
    assert run("prompts", "create", "a/b", "text").code == 0
    refused = run("prompts", "edit", "a/b", "new", "--file", str(file))
    assert refused.code == 2
    assert "leave one of them out" in refused.err


def test_an_error_under_json_is_one_json_line(run: Run) -> None:
    done = run("prompts", "show", "nobody", "--json")
    assert json.loads(done.err)["error"]["code"] == "not_found"


def test_a_prompt_is_in_the_category_of_its_folder(run: Run) -> None:
    run("generate", IDEA, "--name", "travel/lisbon")
    assert run("prompts", "list", "--category", "travel").out.startswith("travel/lisbon")


def test_every_line_of_a_new_settings_file_can_be_set_alone(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "own"
    assert run("config", "init", "--home", str(home)).code == 0
    file = home / "burnish.yaml"
    lines = file.read_text().splitlines()
    settings = [i for i, line in enumerate(lines) if line.startswith("#") and line[1:2].isalpha()]
    assert len(settings) > 20
    for i in settings:
        file.write_text("\n".join([*lines[:i], lines[i][1:], *lines[i + 1 :]]))
        done = run("config", "validate", "--home", str(home))
        assert done.code == 0, (lines[i], done.err)


def test_names_keep_japanese_syllables() -> None:
    assert "ください" in name_for("計画してください", "planning")
    assert name_for("résumé of my café", "planning") == "planning/resume-cafe"
