"""Refining several times, which ends when nothing is left to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish import Fake, ModelRequest, UsageError

IDEA = "summarise support tickets for the weekly report in 5 bullets"
PROMPT = re.compile(r"<(?:outline|prompt)>\n(.*)\n</(?:outline|prompt)>", re.DOTALL)
FIVE = ["draft", *["refine"] * 5]
LEFT = "nothing left to change"


def given(request: ModelRequest) -> str:
    found = PROMPT.search(request.messages[1].content)
    assert found
    return found[1]


def is_refine(request: ModelRequest) -> bool:
    return "Rewrite this prompt" in request.messages[1].content


def better(times: int) -> Callable[..., str]:
    """A model that adds something so many times, always vague, then gives the text back."""

    def write(request: ModelRequest) -> str:
        text = given(request)
        done = text.count("appropriate words")
        is_more = is_refine(request) and done < times
        return f"{text}\n- Bullet {done} has appropriate words." if is_more else text

    return write


@contextmanager
def opened(model: Fake, home: Path, **settings: Any) -> Generator[burnish.Platform]:
    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return [model]

    with burnish.open(str(home), plugins=[Plugin], **settings) as p:
        yield p


def test_each_refining_gets_the_text_of_the_one_before(tmp_path: Path) -> None:
    model = Fake(better(times=9))
    with opened(model, tmp_path) as p:
        made = p.generate(IDEA, model="fake:m", phases=["draft", "refine", "refine"], count=1)
        runs = {run.id: run for run in p.runs.page().items}
    draft, first, second = made.best.phases
    assert [len(model.requests), draft.stopped, second.stopped] == [3, "", ""]
    assert given(model.requests[2]) == first.text != draft.text
    assert (first.parent_id, second.parent_id) == (draft.id, first.id)
    assert runs[second.id].parent_id == first.id
    assert made.text == second.text


def test_no_request_is_made_after_a_refining_that_changed_nothing(tmp_path: Path) -> None:
    model = Fake(better(times=1))
    with opened(model, tmp_path) as p:
        made = p.generate(IDEA, model="fake:m", phases=FIVE, count=1)
        stored = p.prompts.get(made.reference).version.metadata
    assert len(model.requests) == 3
    assert [(x.phase, x.kept, x.stopped) for x in made.best.phases] == [
        ("draft", "unchanged", ""),
        ("refine", "", ""),
        ("refine", "unchanged", LEFT),
    ]
    assert stored["stopped"] == LEFT
    assert made.model == "fake:m"


def test_a_text_that_the_critique_finds_nothing_in_is_not_refined_again(tmp_path: Path) -> None:
    model = Fake(lambda request: f"{given(request)}\n- At most 20 words in each bullet.")
    with opened(model, tmp_path) as p:
        made = p.generate(IDEA, model="fake:m", phases=["refine", "refine"], count=1)
    assert len(model.requests) == 1
    assert [(phase.kept, phase.stopped) for phase in made.best.phases] == [("", LEFT)]


def test_a_refining_that_was_left_out_is_not_asked_for_again(tmp_path: Path) -> None:
    model = Fake(["no prompt at all"])
    with opened(model, tmp_path, models__max_retries=1) as p:
        made = p.generate(IDEA, model="fake:m", phases=["refine", "refine"], count=1)
    assert len(model.requests) == 2
    assert [phase.stopped for phase in made.best.phases] == ["the refining before was left out"]


def test_another_phase_between_two_refinings_makes_the_second_worth_asking(
    tmp_path: Path,
) -> None:
    model = Fake(better(times=0))
    with opened(model, tmp_path) as p:
        made = p.generate(IDEA, model="fake:m", phases=["refine", "draft", "refine"], count=1)
    assert [phase.phase for phase in made.best.phases] == ["refine", "draft", "refine"]
    assert made.best.phases[-1].cached  # it is the same question as the first


@pytest.mark.parametrize(
    ("strategy", "requests", "results", "phases"),
    [("cascade", 6, 2, 3), ("best", 6, 1, 3), ("all", 6, 6, 3)],
)
def test_every_strategy_stops(
    tmp_path: Path, strategy: str, requests: int, results: int, phases: int
) -> None:
    def write(request: ModelRequest) -> str:
        text = given(request)
        line = f"- Sample {request.sample} has appropriate words."
        is_done = "appropriate words" in text
        return text if is_done or not is_refine(request) else f"{text}\n{line}"

    model = Fake(write)
    with opened(model, tmp_path) as p:
        made = p.generate(IDEA, model="fake:m", phases=FIVE, count=2, strategy=strategy)
    assert len(model.requests) == requests
    assert len(made.candidates) == results
    longest = max((each.phases for each in made.candidates), key=len)
    assert len(longest) == phases
    assert longest[-1].stopped == LEFT
    parents = [phase.parent_id for phase in longest]
    assert parents == [None, *(phase.id for phase in longest[:-1])]


def test_a_variant_that_is_written_anew_is_refined_as_often(tmp_path: Path) -> None:
    def write(request: ModelRequest) -> str:
        text = given(request)
        if "- Anew." in text:
            return text
        names = ", ".join(sorted(set(re.findall(r"\{\{ \w+ \}\}", text))))
        task = f"## Task\nSummarise {names} in 5 bullets, with appropriate words."
        last = "- Anew." if request.sample >= 1_000 else "A list."
        return f"{task}\n\n## Format\n{last}"

    with opened(Fake(write), tmp_path) as p:
        made = p.generate(
            "summarise {{ support_tickets }} in 5 bullets",
            model="fake:m",
            phases=["refine"] * 4,
            count=2,
        )
    assert sorted(len(each.phases) for each in made.candidates) == [2, 3]
    assert [each.phases[-1].stopped for each in made.candidates] == [LEFT, LEFT]


def test_events_say_so_and_the_joined_pieces_are_the_text(tmp_path: Path) -> None:
    with opened(Fake(better(times=1)), tmp_path) as p:
        events = list(p.generate_stream(IDEA, model="fake:m", phases=FIVE))
    assert [(e.phase, e.text) for e in events if e.kind == "stopped"] == [("refine", LEFT)]
    said = ""
    for event in events:
        if event.final and event.kind in ("text", "restart"):
            said = said + event.text if event.kind == "text" else ""
    made = events[-1].generation
    assert made is not None
    assert said == made.text


def test_offline_a_second_refining_is_not_run(p: burnish.Platform) -> None:
    once = p.generate(IDEA, store=False)
    made = p.generate(IDEA, phases=["explore", "draft", "refine", "refine"])
    assert made.text == once.text
    assert [(x.phase, x.stopped) for x in made.best.phases] == [
        ("explore", ""),
        ("draft", ""),
        ("refine", LEFT),
    ]


def test_the_setting_may_name_refine_several_times(tmp_path: Path) -> None:
    model = Fake(better(times=9))
    settings: dict[str, Any] = {"generation__phases": ["draft", "refine", "refine", "draft"]}
    with opened(model, tmp_path, **settings) as p:
        made = p.generate(IDEA, model="fake:m", count=1)
    assert [phase.phase for phase in made.best.phases] == ["draft", "refine", "refine"]


def test_six_refinings_are_too_many(p: burnish.Platform) -> None:
    with pytest.raises(UsageError, match="refine is named 6 times; name it at most 5 times"):
        p.generate(IDEA, phases=["refine"] * 6)


def test_a_batch_counts_the_calls_at_most(tmp_path: Path) -> None:
    with opened(Fake(better(times=0)), tmp_path) as p:
        assert p.plan_batch([IDEA], model="fake:m", phases=FIVE, count=1).calls == 6
