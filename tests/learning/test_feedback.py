"""Feedback: taken in by every interface, and counted where it says something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish.cli.main import main
from burnish.errors import Conflict, NotFound, UsageError
from burnish.storage.feedback import FeedbackEvent

Capture = pytest.CaptureFixture[str]


def rating(p: burnish.Platform, name: str) -> float | None:
    (found,) = p.prompts.list(prefix=name).items
    return found.rating


@pytest.mark.spec("LRN-01")
def test_every_interface_takes_in_what_was_said() -> None:
    given: dict[str, Any] = {"success": True, "score": 0.8, "latency_ms": 12.5, "comment": "fine"}
    with burnish.open() as p:
        p.prompts.create("mail", "Kind of {{ mail }}?")
        p.feedback("mail", **given)
    options = ["--success", "--score", "0.8", "--latency-ms", "12.5", "--comment", "fine"]
    assert main(["feedback", "mail", *options]) == 0
    with serving() as url:
        for path in ("/api/v1/feedback", "/api/learn"):
            assert ask("POST", f"{url}{path}", {"target": "mail", **given}).status == 201
        with burnish.Client(url) as p:
            p.feedback("mail@1", **given)
    with burnish.open() as p:
        events = p.feedback_events("mail").items
        assert len(events) == 5
        for event in events:
            said = (event.success, event.value, event.rating, event.latency_ms, event.comment)
            assert said == (True, 0.8, 0.8, 12.5, "fine")
            assert (event.prompt, event.revision, event.kind) == ("mail", 1, "score")
        assert rating(p, "mail") == pytest.approx(0.8)
        p.feedback("mail", success=False)
        assert rating(p, "mail") == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("given", "kind", "value", "counts"),
    [
        ({"thumb": "up"}, "thumb", 1, 1),
        ({"thumb": "down"}, "thumb", 0, 0),
        ({"stars": 1}, "stars", 1, 0),
        ({"stars": 4}, "stars", 4, 0.75),
        ({"score": 0.3}, "score", 0.3, 0.3),
        ({"score": 0.9, "success": False}, "score", 0.9, 0),
        ({"success": True}, "outcome", 1, 1),
        ({"success": False}, "outcome", 0, 0),
        ({"done": "copied"}, "copied", None, None),
        ({"done": "copied", "success": True}, "copied", None, 1),
        ({"comment": "hm"}, "comment", None, None),
    ],
)
def test_each_way_to_say_it_counts_as_something(
    given: dict[str, Any], kind: str, value: float | None, counts: float | None
) -> None:
    with burnish.open() as p:
        p.prompts.create("mail", "x")
        event = p.feedback("mail", **given).event
        assert (event.kind, event.value, event.rating) == (kind, value, counts)
        assert rating(p, "mail") == counts
        assert p.feedback_events().items == (event,)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"comment": "  "},
        {"latency_ms": 3.0},
        {"thumb": "sideways"},
        {"done": "deleted"},
        {"thumb": "up", "stars": 4},
        {"stars": 0},
        {"stars": 2.5},
        {"stars": True},
        {"score": 1.01},
        {"score": float("nan")},
        {"score": "good"},
        {"thumb": "up", "latency_ms": -1},
        {"comment": "x" * 10_001},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(given: dict[str, Any]) -> None:
    with burnish.open() as p:
        p.prompts.create("mail", "x")
        with pytest.raises(UsageError) as caught:
            p.feedback("mail", **given)
        assert caught.value.hint
        assert p.feedback_events().items == ()
        assert rating(p, "mail") is None


def test_a_run_is_told_by_its_id_or_a_beginning_of_it() -> None:
    with burnish.open() as p:
        p.prompts.create("mail", "Kind of mail?")
        answer = p.complete("mail", model="fake:echo")
        event = p.feedback(answer.run_id, thumb="up").event
        assert (event.run_id, event.model) == (answer.run_id, "fake:echo")
        assert (event.prompt, event.revision) == ("mail", 1)
        assert p.feedback(answer.run_id[:13], stars=1).event.run_id == answer.run_id
        assert len(p.feedback_events(answer.run_id).items) == 2
        p.complete("mail", model="fake:echo")
        with pytest.raises(Conflict, match="more than one run"):
            p.feedback(answer.run_id[:9], thumb="up")
        version = p.prompts.get("mail").version
        assert p.feedback(version.id, thumb="up").event.version_id == version.id
        assert p.feedback(version.prompt_id, thumb="up").event.version_id is None
        for unknown in (p.new_id(), "none", "mail@9"):
            with pytest.raises(NotFound):
                p.feedback(unknown, thumb="up")
        with pytest.raises(UsageError, match="nothing is named"):
            p.feedback(" ", thumb="up")


def test_techniques_are_credited_unless_it_is_not_to_be_learned_from() -> None:
    with burnish.open() as p:
        made = p.generate("summarise support tickets for the weekly report", name="sum")
        p.feedback("sum", stars=5)
        p.feedback("sum", stars=3)
        silent = p.feedback("sum", thumb="down", learn=False).event
        assert not silent.learn
        assert silent.techniques == tuple(each.technique for each in made.best.techniques)
        assert silent.intent == made.classification.intent
        assert p.feedback("sum", comment="hm").event.techniques == silent.techniques
    # A text of one's own has none of them.
    with burnish.open() as p:
        p.prompts.update("sum", "Another text")
        assert p.feedback("sum@2", thumb="up").event.techniques == ()


def test_an_experiment_hears_of_it_once() -> None:
    with burnish.open() as p:
        p.prompts.create("mail", "Short: {{ mail }}")
        p.prompts.update("mail", "Long: {{ mail }}")
        p.experiments.create("tone", ["mail@1", "mail@2"], metric="thumb", label="production")
        p.prompts.set_label("mail", "production", 1)
        p.experiments.start("tone")
        runs = [
            p.complete("mail", {"mail": "x"}, model="fake:echo", unit=f"u{n}").run_id
            for n in range(3)
        ]
        assert sum(p.experiments.report("tone").absent.values()) == 3
        for run in runs:
            told = p.feedback(run, thumb="up")
            assert (told.experiments, told.notes) == (("tone",), ())
        p.feedback(runs[0], thumb="down")
        found = p.experiments.report("tone")
        assert sum(found.absent.values()) == 0
        other = p.complete("mail", {"mail": "x"}, model="fake:echo").run_id
        assert p.feedback(other, thumb="up").experiments == ()


def test_pages_go_on_where_the_last_one_ended(capsys: Capture) -> None:
    with burnish.open() as p:
        p.prompts.create("mail", "x")
        events = [p.feedback("mail", score=n / 10).event for n in range(5)]
        found: list[FeedbackEvent] = []
        page = p.feedback_events(limit=2)
        found += page.items
        while page.next:
            page = p.feedback_events(limit=2, cursor=page.next)
            found += page.items
        assert found == events[::-1]
        with pytest.raises(UsageError, match="page of 0"):
            p.feedback_events(limit=0)
        with pytest.raises(UsageError, match="no cursor"):
            p.feedback_events(cursor="x")
    assert main(["feedback", "mail", "--limit", "1"]) == 0
    row = capsys.readouterr().out.rstrip("\n").split("\t")
    assert row[2:5] == ["mail@1", "score", "0.40"]
    assert main(["feedback", "--kind", "stars", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == []
    assert main(["feedback", "mail", "--latency-ms", "3"]) == 2
    assert main(["feedback", "mail", "--stars", "9"]) == 2
    assert main(["feedback", "none", "--thumb", "up"]) == 3


def test_whoever_says_it_stands_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as url, burnish.open() as p:
        p.prompts.create("mail", "x")
        key = p.keys.create("app", role="viewer").key
        with burnish.Client(url, key) as client:
            assert client.feedback("mail", thumb="up").event.who == "app"
            assert client.feedback_events(who="app").items
            assert not client.feedback_events(who="root").items
