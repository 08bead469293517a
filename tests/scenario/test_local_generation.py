"""The three phases with a real model: in this process, and behind OpenAI's wire format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.models import server as fixtures
from tests.models.server import MODEL, LocalServer

import burnish

local_server, weights = fixtures.local_server, fixtures.weights
# One worker of the test run holds the model.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]

IDEA = "write a short poem about rain"
PHASES = ["explore", "draft", "refine"]
# Enough for a real answer of each phase, and soon done. What so short an answer lacks is mended
# from the outline.
BRIEF = {f"BURNISH_PHASES__{phase.upper()}__MAX_TOKENS": "40" for phase in PHASES} | {
    "BURNISH_MODELS__MAX_RETRIES": "0"
}


def test_the_built_in_model_goes_through_all_phases(
    spawn: Run, tmp_path: Path, weights: Path
) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / f"{MODEL}.gguf").symlink_to(weights / f"{MODEL}.gguf")
    name = f"local:{MODEL}"
    done = spawn("generate", IDEA, "--model", name, "--show-phases", "--stream", **BRIEF)
    assert done.code == 0, done.err
    heads = [line for line in done.out.splitlines() if line.startswith("--- ")]
    assert [h for h in heads if "begins again" not in h] == [
        f"--- {phase}: model {name}" for phase in PHASES
    ]
    assert "too weak to write prompts" in done.err
    with burnish.open() as p:
        (prompt,) = p.prompts.list().items
        stored = p.prompts.get(prompt.name).version
        _check_runs(p, name)
    assert done.out.endswith(f"{stored.text}\n")


@pytest.mark.spec("GEN-18")
def test_the_same_command_uses_the_server_that_openai_base_url_names(
    spawn: Run, local_server: LocalServer
) -> None:
    surroundings = {
        "OPENAI_BASE_URL": local_server.url,
        "OPENAI_API_KEY": local_server.key.reveal(),
    }
    done = spawn("generate", IDEA, "--stream", "--json", **BRIEF, **surroundings)
    assert done.code == 0, done.err
    events: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    *pieces, last = events
    assert last["kind"] == "done"
    made = last["generation"]
    # The small model may write nothing that can be taken; it was asked all the same.
    phases = made["candidates"][0]["phases"]
    assert {phase["model"] for phase in phases} == {"openai:gpt-5-mini"}, made["warnings"]
    assert made["local_parts"] == ["intent", "techniques", "outline"]
    kinds = [(e["kind"], e["phase"]) for e in pieces]
    begun = [kinds.index(("phase", phase)) for phase in PHASES]
    # Text comes while phases are still to come, and what counts of the last one is the result.
    assert begun == sorted(begun)
    assert kinds.index(("text", "explore")) < begun[1]
    # So small a model may write nothing that is taken, or too little to be sure of before its end.
    if ("text", "draft") in kinds:
        assert kinds.index(("text", "draft")) < begun[2]
    restarts = [n for n, e in enumerate(pieces) if e["kind"] == "restart" and e["final"]]
    counted = pieces[restarts[-1] + 1 if restarts else 0 :]
    text = "".join(e["text"] for e in counted if e["kind"] == "text" and e["final"])
    with burnish.open() as p:
        assert text == p.prompts.get(made["reference"]).version.text
        _check_runs(p, "openai:gpt-5-mini")


def _check_runs(p: burnish.Platform, model: str) -> None:
    """A call for each phase, in order, each counted by the model itself."""
    runs = p.runs.page().items[::-1]
    assert [(run.phase, run.model, run.requests) for run in runs] == [
        (phase, model, 1) for phase in PHASES
    ]
    assert [run.parent_id for run in runs] == [None, runs[0].id, runs[1].id]
    assert all(run.input_tokens > 100 for run in runs)
    assert all(0 < run.output_tokens <= 40 for run in runs)
    assert not any(run.estimated or run.cached for run in runs)
