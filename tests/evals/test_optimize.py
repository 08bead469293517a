"""`generate` with examples: other prompts are tried, and the best is taken if it is better."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.evals.optimizing import HELPS, IDEA, ROWS, helped, label, opened, optimised, split_rows

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest


@pytest.mark.spec("GEN-02")
def test_the_better_prompt_takes_the_place_of_the_original_and_a_worse_one_does_not() -> None:
    with opened(helped) as p:
        made = optimised(p)
        found = made.optimized
        assert found is not None
        assert found.outcome == "improved"
        (before,), (after,) = found.before, found.after
        assert (before.mean, before.n) == (0.0, 24)
        assert (after.mean, after.n) == (1.0, 24)
        assert before.high is not None
        assert after.low is not None
        assert before.high < after.low
        assert found.scorers == ("exact",)
        assert found.text.startswith("improved: 0.00 [0.00, 0.14] → 1.00 [0.86, 1.00] over 24")
        assert HELPS in made.text
        assert p.prompts.get("mail/kind").version.text == made.text
        assert HELPS not in p.prompts.get(found.original).version.text
    # Once every prompt answers rightly, no other one is better.
    with opened(label) as p:
        asked = burnish.Optimize(data=ROWS, models="fake:b")
        made = p.generate(IDEA, name="mail/same", optimize=asked)
        found = made.optimized
        assert found is not None
        assert (found.outcome, found.before[0].mean, found.after[0].mean) == ("kept", 1.0, 1.0)
        assert made.reference == found.original == "mail/same@1"
        assert p.prompts.get("mail/same").version.revision == 1


def test_a_lead_that_could_be_luck_keeps_the_original() -> None:
    def slightly(request: ModelRequest) -> str:
        text = request.messages[-1].content
        lucky = HELPS in text and "mail 3\n" in text
        return label(request) if lucky or "mail 5\n" in text else "neither"

    with opened(slightly) as p:
        found = optimised(p).optimized
    assert found is not None
    assert found.outcome == "kept"
    assert "0.04 [0.01, 0.20] → 0.08 [0.02, 0.26] is no gain shown over 24 examples" in found.text
    assert "no difference shown" in found.comparisons[0]


def test_many_examples_are_held_back_to_judge_by() -> None:
    rows = split_rows(60, lambda n: n % 2)
    told: list[tuple[str, int, int]] = []

    def tell(doing: str, done: int, total: int) -> None:
        told.append((doing, done, total))

    with opened(helped) as p:
        found = optimised(p, rows, progress=tell).optimized
        assert found is not None
        chosen, judged = (p.evaluations.get(each) for each in found.evaluations)
    assert found.outcome == "improved"
    assert (found.held_out, found.chosen_on, found.examples) == (True, 30, 30)
    assert (chosen.split, judged.split) == ("train", "test")
    assert len(chosen.prompts) == 5
    assert set(judged.prompts) == {found.original, found.best}
    assert found.text.endswith("over 30 examples that were held back")
    assert not found.notes
    assert list(dict.fromkeys(step[0] for step in told)) == ["writing", "choosing", "comparing"]
    assert {("choosing", 150, 150), ("comparing", 60, 60)} <= set(told)


def test_what_looks_better_where_it_is_chosen_must_be_so_where_it_is_judged() -> None:
    rows = split_rows(48, lambda n: n // 24)

    def by_heart(request: ModelRequest) -> str:
        number = int(request.messages[-1].content.split("<mail>\nmail ")[1].split("\n")[0])
        return helped(request) if number < 24 else "neither"

    with opened(by_heart) as p:
        made = optimised(p, rows)
    found = made.optimized
    assert found is not None
    best = next(each for each in found.tried if each.reference == found.best)
    assert best.scores[0].mean == 1.0
    assert (found.outcome, found.after[0].mean) == ("kept", 0.0)
    assert made.reference == found.original


def test_the_library_stays_tidy_and_knows_where_the_prompt_comes_from() -> None:
    with opened(helped) as p:
        made = optimised(p, candidates=3)
        found = made.optimized
        assert found is not None
        assert [each.name for each in p.prompts.branches("mail/kind")] == ["main"]
        history = p.prompts.history("mail/kind")
        in_use = [e.version.revision for e in history if e.version.archived_at is None]
        assert in_use == [5, 1]
        assert history[0].version.message == "Improve mail/kind@1: 0.00 → 1.00"
        record = history[0].version.metadata["optimised"]
        assert record["evaluations"] == list(found.evaluations)
        assert (record["before"][0]["mean"], record["after"][0]["mean"]) == (0.0, 1.0)
        assert history[0].version.metadata["idea"] == IDEA
        graph = p.prompts.graph("mail/kind")
        ids = {node.reference: node.id for node in graph.nodes}
        edges = {(edge.parent, edge.kind) for edge in graph.edges if edge.child == made_id(p)}
        assert (ids["mail/kind@1"], "optimised") in edges
        assert (ids[found.best], "merged") in edges
        # The texts that were tried differ.
        texts = {p.prompts.get(each.reference).version.text for each in found.tried}
        assert len(texts) == 4


def made_id(p: burnish.Platform) -> str:
    return p.prompts.get("mail/kind").version.id


def test_the_same_again_asks_nobody() -> None:
    model = Fake(helped)
    with opened(model) as p:
        first = optimised(p).optimized
    asked = len(model.requests)
    with opened(model) as p:
        again = optimised(p)
    assert len(model.requests) == asked == 5 * 24
    assert first is not None
    assert again.optimized is not None
    assert again.optimized.after == first.after
    # As without examples, the same idea adds revisions.
    assert again.optimized.original == "mail/kind@7"


def test_a_model_that_writes_gives_candidates_too() -> None:
    def answer(request: ModelRequest) -> str:
        text = request.messages[-1].content
        if "<outline>" not in text and "<prompt>" not in text:
            return helped(request)
        tag = "outline" if "<outline>" in text else "prompt"
        body = text.split(f"<{tag}>\n")[1].split(f"\n</{tag}>")[0]
        return body.replace("Classify", f"Variant {len(body) % 7}: classify")

    with opened(answer) as p:
        made = p.generate(
            IDEA,
            name="mail/kind",
            model="fake:writer",
            phases=["draft"],
            count=3,
            optimize=burnish.Optimize(data=ROWS),
        )
    found = made.optimized
    assert found is not None
    assert found.tried[0].made_by == "fake:writer"
    assert "offline" in {each.made_by for each in found.tried}
    assert sum(each.made_by == "fake:writer" for each in found.tried) >= 2
    # Without models of its own, the one that writes answers.
    assert {score.model for score in found.before} == {"fake:writer"}


def test_two_models_must_not_disagree() -> None:
    def answer(request: ModelRequest) -> str:
        good = HELPS in request.messages[-1].content
        return label(request) if good == (request.model == "likes") else "neither"

    with opened(answer) as p:
        likes = optimised(p, models=["fake:likes"]).optimized
        both = optimised(p, models=["fake:likes", "fake:hates"]).optimized
    assert likes is not None
    assert both is not None
    assert likes.outcome == "improved"
    assert both.outcome == "kept"
    assert {score.model for score in both.before} == {"fake:likes", "fake:hates"}


def test_a_save_meanwhile_is_not_overwritten() -> None:
    taken: list[asyncio.Task[Any]] = []

    def answer(request: ModelRequest) -> str:
        if not taken:
            library = asyncio.ensure_future(p._target.prompts.update("mail/kind", "Mine."))  # pyright: ignore[reportPrivateUsage] - the loop that asks is the platform's
            taken.append(library)
        return helped(request)

    with opened(answer) as p:
        made = optimised(p)
        assert p.prompts.get("mail/kind").version.text == "Mine."
    assert made.optimized is not None
    assert made.optimized.outcome == "kept"
    assert "somebody has saved mail/kind meanwhile" in made.optimized.text


def test_columns_of_a_file_name_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "mails.csv"
    lines = [f"mail {n},{'bug' if n % 2 else 'praise'}" for n in range(12)]
    path.write_text("\n".join(["mail,expected", *lines]))
    with opened(helped) as p:
        made = optimised(p, data=path, limit=10)
    assert made.optimized is not None
    assert [v.name for v in made.variables if v.required] == ["mail"]
    assert (made.optimized.dataset, made.optimized.examples) == ("mails@1", 10)


def test_labels_that_the_idea_leaves_open_are_what_the_examples_expect() -> None:
    with opened(helped) as p:
        asked = burnish.Optimize(data=ROWS, models="fake:a")
        made = p.generate("classify support mails", name="mail/open", optimize=asked)
        rendered = p.prompts.render("mail/open", {"mail": "It is broken."})
    assert made.optimized is not None
    assert made.optimized.outcome == "improved"
    assert "the labels are what the examples expect: bug, praise" in made.optimized.notes
    assert "exactly like this: bug, praise." in rendered.messages[-1].content


def test_a_column_that_the_idea_names_already_is_filled_there() -> None:
    rows = [{"inputs": {"topic": f"thing {n}"}, "expected": f"thing {n}"} for n in range(9)]
    with opened(Fake()) as p:
        made = p.generate(
            "explain photosynthesis to a 10 year old",
            optimize=burnish.Optimize(data=rows, models="fake:a", scorers=["contains"]),
        )
        named = p.generate(
            "summarise {{ topic }} in one sentence",
            optimize=burnish.Optimize(data=rows, models="fake:a", scorers=["contains"]),
        )
    for each in (made, named):
        assert each.optimized is not None
        assert each.optimized.before[0].mean == 1.0
        assert "topic" in {variable.name for variable in each.variables}
