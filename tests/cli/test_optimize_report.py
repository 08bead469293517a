"""What burnish optimize tells when it has ended: reports, and why nothing was better."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import (
    PROMPT,
    RULES,
    by_rules,
    install,
    junk,
    mails,
    number_of,
    right,
    with_rule,
)
from tests.cli.test_terminal import screen

from burnish.errors import ModelFailed
from burnish.models.model import ModelRequest
from burnish.optimizers.report.files import report_file
from burnish.optimizers.report.report import OptimizationReport, report_of
from burnish.optimizers.room import ShownOptimization
from burnish.shapes import convert

BOTH = ("--data", "mails.csv", "--model", "fake:a", "--writer", "fake:w")
SEARCHED = 80
EVIL = '"><script>alert(1)</script> @somebody #1 `x` ```\n[a](http://b)'


@pytest.fixture
def ready(run: Run) -> None:
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    mails(Path("mails.csv"))
    parts = ("train" if n < SEARCHED else "test" for n in range(120))
    rows = (f"mail {n},{right(n)},{part}\n" for n, part in enumerate(parts))
    Path("split.csv").write_text("mail,expected,split\n" + "".join(rows))


@pytest.mark.spec("OPT-11")
@pytest.mark.usefixtures("ready")
def test_reports_have_scores_interval_cost_difference_and_what_was_won_and_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    files = ("--report", "r.md", "--report", "r.html", "--report", "r.json")
    done = run("optimize", "mail/kind", *BOTH, *files, "--json")
    found = json.loads(done.out)
    assert json.loads(Path("r.json").read_text("utf-8")) == found
    both = found["comparison"]
    assert (both["won"], both["lost"]) == (25, 3)
    assert (len(found["won"]), len(found["lost"])) == (10, 3)
    assert both["low"] < both["difference"] < both["high"]
    (won, lost) = found["won"][0], found["lost"][0]
    assert (won["before"], won["after"]) == ("It may be either.", won["expected"])
    assert lost["before"] == lost["expected"] != lost["after"]
    assert won["asked"].startswith("mail ")
    markdown, page = (Path(f"r.{each}").read_text("utf-8") for each in ("md", "html"))
    scores = [f"{both[when]['score']:.2f}" for when in ("before", "after")]
    for told in (*scores, f"{both['low']:+.3f}", f"{both['high']:+.3f}", won["asked"], *RULES):
        assert told in markdown, told
        assert told in page, told
    assert "\n+Thanks are praise.\n" in markdown
    assert "25 examples won, the 10 that changed most" in markdown
    assert "3 examples lost" in markdown
    assert '<span class="good">+ Thanks are praise.</span>' in page
    assert f"{found['effort']['calls']} calls, 0 USD" in markdown
    for ending in ("md", "html", "json"):
        again = run("optimizations", "show", found["id"], "--report", f"again.{ending}")
        assert again.code == 0, again.err
        assert Path(f"again.{ending}").read_bytes() == Path(f"r.{ending}").read_bytes()


@pytest.mark.usefixtures("ready")
def test_what_was_won_is_shown_where_the_answers_begin_to_differ(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = "I read the mail with care. " * 20, " Thank you for asking." * 20
    install(monkeypatch, lambda request: f"{before}Verdict: {by_rules(request)}{after}")
    report = ("--scorer", "contains", "--report", "r.md", "--json")
    found = json.loads(run("optimize", "mail/kind", *BOTH, *report).out)
    one = found["won"][0]
    assert "care. Verdict: It may be either. Thank" in one["before"]
    assert f"care. Verdict: {one['expected']} Thank" in one["after"]
    for text in (one["before"], one["after"]):
        assert (len(text), text[0], text[-1]) == (200, "…", "…")
    shown = screen("optimizations", "show", found["id"])
    assert "It may be either." in shown[shown.index(" won") :]


@pytest.mark.usefixtures("ready")
def test_how_answers_were_scored_is_told_with_what_they_were_compared_with(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    scored = ("--scorer", "contains:bug", "--scorer", 'exact:{"weight": 2}')
    how = ("--goal", "efficiency", "--rounds", "1", "--report", "r.md", "--report", "r.html")
    found = json.loads(run("optimize", "mail/kind", *BOTH, *scored, *how, "--json").out)
    assert found["scorers"] == ["contains: bug", "exact (weight 2.0)"]
    told = "scored by contains: bug, exact (weight 2.0)"
    assert told in Path("r.md").read_text("utf-8")
    assert told in Path("r.html").read_text("utf-8")
    shown = run("optimizations", "show", found["id"]).out
    assert "scorers: contains: bug, exact (weight 2.0)" in shown


@pytest.mark.usefixtures("ready")
def test_the_pareto_set_names_the_cheapest_that_is_not_surely_worse(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    found = json.loads(run("optimize", "mail/kind", *BOTH, "--json").out)
    (best,) = [each for each in found["front"] if each["is_best"]]
    (original,) = [each for each in found["front"] if each["is_original"]]
    (cheapest,) = [each for each in found["front"] if each["cheapest"]]
    assert original["is_worse"]
    assert not best["is_worse"]
    assert original["tokens"] < cheapest["tokens"] <= best["tokens"]
    shown = screen("optimizations", "show", found["id"])
    assert [line for line in shown.splitlines() if len(line.rstrip()) > 80] == []
    assert f"not surely worse than the best: {cheapest['candidate'][:8]}." in " ".join(
        shown.split()
    )
    assert shown.index("Before and after") < shown.index("\nCandidates, below those")
    assert "improved: improved" not in shown


@pytest.mark.usefixtures("ready")
def test_a_report_tells_how_the_best_one_and_all_others_were_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    files = ("--report", "r.md", "--report", "r.html")
    found = json.loads(run("optimize", "mail/kind", *BOTH, *files, "--json").out)
    tree = found["lineage"]
    shown = screen("optimizations", "show", found["id"], columns=200)
    listed = json.loads(run("optimizations", "show", found["id"], "--json").out)["candidates"]
    assert {each["candidate"] for each in tree} == {each["id"] for each in listed}
    lines = shown[shown.index("\nCandidates, below those") :].splitlines()[2:]
    for told, each in zip(lines, tree, strict=False):
        assert told.startswith(f"{'  ' * each['depth']}{each['candidate'][:8]}  {each['operator']}")
    depths = {each["candidate"]: each["depth"] for each in tree}
    assert all(depths[each["parents"][0]] == each["depth"] - 1 for each in tree if each["depth"])
    (best,) = [each for each in tree if each["is_best"]]
    assert best["depth"] > 0
    (standing,) = [each for each in found["front"] if each["is_best"]]
    assert (best["n"], best["score"]) == (standing["n"], standing["score"])
    markdown, page = (Path(f"r.{each}").read_text("utf-8") for each in ("md", "html"))
    own, _, whole = markdown.partition("How the best one was made")[2].partition("</details>")
    for each in (tree[0], best):
        at = f"{'  ' * each['depth']}- **{each['candidate'][:8]}** {each['operator']}"
        assert f"\n{at}" in own
    assert f"All {len(tree)} candidates" in whole
    assert whole.count("- **") == len(tree)
    assert f'style="--depth: {best["depth"]}"><b>{best["candidate"][:8]}</b>' in page
    assert page.partition("<h2>Lineage</h2>")[2].count("(best)") == 2


@pytest.mark.usefixtures("ready")
def test_texts_in_a_report_are_only_texts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    shown = run("optimize", "mail/kind", *BOTH, "--json")
    whole = run("optimizations", "show", json.loads(shown.out)["id"], "--json")
    found = report_of(convert(json.loads(whole.out), ShownOptimization, strict=False))
    evil = _poisoned(found)
    page = report_file(evil, ".html").decode()
    assert "<script" not in page
    escaped = page.count("&lt;script&gt;") + page.count("&lt;script>")
    assert escaped > 3 + 2 * len(evil.lineage)
    text = report_file(evil, ".md").decode()
    outside = "".join(text.split("````")[::2])
    assert "<script" not in outside
    assert "@somebody" not in outside
    assert "[a](http" not in outside
    assert "\n````diff\n" in text
    assert report_of(convert(json.loads(whole.out), ShownOptimization, strict=False)) == found


def _poisoned(found: OptimizationReport) -> OptimizationReport:
    row = {"example": EVIL, "asked": EVIL, "expected": EVIL, "before": EVIL, "after": EVIL}
    (message,) = found.diff
    segments = tuple(
        msgspec.structs.replace(each, text=each.text + EVIL) for each in message.segments
    )
    return msgspec.structs.replace(
        found,
        prompt=EVIL,
        text=EVIL,
        why=EVIL + ".",
        advice=EVIL,
        dataset=EVIL,
        won=tuple(msgspec.structs.replace(each, **row) for each in found.won),
        diff=(msgspec.structs.replace(message, segments=segments),),
        notes=(EVIL,),
        front=tuple(msgspec.structs.replace(each, why=EVIL) for each in found.front),
        lineage=tuple(
            msgspec.structs.replace(each, operator=EVIL, why=EVIL) for each in found.lineage
        ),
    )


def always_right(request: ModelRequest) -> str:
    return right(number_of(request))


def puzzled(_: ModelRequest) -> str:
    return "what?"


def broken(_: ModelRequest) -> str:
    raise ModelFailed("the model is out of order")


def by_luck(request: ModelRequest) -> str:
    """The first rule helps with the mails that are searched with, and with no other."""
    number = number_of(request)
    ruled = RULES[0] in request.messages[-1].content
    share = 50 + (40 if number < SEARCHED else -20) * ruled
    return right(number) if drawn_from(f"mail {number}") % 100 < share else "either"


def a_little(request: ModelRequest) -> str:
    """Right on every second mail, and on a few more with the first rule."""
    number = number_of(request)
    share = 65 if RULES[0] in request.messages[-1].content else 50
    return right(number) if drawn_from(f"mail {number}") % 100 < share else "either"


def by_luck_alone(request: ModelRequest) -> str:
    """As `by_luck`, and on the others the first rule changes nothing."""
    number = number_of(request)
    helps = RULES[0] in request.messages[-1].content and number < SEARCHED
    return right(number) if drawn_from(f"mail {number}") % 100 < 50 + 40 * helps else "either"


def echo(request: ModelRequest) -> str:
    return request.messages[-1].content


def drawn_from(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


class Case(NamedTuple):
    reason: str
    told: str
    answer: Callable[[ModelRequest], str] = by_rules
    write: Callable[[ModelRequest], str] = with_rule
    options: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    code: int = 0


@pytest.mark.spec("OPT-12")
@pytest.mark.parametrize(
    "case",
    [
        Case(
            "ceiling",
            "it is right on all 56 examples that it was tried on; nothing to gain",
            answer=always_right,
        ),
        Case("constant metric", "every answer scores 0.00", answer=puzzled),
        Case("model errors", "out of order", answer=broken, code=1),
        Case("too few examples", "examples that judge would show it", answer=a_little),
        Case(
            "worse",
            "was luck: it does not hold on new examples",
            answer=by_luck,
            data=("--data", "split.csv"),
        ),
        Case(
            "junk candidates",
            "proposals could not be used, most often:",
            write=junk,
            options=("--algorithm", "reflective"),
        ),
        Case(
            "junk candidates",
            "proposals could not be used, most often: the model gave no prompt: it repeats the question",
            write=echo,
            options=("--algorithm", "reflective"),
        ),
        Case(
            "noise",
            "was luck: it does not hold on new examples",
            answer=by_luck_alone,
            data=("--data", "split.csv"),
        ),
    ],
    ids=lambda case: case.reason,
)
@pytest.mark.usefixtures("ready")
def test_a_run_without_a_gain_says_why_and_what_to_do(
    run: Run, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    install(monkeypatch, case.answer, case.write)
    done = run(
        "optimize", "mail/kind", *(case.data or BOTH[:2]), *BOTH[2:], *case.options, "--json"
    )
    found = json.loads(done.out)
    assert (found["reason"], done.code) == (case.reason, case.code), found["text"]
    assert found["outcome"] == ("not measured" if case.code else "kept")
    assert case.told in f"{found['why']} {found['advice']} {found['text']}"
    assert found["advice"]
    assert run("prompts", "history", "mail/kind").out.count("\n") == 1
    shown = " ".join(screen("optimizations", "show", found["id"]).split())
    assert " ".join(found["advice"].split()) in shown
