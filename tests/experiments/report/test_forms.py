"""One report in each of its forms; foreign text is only text in every one of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt
from msgspec import structs
from rich.console import Console

from burnish.experiments.analysis import Design, analyse
from burnish.experiments.estimate import Sample
from burnish.experiments.report.markdown import markdown
from burnish.experiments.report.over_time import over_samples
from burnish.experiments.report.page import html
from burnish.experiments.report.plain import plain
from burnish.experiments.report.report import Report
from burnish.experiments.report.terminal import terminal
from burnish.experiments.verdict import verdict
from burnish.storage.experiment import Moved

Samples = Callable[..., list[Sample]]
Shown = Callable[..., Report]
AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> \"'><b> {{ title }} {% raw %}"
    " | cell `code` [link](https://evil.example/x) @everyone #1 www.evil.example &amp;"
    " \x00\x1b[31mred\x1b[0m \ud800 \u202eesrever\u2066 -->\r\n\n# Title\n</style>\n| a | b |"
)


@pytest.fixture
def hostile(shown: Shown) -> Report:
    report = shown([HOSTILE, f"{HOSTILE}2", f"{HOSTILE}3"], n=300)
    guards = tuple(structs.replace(each, text=HOSTILE) for each in report.guards)
    log = (
        Moved(id="1", what="promoted", by=HOSTILE, why=HOSTILE, facts={HOSTILE: HOSTILE}, at=AT),
    )
    return structs.replace(
        report,
        title=HOSTILE,
        verdict=HOSTILE,
        notes=(HOSTILE,),
        guards=guards,
        facts=(("prompt", HOSTILE),),
        variants=dict.fromkeys(report.variants, HOSTILE),
        log=log,
    )


def on_screen(report: Report, *, width: int = 80, log: bool = False) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False, markup=False, emoji=False)
    console.print(terminal(report, width=width, log=log))
    return page.getvalue()


def charted(text: str) -> list[str]:
    return [line for line in text.splitlines() if "●" in line]


def test_the_verdict_comes_first_then_figures_with_their_intervals(shown: Shown) -> None:
    text = on_screen(shown())
    assert text.startswith(
        "late mails\nrunning online experiment, 4,000 units, 2026-11-13 06:00 to"
    )
    places = [text.index(each) for each in (
        "Take polite: rate 0.27", "Variants", "short (control)", "Differences", "polite − short",
        "Guardrails", "polite − short over time", "Plan",
    )]  # fmt: skip
    assert places == sorted(places)
    assert re.search(r"polite +mail/late@4 +2,000 +50 % +0\.270 +\[0\.251, 0\.290\]", text)
    assert re.search(r"− short +\+0\.072 +\[\+0\.031, \+0\.112\] +< 0\.001 +\+36 % +better", text)
    assert "✓ held: cost_usd is within 0.001" in text
    assert "    polite 0.270 against 0.199: +0.072 [+0.031, +0.112], margin 0.001" in text
    assert "✗ broken: latency_ms is 400 above" in text
    assert "Log" not in text
    assert re.search(r"started +ann", on_screen(shown(), log=True))


def test_a_chart_shows_intervals_by_time_with_0_marked(shown: Shown) -> None:
    text = on_screen(shown())
    rows = charted(text)
    assert 8 <= len(rows) <= 12
    (axis,) = [line for line in text.splitlines() if line.startswith("UTC")]
    zero = re.search(r" 0 ", axis)
    assert zero is not None
    at = zero.start() + 1
    assert all(row[at] in "│┼├" for row in rows)
    open_ones = [row for row in rows if row[at] == "┼"]
    assert 0 < len(open_ones) < len(rows)
    assert rows[0].endswith(">")
    assert rows[-1].startswith("11-22 05:59  4,000")
    assert rows[-1].index("├") > at  # it is clear by now


def test_looks_within_an_hour_are_told_apart(samples: Samples) -> None:
    given = [replace(each, times=1.79e9 + np.arange(each.n)) for each in samples(n=900)]
    found = analyse(given, Design(method="sequential"))
    report = Report(
        title="", headline="", verdict="", control="short",
        analysis=found, series=over_samples(given, found),
    )  # fmt: skip
    times = [line.split()[0] for line in charted(on_screen(report))]
    assert times[-1] == "14:28:19"
    assert len(set(times)) == len(times)


@pytest.mark.parametrize(
    ("seconds", "times"), [(3.0, ("14:13:20.187", "14:13:23.000")), (7_200.0, ("14:20", "16:13"))]
)
def test_times_are_as_fine_as_it_takes(
    samples: Samples, seconds: float, times: tuple[str, str]
) -> None:
    given = [
        replace(each, times=1.79e9 + np.linspace(0, seconds, each.n)) for each in samples(n=900)
    ]
    found = analyse(given, Design(method="sequential"))
    report = Report(
        title="", headline="", verdict="", control="short",
        analysis=found, series=over_samples(given, found),
    )  # fmt: skip
    looks = re.findall(r"\| 2026-09-21 (\S+) UTC \|", markdown(report))
    assert len(set(looks)) == len(looks) == 16
    assert (looks[0], looks[-1]) == times
    assert f"2026-09-21 {times[1]} UTC" in html(report)
    shown = [line[:24] for line in charted(on_screen(report))]
    assert len(set(shown)) == len(shown)
    assert times[1] in shown[-1]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"label": "production", "stands_on": 3}, "(production is at revision 3)"),
        ({"calls": 66, "cost_usd": 0.0123}, "(66 calls planned, for about $0.0123)"),
        ({"calls": 1, "cost_usd": None}, "(1 call planned, at an unknown price)"),
        ({"units": {"A": 1200, "B": 3}, "arms": ["A"]}, "(units: 1,200 of A, 3 of B)"),
        ({"variant": "B", "revision": 3, "forced": True}, "(B, revision 3, forced)"),
        ({"request": "0197"}, "(waits for another person: request 0197)"),
        ({"from": 3, "to": 1}, "(from revision 3 back to 1)"),
        ({"from": 3, "to": 0}, "(from revision 3 to none)"),
    ],
)
def test_what_a_move_was_decided_on_is_told_in_words(
    begun: Report, facts: dict[str, object], says: str
) -> None:
    moved = Moved(id="1", what="started", facts=facts, at=AT)
    report = structs.replace(begun, log=(moved, moved))
    assert says in on_screen(report, log=True, width=120)
    assert says.strip("()") in plain(report, log=True)


def test_shares_are_those_that_came_beside_the_planned_ones(samples: Samples) -> None:
    first, second = samples(n=500)
    given = [first, replace(second, values=second.values[:420], times=None)]
    for weights, says in (
        ({"short": 1.0, "polite": 1.0}, r"short +500 +54 % +50 % .*\n *polite +420 +46 % +50 %"),
        ({"short": 500.0, "polite": 420.0}, r"short +500 +54 % +0\..*\n *polite +420 +46 % +0\."),
    ):
        found = analyse(given, Design(weights=weights))
        report = Report(title="", headline="", verdict="", control="", analysis=found)
        assert re.search(says, on_screen(report))
        assert ("planned" in on_screen(report)) == (weights["short"] == 1)


def test_of_several_variants_each_has_its_chart_on_one_scale(shown: Shown) -> None:
    text = on_screen(shown(["a", "b", "c", "d", "e", "f"], n=300), width=120)
    axes = {line for line in text.splitlines() if line.startswith("UTC")}
    assert len(axes) == 1
    assert text.count(" over time") == 4
    assert "1 more variants are in --output page.html" in text


def test_without_times_there_is_one_interval_for_each_variant(shown: Shown) -> None:
    text = on_screen(structs.replace(shown(), series=()))
    (row,) = charted(text)
    assert row.startswith("polite − short  4,000")
    assert "over time" not in text


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(
    hostile: Report, shown: Shown, begun: Report, width: int
) -> None:
    broad = shown(["短い件名のメール", "丁寧で長い件名のメールをもう一度", "x" * 90], n=300)
    for report in (hostile, broad, structs.replace(broad, series=()), begun):
        text = on_screen(report, width=width, log=True)
        assert all(len(line) <= width for line in text.splitlines())


def test_foreign_text_moves_no_cursor_and_turns_no_direction(hostile: Report) -> None:
    for text in (on_screen(hostile, log=True), plain(hostile, log=True).replace("\t", " ")):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        assert "\\x1b[31mred" in text


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.drawn: list[tuple[str, dict[str, str | None]]] = []
        self.values: list[str] = []
        self.data: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for name, value in attrs if name in ("href", "src", "content")]
        self.drawn.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def test_the_page_runs_nothing_and_loads_nothing(hostile: Report) -> None:
    text = html(hostile)
    page = Page(text)
    assert not page.tags & {"script", "img", "iframe", "object", "link", "a", "form", "base", "use"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not page.attributes & {"href", "src", "xlink:href", "action", "srcset", "style"}
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("</style>") == 1
    said = "".join(page.data)
    assert "<script>alert(1)</script>" in said
    assert "{{ title }}" in said


def test_the_page_says_what_the_terminal_says(shown: Shown) -> None:
    report = shown()
    said = " ".join("".join(Page(html(report)).data).split())
    for expected in (
        "late mails", report.verdict, "0.270 [0.251, 0.290] 2,000 units", "mail/late@4",
        "+0.072 [+0.031, +0.112] better", "Guardrails", "held", "broken", "Over time",
        "Units over time", "less than 0.01 does not matter", "nothing is broken (taking 1)",
    ):  # fmt: skip
        assert expected in said


def test_the_page_draws_each_look_and_the_units(shown: Shown) -> None:
    report = shown(["a", "b", "c"], n=300)
    drawn = Page(html(report)).drawn
    bands = [each for each in drawn if each[0] == "polygon"]
    assert len(bands) == 2
    dots = [attributes for _, attributes in drawn if attributes.get("class") == "dot"]
    assert len(dots) == len(report.series)
    places = [float(str(each[name])) for each in dots for name in ("x1", "y1")]
    assert all(0 <= place <= 100 for place in places)
    lines = [attributes for tag, attributes in drawn if tag == "polyline"]
    assert [each["class"] for each in lines] == ["course", "course", "k k0", "k k1", "k k2"]
    last = str(lines[2]["points"]).split()[-1]
    assert last == "100.0,0.0"  # 300 units, where the scale ends


@pytest.mark.parametrize("shares", ["kept", "broken"])
def test_the_mood_of_a_verdict_is_not_by_colour_alone(shown: Shown, shares: str) -> None:
    report = shown()
    assert report.analysis is not None
    good = structs.replace(report, guards=())
    assert '<p class="lead verdict good">Take polite' in html(good)
    ratio = report.analysis.ratio
    assert ratio is not None
    broken = structs.replace(report.analysis, ratio=structs.replace(ratio, p=1e-9))
    if shares == "broken":
        text = html(structs.replace(good, analysis=broken))
        assert '<p class="lead verdict bad">' in text
        assert "Units came not in their shares (p 1e-09)" in text
    assert '<p class="lead verdict bad">' in html(report)  # a guardrail is broken


def test_markdown_holds_no_markup_of_others(hostile: Report) -> None:
    text = markdown(hostile)
    page = Page(
        MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(text)
    )
    assert page.tags <= {
        "h2", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td",
        "details", "summary",
    }  # fmt: skip
    said = "".join(page.data)
    assert "<script>alert(1)</script>" in said
    assert "@everyone" not in said
    assert "#1" not in said
    assert "www.evil" not in said


def test_markdown_is_short_with_the_looks_folded_away(shown: Shown) -> None:
    text = markdown(shown())
    assert text.startswith("## late mails\n\nrunning online experiment, 4,000 units,")
    assert "**Take polite: rate 0.27 against 0.199" in text
    assert "| polite | mail/late&#64;4 | 2,000 | 50 % | 0.270 | [0.251, 0.290] |" in text
    assert "- ❌ broken: latency&#95;ms is 400 above" in text
    before, *folded = text.split("<details><summary>")
    assert [each.split("<")[0] for each in folded] == ["Plan", "Over time", "Log"]
    assert len(before) < 1_600


def test_markdown_fits_in_a_comment(shown: Shown) -> None:
    text = markdown(shown([f"{'&<>' * 40}{n}" for n in range(12)], n=60))
    assert len(text) < 65_536
    assert "Over time" not in text


def test_a_pipe_gets_lines_that_say_what_they_are_of(shown: Shown) -> None:
    lines = [line.split("\t") for line in plain(shown(), log=True).splitlines()]
    assert [line[0] for line in lines] == [
        "verdict", "variant", "variant", "difference", "guardrail", "guarded", "guardrail", "note",
        "log", "log",
    ]  # fmt: skip
    assert lines[0][1] == "polite"
    assert lines[1] == ["variant", "short", "2000", "0.1985", "0.181604", "0.216552"]
    assert lines[3][1:4] == ["polite", "short", "0.0715"]
    assert lines[3][-1] == "better"
    assert lines[5][1:7] == ["cost_usd", "polite", "short", "0.27", "0.1985", "0.0715"]
    assert lines[5][-1] == "0.001"
    assert lines[6][1:3] == ["latency_ms", "broken"]
    assert lines[8] == [
        "log", "2026-11-22T06:00:00+00:00", "ramped", "-", "nothing is broken", "taking 1",
    ]  # fmt: skip


def test_an_experiment_that_nobody_saw_has_every_form(begun: Report) -> None:
    for text in ("".join(Page(html(begun)).data), markdown(begun), on_screen(begun)):
        assert "nobody has come so far" in text
        assert "mail/late" in text
        assert "Over time" not in text
    assert plain(begun).splitlines()[1:] == [
        "variant\tshort\t0\t-\t-\t-",
        "variant\tpolite\t0\t-\t-\t-",
    ]


def test_beliefs_are_shown_as_such(shown: Shown) -> None:
    report = shown(method="bayes")
    text = on_screen(report, width=120)
    assert re.search(r"short .*\] +< 0\.1 % +0\.0714\n.*\] +> 99\.9 % +0\n", text)
    assert "> 99.9 % sure that it is greater" in report.verdict
    assert "best: how likely it is" in text
    assert "greater" in text
    assert "The intervals are beliefs" in text


def test_values_that_are_all_equal_are_shown_too(samples: Samples) -> None:
    given = [Sample(each.name, each.values * 0, None, None, each.times) for each in samples(n=90)]
    found = analyse(given, Design(method="sequential"))
    report = Report(
        title="all equal",
        headline="",
        verdict=verdict(found),
        control="short",
        analysis=found,
        series=over_samples(given, found),
    )
    assert re.search(r"polite +90 +0\.000 +\[0\.000, 0\.041\]", on_screen(report))
    assert "nan" not in html(report)
    assert charted(on_screen(report))


def test_a_log_tells_short_facts_and_leaves_tables_out(begun: Report) -> None:
    facts: dict[str, object] = {
        "shares": {"A": 0.25, "short": 0.75},
        "contrasts": [{"variant": "short"}],
        "verdict": "Take short: it is better.",
        "cost_usd": None,
    }
    moved = Moved(id="1", what="shares", by="ann", why="to see more", facts=facts, at=AT)
    text = on_screen(structs.replace(begun, log=(moved,)), log=True, width=120)
    assert "to see more (A 25 %, short 75 %)" in text
    assert "Take short" not in text
    assert "contrasts" not in text


@pytest.mark.parametrize(
    ("scale", "says"),
    [(1.0, "mean 1.36 against 1.22"), (2_345.0, "mean 3,181 against 2,869"), (1e-4, "0.000136")],
)
def test_figures_are_written_out(samples: Samples, scale: float, says: str) -> None:
    draw: list[Sample] = [
        Sample(each.name, (each.values + 1) * scale, None) for each in samples(n=300, gain=0.2)
    ]
    found = analyse(draw, Design())
    report = Report(title="", headline="", verdict=verdict(found), control="short", analysis=found)
    assert says in report.verdict
    assert not re.search(r"\de[-+]", on_screen(report))
