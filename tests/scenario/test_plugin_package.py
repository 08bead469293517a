"""The plug-in in examples/plugin, installed as its users do: each of its hooks has its effect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND
from tests.scenario.running import serving

import burnish
from burnish.plugins import HOOKS

ROOT = Path(__file__).parents[2]
Told = Callable[..., str]


@pytest.fixture
def acme(tmp_path: Path) -> Told:
    """Runs a command where the plug-in is installed."""
    site = tmp_path / "site"
    # A copy, so that building leaves nothing in the example.
    source = tmp_path / "plugin"
    source.mkdir()
    for path in (ROOT / "examples" / "plugin").iterdir():
        if path.is_file():
            (source / path.name).write_bytes(path.read_bytes())
    how = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--target", str(site))
    install = [sys.executable, "-m", "pip", "install", *how, str(source)]
    subprocess.run(install, check=True, capture_output=True)
    here = os.pathsep.join((str(Path(burnish.__file__).parents[1]), str(site)))
    environment = os.environ | {"PYTHONPATH": here}

    def told(*arguments: str, code: int = 0, **more: str) -> str:
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment | more,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return told


@pytest.mark.slow
def test_every_hook_of_the_example_package_has_its_effect(acme: Told, tmp_path: Path) -> None:
    assert "plug-ins: acme" in acme("doctor")
    assert "Letters of Acme" in acme("personas")
    listed = {each["name"]: each for each in json.loads(acme("scorers", "--json"))}
    assert listed["names-parcel"]["summary"].startswith("The answer names the parcel")
    acme("prompts", "create", "late", "Sadly parcel {{ number }} is late.")
    rows, calls = tmp_path / "rows.csv", tmp_path / "calls.tsv"
    calls.touch()
    rows.write_text("number,expected\nAB-1,ab-1\nAB-2,XX-9\n")
    asked = (
        *("evaluate", "late", "--data", str(rows), "--models", "fake:echo", "--fresh"),
        *("--scorer", "names-parcel", "--scorer", 'acme-tone:{"parameters": {"banned": "sadly"}}'),
    )
    (column,) = json.loads(acme(*asked, "--json"))["report"]["columns"]
    means = {each["metric"]: each["mean"] for each in column["metrics"]}
    assert means == {"names-parcel": 0.5, "acme-tone": 0.0}
    lines = calls.read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["fake:echo"] * 2

    # A worker has the functions of plug-ins, so they go into the background too.
    job, _ = acme(*asked, "--background").split()
    acme("worker", "--once")
    result = json.loads(acme("jobs", "show", job, "--json"))["result"]
    assert (result["answered"], result["columns"][0]["score"]) == (2, 0.25)
    _makes_letters(acme)
    _optimizes(acme, rows)


def _makes_letters(acme: Told) -> None:
    """Its archetype says what such a prompt is made of, its techniques are among those chosen, and
    its provider answers."""
    acme("generate", "write a letter about a late parcel", "--name", "letter")
    text = acme("prompts", "show", "letter")
    assert "Say where the parcel {{ parcel_number }} is." in text
    assert "Say what happens next before you say why." in text
    assert "what happens next before you say why" in acme("techniques", "acme_no_excuse")
    with serving() as server:
        at = {"BURNISH_MODELS__ACME__BASE_URL": server.url}
        said = acme("prompts", "run", "late", "--var", "number=7", "--model", "acme:m", **at)
        assert "parcel 7 is late" in said
        assert server.counters().ok == 1


def _optimizes(acme: Told, rows: Path) -> None:
    rows.write_text("number,expected\n" + "".join(f"AB-{n},x\n" for n in range(40)))
    asked = ("--data", str(rows), "--model", "fake:echo", "--writer", "offline", "--json")
    how = ("--algorithm", "acme-house", "--scorer", "contains:Name the parcel", "--budget", "200")
    report = json.loads(acme("optimize", "late", *asked, *how))
    assert (report["algorithm"], report["outcome"]) == ("acme-house", "improved")
    assert "Name the parcel's number in the first sentence." in acme("prompts", "show", "late")


def test_the_example_has_every_hook_that_there_is() -> None:
    text = (ROOT / "examples" / "plugin" / "acme_burnish.py").read_text()
    assert [hook for hook in HOOKS if f"def {hook}()" not in text] == []
