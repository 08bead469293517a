"""burnish report: what a day, a week or a month came to, in each form."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.cli.test_terminal import screen
from tests.scenario.running import Running

import burnish

ODD = "mail/<b>|x\x1b[2J"


@pytest.fixture
def lived() -> None:
    """A week with runs of two people, and failures that were not there the week before."""
    now = datetime.now(UTC)
    with burnish.open() as p:

        def ran(hours_ago: float, **fields: Any) -> None:
            at = now - timedelta(hours=hours_ago)
            run: dict[str, Any] = {
                "kind": "complete", "model": "house:parrot", "prompt": "mail/late", "who": "ann",
                "cost_usd": 0.01, "latency_ms": 300, **fields,
            }  # fmt: skip
            p.record_run(burnish.Run(id=p.new_id(), created_at=at, **run))

        for n in range(100):
            ran(n * 1.6, valid=n % 10 > 0, error="timeout: no answer" if n % 4 == 0 else "")
            ran(n * 1.6 + 168, valid=n % 10 > 0)
        ran(1, prompt=ODD, who="ben", cost_usd=None)
        p.prompts.create("mail/late", "Tell {{ name }} that the parcel is late.")
        p.prompts.record_rating("mail/late", 1.0)


@pytest.mark.spec("MET-10")
@pytest.mark.usefixtures("lived")
def test_a_terminal_says_first_what_matters() -> None:
    text = screen("report", "--weekly")
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("101 runs of 2 prompts for 1.00+ USD (runs +1")
    assert "% per hour against" in " ".join(lines[:3])
    assert "worse: failed runs 25 % after 0 %" in " ".join(text.split())
    assert " UTC" in lines[3]
    (runs,) = (line for line in lines if line.startswith("runs "))
    assert runs.split()[:3] == ["runs", "101", "100"]
    assert len(runs.split()[-1]) == 7
    for title in (
        "Usage",
        "Cost by prompt",
        "Cost by model",
        "Failed runs by reason",
        "Who did it",
    ):
        assert title in lines
    assert "Prompts by answers that kept their rules" in lines
    assert "\x1b[2J" not in text
    # Of what there is nothing, nothing is said.
    assert "Evaluations" not in text
    assert "Experiments" not in text


@pytest.mark.spec("MET-10")
@pytest.mark.usefixtures("lived")
def test_a_pipe_gets_lines_that_say_what_they_are_of(run: Run) -> None:
    done = run("report")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert list(dict.fromkeys(line[0] for line in lines)) == [
        "period", "usage", "worse", "step", "prompt", "model", "rules", "failed", "who",
        "note",
    ]  # fmt: skip
    assert ["usage", "runs", "101", "100"] in lines
    assert ["failed", "timeout", "25"] in lines
    assert len([line for line in lines if line[0] == "step"]) == 7
    (note,) = (line[1] for line in lines if line[0] == "note")
    assert "Too few to say (under 20 ratings): mail/late." in note


@pytest.mark.usefixtures("lived")
def test_json_and_the_length_of_the_period(run: Run) -> None:
    daily, monthly = (
        json.loads(run("report", f"--{every}", "--json").out) for every in ("daily", "monthly")
    )
    assert (len(daily["steps"]), len(monthly["steps"])) == (24, 30)
    assert daily["usage"]["runs"] < 20
    assert (monthly["usage"]["runs"], monthly["before"]["runs"]) == (201, 0)
    begin = (datetime.now(UTC) - timedelta(days=10)).date().isoformat()
    end = (datetime.now(UTC) - timedelta(days=8)).date().isoformat()
    own = json.loads(run("report", "--since", begin, "--until", end, "--json").out)
    assert own["since"] == f"{begin}T00:00:00Z"
    assert own["until"] == f"{end}T00:00:00Z"
    assert 25 <= own["usage"]["runs"] <= 35


@pytest.mark.usefixtures("lived")
def test_reports_are_written_in_the_form_of_their_ending(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / f"week{ending}" for ending in (".html", ".md", ".json")]
    assert run("report", *(part for each in files for part in ("--report", str(each)))).code == 0
    page, marked, data = (each.read_text(encoding="utf-8") for each in files)
    assert "failed runs 25 % after 0 %" in page
    assert "mail/&lt;b&gt;|x" in page.replace("&#x2f;", "/")
    assert "<b>|x" not in page
    assert page.count("<svg") == 3
    assert ("█" in page, "each day" in marked) == (False, True)
    assert "**101 runs" in marked
    assert "| timeout | 25 | 100 % |" in marked
    assert "<b>" not in marked
    assert json.loads(data)["usage"]["runs"] == 101
    refused = run("report", "--report", "week.pdf")
    assert (refused.code, ".html, .md, .json" in refused.err) == (2, True)


def test_an_empty_library_is_told_what_to_do(run: Run) -> None:
    done = run("report")
    assert done.code == 0
    (line,) = done.out.splitlines()
    assert "Nothing was recorded in this period. Run a stored prompt" in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--daily", "--weekly"), "--daily and --weekly"),
        (("--monthly", "--since", "3d"), "--since names the beginning"),
        (("--since", "yesterday"), "'yesterday' is no time"),
        (("--since", "1d", "--until", "2d"), "ends before it begins"),
        (("--until", "2999-01-01"), "still to come"),
        (("--since", "99999w"), "give a later date"),
    ],
)
def test_what_is_no_period(run: Run, options: tuple[str, ...], said: str) -> None:
    done = run("report", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.usefixtures("server")
def test_the_gate_of_a_job_is_told(run: Run, rows: str, server: Running) -> None:
    del server
    options = ("--data", rows, "--model", "openai:m", "--min-score", "0.9", "--background")
    assert run("evaluate", "mail/say", *options).code == 0
    run("worker", "--once")
    told = json.loads(run("report", "--daily", "--json").out)
    assert (told["evaluations"][0]["gate"], told["evaluations"][0]["score"]) == ("failed", 0.8)
    assert told["worse"][0]["text"] == "mail/say@1 did not pass its gate"
