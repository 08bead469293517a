"""Batches: what files may hold, what a run leaves, what a second run does."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish import Fake, ModelRequest
from burnish.errors import Conflict, ServerFault, UsageError
from burnish.generation.batch import Progress
from burnish.generation.batch_items import read_items

IDEAS = [f"summarise report number {n} in five bullets" for n in range(6)]


@contextmanager
def opened(home: Path, *models: Any, **settings: Any) -> Generator[burnish.Platform]:
    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return list(models)

    with burnish.open(str(home), plugins=[Plugin], **settings) as p:
        yield p


@pytest.mark.spec("GEN-23")
class TestFiles:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("json", '["plan a trip", {"idea": "write a haiku", "name": "poems/haiku"}]'),
            (
                "json",
                '{"items": ["plan a trip", {"idea": "write a haiku", "name": "poems/haiku"}]}',
            ),
            ("jsonl", '"plan a trip"\n\n{"idea": "write a haiku", "name": "poems/haiku"}\n'),
            ("csv", "Idea,name\nplan a trip,\nwrite a haiku,poems/haiku\n"),
            ("csv", 'name,text\r\n,plan a trip\r\npoems/haiku,"write a haiku"\r\n'),
        ],
    )
    def test_each_form_gives_the_same_items(self, kind: str, text: str) -> None:
        items = [each.item for each in read_items(text, kind)]
        assert [(item.idea, item.name) for item in items] == [
            ("plan a trip", ""),
            ("write a haiku", "poems/haiku"),
        ]

    def test_text_has_an_idea_a_line_and_remarks(self) -> None:
        items = read_items("# ours\nplan a trip\n\n  write a haiku  \n", "text")
        assert [(each.number, each.item.idea) for each in items] == [
            (1, "plan a trip"),
            (2, "write a haiku"),
        ]

    @pytest.mark.parametrize(
        ("kind", "text", "what"),
        [
            ("json", "[1]", "item 1 is no item"),
            ("json", '[{"ideas": "x"}]', "item 1 is no item"),
            ("json", "{", "is no JSON"),
            ("json", '"x"', "holds no list"),
            ("jsonl", '"plan a trip"\n{oops', "line 2 is no JSON"),
            ("csv", "name\nx\n", "no column `idea`"),
            ("csv", 'idea\n""\n', "line 2 has no idea"),
            ("text", "# nothing\n", "no items"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, kind: str, text: str, what: str) -> None:
        with pytest.raises(UsageError, match=what):
            read_items(text, kind)

    def test_the_same_idea_twice_is_two_items(self) -> None:
        first, second = read_items("plan a trip\nplan a trip\n", "text")
        assert first.key != second.key


@pytest.mark.spec("GEN-23")
class TestRunning:
    def test_each_idea_becomes_a_stored_prompt_in_its_place(self, tmp_path: Path) -> None:
        told: list[Progress] = []
        with opened(tmp_path) as p:
            report = p.batch(IDEAS, output=tmp_path / "out.jsonl", workers=3, progress=told.append)
            assert (report.total, report.done, report.failed, report.left) == (6, 6, 0, 0)
            assert [result.idea for result in report.results] == IDEAS
            for result in report.results:
                assert p.prompts.get(result.reference).version.text == result.text
        assert [progress.done for progress in told] == [1, 2, 3, 4, 5, 6]

    def test_no_more_workers_at_once_than_asked_for(self, tmp_path: Path) -> None:
        model = Fake(lambda r: "1. Notes that are long enough to be taken.", latency_s=0.005)
        with opened(tmp_path, model) as p:
            p.batch(
                IDEAS,
                output=tmp_path / "out.jsonl",
                workers=2,
                model="fake:m",
                phases=["explore"],
                count=1,
            )
        assert model.most_in_flight == 2

    def test_a_second_run_needs_resume_and_does_only_what_is_left(self, tmp_path: Path) -> None:
        journal = tmp_path / "out.jsonl"
        with opened(tmp_path) as p:
            p.batch(IDEAS[:4], output=journal)
            with pytest.raises(Conflict, match="--resume"):
                p.batch(IDEAS, output=journal)
            report = p.batch(IDEAS, output=journal, resume=True)
            assert (report.done, report.resumed) == (6, 4)
            assert p.prompts.list().total == 6
        assert len(journal.read_text(encoding="utf-8").splitlines()) == 6

    def test_two_batches_do_not_share_a_journal(self, tmp_path: Path) -> None:
        journal = tmp_path / "out.jsonl"

        def second(request: ModelRequest) -> str:
            with burnish.open(str(tmp_path / "other")) as other, pytest.raises(Conflict) as caught:
                other.batch(IDEAS, output=journal, resume=True)
            assert "another batch writes" in str(caught.value)
            return "1. Notes that are long enough to be taken."

        with opened(tmp_path, Fake(second)) as p:
            p.batch(IDEAS[:1], output=journal, model="fake:m", phases=["explore"], count=1)

    def test_a_line_that_a_kill_cut_off_is_done_again(self, tmp_path: Path) -> None:
        journal = tmp_path / "out.jsonl"
        with opened(tmp_path) as p:
            p.batch(IDEAS, output=journal)
            whole = journal.read_bytes()
            journal.write_bytes(whole[:-20])
            report = p.batch(IDEAS, output=journal, resume=True)
            assert (report.done, report.resumed) == (6, 5)
            # It had been stored before the journal knew: it is taken over, not stored again.
            assert all(each.latest_revision == 1 for each in p.prompts.list().items)
        numbers = [json.loads(line)["number"] for line in journal.read_text().splitlines()]
        assert sorted(numbers) == [1, 2, 3, 4, 5, 6]

    def test_the_first_error_stops_it_and_what_was_done_stays(self, tmp_path: Path) -> None:
        def some(request: ModelRequest) -> str:
            if "number 2" in request.messages[-1].content:
                raise ServerFault("500", model="fake:m")
            return "1. Notes that are long enough to be taken."

        how: dict[str, Any] = {"model": "fake:m", "phases": ["explore"], "count": 1}
        journal = tmp_path / "out.jsonl"
        with opened(tmp_path, Fake(some), models__max_retries=0) as p:
            with pytest.raises(ServerFault):
                p.batch(IDEAS, output=journal, workers=1, **how)
            report = p.batch(IDEAS, output=journal, resume=True, skip_errors=True, **how)
            assert (report.done, report.failed, report.left) == (5, 1, 0)
            failed = report.results[2]
            assert (failed.status, failed.code) == ("failed", "server_fault")

    def test_items_have_options_of_their_own(self, tmp_path: Path) -> None:
        items = [{"idea": IDEAS[0], "name": "a/b", "category": "c"}, IDEAS[1]]
        with opened(tmp_path) as p:
            report = p.batch(items, output=tmp_path / "o.jsonl", category="usual")
            assert report.results[0].reference == "a/b@1"
            assert p.prompts.get("a/b").prompt.category == "c"
            assert p.prompts.get(report.results[1].reference).prompt.category == "usual"

    @pytest.mark.spec("MOD-12")
    def test_one_bound_on_money_holds_for_all_items(self, tmp_path: Path) -> None:
        class Priced(Fake):
            @property
            def provider(self) -> str:
                return "openai"

        model = Priced(
            lambda r: "1. Notes that are long enough to be taken.",
            capabilities=burnish.Capabilities(local=False),
        )
        held = opened(tmp_path, model, phases__explore__max_tokens=2_000)
        with held as p, pytest.raises(burnish.BudgetExceeded):
            p.batch(
                IDEAS,
                output=tmp_path / "o.jsonl",
                workers=1,
                model="openai:gpt-5-mini",
                phases=["explore"],
                count=1,
                max_cost_usd=0.0044,
            )
        assert 0 < len(model.requests) < len(IDEAS)

    def test_a_dry_run_counts_calls_and_makes_none(self, tmp_path: Path) -> None:
        model = Fake()
        with opened(tmp_path, model) as p:
            plan = p.plan_batch(IDEAS, model="fake:m", count=2)
            assert (len(plan.items), plan.model, plan.calls) == (6, "fake:m", 36)
            assert p.plan_batch(IDEAS, model="fake:m", count=2, strategy="best").calls == 30
            assert p.plan_batch(IDEAS).calls == 0
            assert p.prompts.list().total == 0
        assert not model.requests

    @pytest.mark.parametrize(
        ("options", "what"),
        [
            ({"workers": 0}, "0 workers"),
            ({"speed": 3}, "takes no 'speed'"),
            ({"output": None}, "no journal"),
        ],
    )
    def test_wrong_options_are_refused(
        self, tmp_path: Path, options: dict[str, Any], what: str
    ) -> None:
        usual: dict[str, Any] = {"output": tmp_path / "o.jsonl"}
        with opened(tmp_path) as p, pytest.raises(UsageError, match=what):
            p.batch(IDEAS, **(usual | options))
