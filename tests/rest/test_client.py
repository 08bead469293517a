"""The same script runs where the data is, and beside a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import burnish

TEXT = "Is this mail a bug or praise? {{ mail }}"
ROWS = [{"mail": f"mail {n}", "expected": f"mail {n}"} for n in range(24)]


@pytest.mark.spec("PY-02")
def test_prompts_are_kept_labelled_and_rendered(either: burnish.Platform) -> None:
    p = either
    made = p.prompts.create("mail/kind", TEXT, tags=["mail"], author="Ann", message="First")
    assert (made.version.revision, made.version.author) == (1, "Ann")
    again = p.prompts.update("mail/kind", f"{TEXT} Answer with one word.", expected_revision=1)
    assert again.version.revision == 2
    p.prompts.set_label("mail/kind", "production", 1, why="measured")
    found = p.prompts.get("mail/kind")
    assert (found.via, found.version.revision) == ("production", 1)
    assert p.prompts.get("mail/kind", "latest").version.revision == 2
    assert p.prompts.get("mail/kind@2").version.id == again.version.id
    shown = p.prompts.render("mail/kind", {"mail": "It does not start."})
    assert shown.messages[0].content == "Is this mail a bug or praise? It does not start."
    assert [each.version.revision for each in p.prompts.history("mail/kind")] == [2, 1]
    assert [each.name for each in p.prompts.list(tags=["mail"], prefix="mail/").items] == [
        "mail/kind"
    ]
    assert "one word" in str(p.prompts.diff("mail/kind@1", "mail/kind@2"))
    p.prompts.delete("mail/kind")
    with pytest.raises(burnish.NotFound):
        p.prompts.get("mail/kind@1")
    assert p.prompts.restore("mail/kind").latest_revision == 2


@pytest.mark.spec("PY-02")
def test_what_is_made_measured_and_counted_is_the_same(either: burnish.Platform) -> None:
    p = either
    assert p.analyze("translate this letter into French").intent == "translation"
    assert "Tell Ann" in p.enhance("Tell Ann that the parcel is late.").text
    made = p.generate("summarise support tickets for the weekly report", name="tickets/weekly")
    assert made.reference == "tickets/weekly@1"
    events = list(p.generate_stream("summarise support tickets", name="tickets/other"))
    assert events[-1].kind == "done"
    assert events[-1].generation is not None
    p.prompts.create("mail/kind", TEXT)
    p.datasets.add("mails", ROWS)
    done = p.evaluate("mail/kind", "mails", models="fake:echo", scorers=["contains"])
    (column,) = done.report.columns
    assert (column.score.mean, column.score.n) == (1.0, 24)
    assert [each.best for each in p.evaluations.list()] == [done.report.columns[0].name]
    assert {each.group: each.runs for each in p.stats("prompt")}["mail/kind"] == 24
    found = p.search("support tickets")
    assert "tickets/weekly" in [hit.prompt.name for hit in found.items]


@pytest.mark.spec("API-06")
def test_a_prompt_is_optimised_and_an_experiment_is_run(either: burnish.Platform) -> None:
    p = either
    p.prompts.create("mail/kind", TEXT)
    p.datasets.add("mails", [*ROWS, *({"mail": f"more {n}", "expected": "x"} for n in range(40))])
    done = p.optimize(
        "mail/kind", "mails", model="fake:echo", writer="offline", scorers=["contains"], budget=120
    )
    assert done.optimization.outcome in {"kept", "improved"}
    assert p.optimizations.list()[0].id == done.optimization.id
    p.prompts.update("mail/kind", f"{TEXT} Answer with one word.")
    p.prompts.set_label("mail/kind", "production", 1)
    p.experiments.create("words", ["mail/kind@1", "mail/kind@2"], metric="solved")
    assert p.experiments.start("words").state == "running"
    variant = p.experiments.assign("words", "user-1").variant
    assert p.experiments.assign("words", "user-1").variant == variant
    p.experiments.record("words", unit="user-1", metric="solved", value=1)
    p.flush()
    assert p.experiments.report("words").verdict
    assert p.experiments.stop("words").state == "stopped"


def refused(p: burnish.Platform) -> Iterator[tuple[Callable[[], object], type[Exception]]]:
    """Calls, and what each raises."""
    yield lambda: p.prompts.get("none"), burnish.NotFound
    yield lambda: p.prompts.create("|", "x"), burnish.UsageError
    yield lambda: p.prompts.create("a", "{{ x"), burnish.TemplateRefused
    yield lambda: p.analyze(""), burnish.UsageError
    yield lambda: p.prompts.update("kept", "other", expected_revision=7), burnish.Conflict
    yield lambda: p.prompts.render("kept", {}), burnish.VariableError
    yield lambda: p.complete("kept", {"x": "y"}, model="openai:m"), burnish.UsageError
    yield lambda: p.catalog.get("none"), burnish.NotFound


def test_errors_are_the_same_with_what_to_do(either: burnish.Platform) -> None:
    either.prompts.create("kept", "Say {{ x }}")
    for call, kind in refused(either):
        with pytest.raises(burnish.BurnishError) as caught:
            call()
        assert type(caught.value) is kind
        assert caught.value.what
        assert caught.value.hint


def test_catalogues_are_the_same(either: burnish.Platform) -> None:
    first, *_ = either.catalog.list()
    assert either.catalog.get(first.name) == first
    assert either.personas
    assert "contains" in [each.name for each in either.scorers.list()]
    assert either.models.providers()


def test_what_means_something_here_alone_is_refused_before_it_is_sent(address: str) -> None:
    with burnish.Client(address) as p:
        p.prompts.create("mail/kind", TEXT)
        with pytest.raises(burnish.UsageError, match="over HTTP"):
            p.reindex()
        with pytest.raises(burnish.UsageError, match="over HTTP"):
            p.datasets.export("mails", print)


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with (
        burnish.Client("http://127.0.0.1:9") as p,
        pytest.raises(burnish.Unavailable, match=r"127\.0\.0\.1:9 cannot be reached"),
    ):
        p.prompts.get("mail/kind")
    with pytest.raises(burnish.UsageError, match="no address"):
        burnish.Client("127.0.0.1:8080")


async def test_the_async_client_has_the_same_surface(address: str) -> None:
    async with burnish.AsyncClient(address) as p:
        await p.prompts.create("a/versions", "Say {{ x }}")
        await p.prompts.create("ä b/ü?c&d", "Say {{ x }}")
        found = await asyncio.gather(p.prompts.get("a/versions"), p.prompts.get("ä b/ü?c&d"))
        assert [each.prompt.name for each in found] == ["a/versions", "ä b/ü?c&d"]
        job = await p.schedules.list()
        assert job == []
        with pytest.raises(burnish.UsageError, match="waits for nothing"):
            p.catalog.list()


def test_files_come_and_go(either: burnish.Platform, tmp_path: Path) -> None:
    either.prompts.create("mail/late", "Tell {{ name }} that the parcel is late.", tags=["mail"])
    assert either.export_(tmp_path / "mail.zip", prefix="mail/").prompts == 1
    text = "".join(either.export_(names=["mail/late"], format="markdown").files.values())
    assert "that the parcel is late" in text
    either.prompts.delete("mail/late")
    either.prompts.restore("mail/late", as_name="mail/old")
    done = either.import_(tmp_path / "mail.zip")
    assert done.new == 1
    assert either.prompts.get("mail/late").prompt.tags == ("mail",)
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(burnish.BurnishError):
        either.import_(tmp_path / "none")
