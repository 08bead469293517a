"""burnish experiments show: what an experiment has come to, in each form."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_experiments import written
from tests.cli.test_terminal import screen
from tests.experiments.offline import THREE, right, trying
from tests.experiments.recorded import VARIANTS, prepared, recorded, running

import burnish

RATES = {"A": 0.4, "short": 0.6}


@pytest.fixture
def shorter() -> str:
    """Its name, after 600 units of each variant."""
    home = Path(os.environ["BURNISH_HOME"])

    async def make() -> None:
        async with burnish.open_async() as p:
            own = await running(p, guardrails=("cost_usd, margin=0.01",))
        await recorded(home, own, RATES)

    asyncio.run(make())
    return "shorter"


def test_a_terminal_shows_the_verdict_first_and_the_way_there(shorter: str) -> None:
    text = screen("experiments", "show", shorter)
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].rstrip() == "shorter"
    assert lines[1].startswith("running online experiment, 1,200 units")
    assert lines[3].startswith("Take short: rate 0.")
    assert re.search(r"short − A +\+0\.\d+ +\[.*\] +< 0\.001 +\+\d+ % +better", text)
    assert "open: cost_usd" in text
    assert len([line for line in lines if "●" in line]) > 5
    assert "Take it: burnish experiments promote shorter" in text
    assert "Log" not in text
    assert re.search(
        r"started +\w+ +\(production is at revision 1\)",
        screen("experiments", "show", shorter, "--log"),
    )


def test_a_pipe_gets_lines_that_say_what_they_are_of(run: Run, shorter: str) -> None:
    lines = [line.split("\t") for line in run("experiments", "show", shorter).out.splitlines()]
    assert [line[0] for line in lines][:5] == [
        "verdict", "variant", "variant", "difference", "guardrail",
    ]  # fmt: skip
    assert lines[0][1] == "short"
    assert [line[1:3] for line in lines[1:3]] == [["A", "600"], ["short", "600"]]
    log = run("experiments", "show", shorter, "--log").out.splitlines()
    assert [line.split("\t")[2] for line in log if line.startswith("log")] == ["started", "created"]


def test_json_has_the_findings_the_series_and_the_log(run: Run, shorter: str) -> None:
    found = json.loads(run("experiments", "show", shorter, "--json").out)
    assert set(found) == {"findings", "series", "log"}
    assert found["findings"]["winner"] == "short"
    last = found["series"][-1]
    (contrast,) = found["findings"]["analysis"]["contrasts"]
    assert (last["variant"], last["n"], last["control_n"]) == ("short", 600, 600)
    assert last["low"] == contrast["interval"]["low"]
    assert last["at"].endswith("Z")


def units_left(home: Path, name: str, *, absent: str) -> None:
    """Of 40 units of each variant, a quarter brings no outcome; all bring a length."""

    async def make() -> None:
        async with burnish.open_async(str(home)) as p:
            await prepared(p)
            own = await p.experiments.create(
                name,
                VARIANTS,
                metric=f"solved, absent={absent}",
                guardrails=("words, kind=mean, lower, margin=5", "calls, kind=mean"),
            )
            await p.experiments.start(name)
            await recorded(home, own, RATES, 40, metric="words")
            await recorded(home, own, RATES, 30, expose=False)

    asyncio.run(make())


@pytest.mark.parametrize(
    ("absent", "says"), [("zero", "each counts as 0"), ("out", "they are left out")]
)
def test_units_without_an_outcome_are_counted_in_every_form(
    run: Run, tmp_path: Path, absent: str, says: str
) -> None:
    units_left(Path(os.environ["BURNISH_HOME"]), "left", absent=absent)
    told = f"without an outcome: 10 of 40 units of A, 10 of 40 units of short; {says} (absent="
    page, markdown = tmp_path / "page.html", tmp_path / "page.md"
    shown = run("experiments", "show", "left", "--report", str(page), "--report", str(markdown))
    assert f"note\t{told}{absent})\n" in shown.out
    for text in (page.read_text(), markdown.read_text(), screen("experiments", "show", "left")):
        assert told.removesuffix(" (absent=") in " ".join(text.replace("•", " ").split())
    found = json.loads(run("experiments", "show", "left", "--json").out)["findings"]
    assert found["absent"] == {"A": 10, "short": 10}
    units = {each["name"]: each["n"] for each in found["analysis"]["arms"]}
    assert units == {"zero": {"A": 40, "short": 40}, "out": {"A": 30, "short": 30}}[absent]


def test_guardrails_show_what_they_were_judged_by(run: Run, tmp_path: Path) -> None:
    units_left(Path(os.environ["BURNISH_HOME"]), "left", absent="zero")
    page, markdown = tmp_path / "page.html", tmp_path / "page.md"
    shown = run("experiments", "show", "left", "--report", str(page), "--report", str(markdown))
    found = json.loads(run("experiments", "show", "left", "--json").out)["findings"]["guards"][0]
    (contrast,), (control, ours) = found["analysis"]["contrasts"], found["analysis"]["arms"]
    ends = (contrast["difference"], contrast["interval"]["low"], contrast["interval"]["high"])
    (line,) = [each for each in shown.out.splitlines() if each.startswith("guarded")]
    said = line.split("\t")
    assert said[1:4] + said[-1:] == ["words", "short", "A", "5"]
    figures = [ours["value"], control["value"], *ends]
    assert [float(each) for each in said[4:-1]] == pytest.approx(figures, rel=1e-5)
    told = re.compile(r"short \d\.\d+ against \d\.\d+: \S+ \[\S+, \S+\], margin 5")
    for text in (page.read_text(), markdown.read_text()):
        assert told.search(text)
    lines = screen("experiments", "show", "left").splitlines()
    assert [line for line in lines if told.fullmatch(line.strip())]
    # Of what nobody recorded, nothing is known.
    assert "guardrail\tcalls\topen\tcalls: nothing was recorded of it so far" in shown.out


def test_what_happened_to_versions_and_label_on_the_way_is_noted(run: Run) -> None:
    for n in range(3):
        run("prompts", "create", "mail/late", f"Say sorry, {n}.")
    run("prompts", "label", "mail/late", "production", "1")
    run("experiments", "create", "x", "mail/late@1", "mail/late@2", "--metric", "solved")
    run("experiments", "start", "x")
    assert "note\t" not in run("experiments", "show", "x").out
    run("prompts", "archive", "mail/late", "2")
    run("prompts", "label", "mail/late", "production", "3")
    archived = (
        "mail/late@2, which is B, is archived: its units get what production gives, and are not "
        "counted"
    )
    moved = (
        "production was moved by hand from revision 1 to 3 since it began: who takes no part gets "
        "revision 3"
    )
    assert f"note\t{archived}\nnote\t{moved}\n" in run("experiments", "show", "x").out
    assert moved in run("experiments", "check", "x").err
    assert archived in " ".join(screen("experiments", "show", "x").split())
    run("prompts", "label", "mail/late", "production", "--remove")
    assert "production was removed by hand" in run("experiments", "show", "x").out
    run("prompts", "delete", "mail/late")
    assert "mail/late@1, which is A, was deleted" in run("experiments", "show", "x").out
    run("experiments", "stop", "x")
    assert "archived" not in run("experiments", "show", "x").out


def test_that_it_is_early_is_told_once(run: Run) -> None:
    home = Path(os.environ["BURNISH_HOME"])

    async def make() -> None:
        async with burnish.open_async() as p:
            own = await running(p, metric="stars, kind=mean")
            await recorded(home, own, {"A": 0.4, "short": 0.6}, 20, metric="stars")
            # Beyond 0 to 1 there is no sure answer before the first look.
            await p.experiments.record("shorter", unit="A-0", metric="stars", value=3, key="x")

    asyncio.run(make())
    told = run("experiments", "show", "shorter").out
    assert told.count("50") == 1
    assert "the first look wants 50 units of each" in told.splitlines()[0]


def test_reports_are_written_in_the_form_of_their_ending(
    run: Run, shorter: str, tmp_path: Path
) -> None:
    files = [tmp_path / f"report{ending}" for ending in (".html", ".md", ".json")]
    options = [part for each in files for part in ("--report", str(each))]
    done = run("experiments", "show", shorter, *options)
    assert (done.code, done.err) == (0, "")
    page, markdown, data = (each.read_text() for each in files)
    assert "<h2>Over time</h2>" in page
    assert page.count("<polyline") == 3
    assert markdown.startswith("## shorter\n")
    assert json.loads(data)["findings"]["winner"] == "short"
    again = tmp_path / "again.md"
    assert run("experiments", "show", shorter, "--output", str(again)).code == 0
    assert again.read_text().startswith("## shorter\n")


def test_files_that_cannot_be_are_refused(run: Run, shorter: str, tmp_path: Path) -> None:
    for name, says in (
        ("report.pdf", "use .html, .md, .json"),
        ("none/report.md", "there is no folder"),
    ):
        done = run("experiments", "show", shorter, "--report", str(tmp_path / name))
        assert done.code == 2
        assert says in done.err
    (tmp_path / "folder.md").mkdir()
    done = run("experiments", "show", shorter, "--report", str(tmp_path / "folder.md"))
    assert done.code == 2
    assert "cannot be written" in done.err


def test_an_experiment_that_is_not_there_has_its_exit_code(run: Run) -> None:
    done = run("experiments", "show", "nothing")
    assert done.code == 3
    assert "there is no experiment 'nothing'" in done.err


def test_a_draft_says_what_is_planned_and_how_to_begin(run: Run) -> None:
    for text in ("Say sorry for {{ order }}.", "Apologise for {{ order }}."):
        run("prompts", "create", "mail/late", text)
    run("experiments", "create", "later", "mail/late@1", "short=mail/late@2", "--metric", "solved")
    text = screen("experiments", "show", "later")
    assert "draft online experiment" in text
    assert re.search(r"short +mail/late@2 +0", text)
    assert "Begin it: burnish experiments start later" in text
    assert "●" not in text


def test_an_offline_experiment_counts_examples_and_has_one_interval_of_each() -> None:
    home = Path(os.environ["BURNISH_HOME"])
    planned: list[str] = []

    async def make() -> None:
        async with trying(home, right({"A": 0.3, "B": 0.8, "C": 0.35}), examples=120) as p:
            await p.experiments.create("try", THREE, data="rows")
            planned.append(screen("experiments", "show", "try"))
            await p.experiments.start("try")

    asyncio.run(make())
    text = screen("experiments", "show", "try")
    # What the scores are is not known before; then it is what the verdict is about.
    assert re.search(r"^metric +score *$", planned[0], re.MULTILINE)
    assert re.search(r"^metric +score, a rate *$", text, re.MULTILINE)
    assert "The value is the rate" in text
    assert "completed offline experiment, 120 examples" in text
    assert re.search(r"^ +is +examples +value", text, re.MULTILINE)
    assert re.search(r"^b − a +120 +\+0\.\d+ .* better", text, re.MULTILINE)
    assert len([line for line in text.splitlines() if "●" in line]) == 2
    assert "over time" not in text
    assert re.search(r"^dataset +rows@1, split test", text, re.MULTILINE)
    everything = " ".join(screen("experiments", "show", "try", "--log").split())
    assert "(examples: 120 of a, 120 of b, 120 of c)" in everything
    assert "unit" not in everything


def test_outcomes_from_a_file_are_shown_over_time_too(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.08, times=True)
    page = tmp_path / "page.html"
    options = ("experiments", "analyze", "--csv", str(path), "--control", "A")
    text = screen(*options, "--report", str(page))
    told = f"wrote {page}"
    assert text.splitlines().count(told) == 1
    assert all(len(line) <= 80 for line in text.splitlines() if line != told)
    assert text.index("Take B: rate") < text.index("Variants") < text.index("B − A over time")
    assert len([line for line in text.splitlines() if "●" in line]) > 5
    assert "<h2>Over time</h2>" in page.read_text()
    series = json.loads(run(*options, "--json").out)["series"]
    assert [each["at"] for each in series] == sorted(each["at"] for each in series)
    assert series[-1]["n"] + series[-1]["control_n"] == 4_000


def test_outcomes_without_times_have_one_interval(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.08)
    text = screen("experiments", "analyze", "--csv", str(path), "--control", "A")
    assert len([line for line in text.splitlines() if "●" in line]) == 1
    assert "over time" not in text
