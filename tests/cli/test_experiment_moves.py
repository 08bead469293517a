"""burnish experiments: from a draft to a promotion, on the command line."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.cli.conftest import Run
from tests.experiments.recorded import recorded

import burnish


@pytest.fixture
def planned(run: Run) -> Run:
    """With a prompt of two revisions, and an experiment on them."""
    run("prompts", "create", "mail/late", "Say sorry for {{ order }}.")
    run("prompts", "create", "mail/late", "Apologise for {{ order }} in one line.")
    run("prompts", "label", "mail/late", "production", "1")
    done = run("experiments", "create", "shorter", *VARIANTS, "--metric", "solved")
    assert done.code == 0
    return run


VARIANTS = ("mail/late@1", "short=mail/late@2")


def lived(rates: dict[str, float]) -> None:
    """Units came and left their outcomes."""

    async def left() -> None:
        async with burnish.open_async() as p:
            own = await p.experiments.get("shorter")
            await recorded(p.settings.home_path, own, rates)

    asyncio.run(left())


def test_a_plan_is_told_in_a_line_and_as_json(planned: Run) -> None:
    options = ("--weights", "A=3,short=1", "--ramp", "1%,10%,100%", "--target", "country=de,fr")
    told = planned("experiments", "create", "b", *VARIANTS, "--metric", "solved", *options)
    assert told.out == "b: A mail/late@1 (control), short mail/late@2 by solved, draft\n"
    wanted = (
        "--metric",
        "words, kind=mean, lower",
        "--guardrail",
        "cost_usd, margin=0.1",
        "--auto",
    )
    made = json.loads(planned("experiments", "create", "c", *VARIANTS, *wanted, "--json").out)
    assert made["plan"]["metric"]["lower_is_better"] is True
    assert made["plan"]["guardrails"][0]["margin"] == 0.1
    assert made["plan"]["auto"] is True
    shown = json.loads(planned("experiments", "list", "--json").out)
    plan = next(each for each in shown if each["name"] == "b")["plan"]
    assert (plan["ramp"], plan["targets"]) == ([0.01, 0.1, 1.0], {"country": ["de", "fr"]})
    assert [each["weight"] for each in plan["variants"]] == [3.0, 1.0]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("create", "x", "mail/late@1"), 2, "two variants or more"),
        (("create", "x", *VARIANTS), 2, "no metric decides"),
        (("create", "x", *VARIANTS, "--metric", "a", "--target", "de"), 2, "'de' is no target"),
        (("create", "x", *VARIANTS, "--metric", "a", "--ramp", "much"), 2, "are no shares"),
        (("create", "x", *VARIANTS, "--metric", "a", "--weights", "A"), 2, "'A' is no share"),
        (("create", "shorter", *VARIANTS, "--metric", "a"), 4, "'shorter' already"),
        (("start", "gone"), 3, "no experiment 'gone'"),
        (("pause", "shorter"), 4, "is a draft"),
        (("promote", "shorter"), 4, "has not begun"),
        (("rollback", "shorter"), 4, "promoted nothing"),
        (("rollback", "shorter", "--force"), 2, "wants a reason"),
        (("start", "shortr"), 3, "did you mean 'shorter'?"),
        (("create", " /x", "a", "b", "--metric", "?"), 2, "cannot name an experiment"),
        (("create", "x", "a=mail/late@1", "a=b", "--metric", "?"), 2, "are called 'a'"),
        (("create", "x", "mail/late@1", "mail/late@9", "--metric", "?"), 3, "no revision 9"),
        (("create", "x", *VARIANTS, "--metric", "?"), 2, "cannot name a metric"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    planned: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = planned("experiments", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_from_a_start_to_a_promotion_and_back(planned: Run) -> None:
    assert planned("experiments", "start", "shorter").out == "shorter is running\n"
    assert planned("experiments", "pause", "shorter", "--why", "noise").out == "shorter is paused\n"
    planned("experiments", "start", "shorter")
    refused = planned("experiments", "promote", "shorter")
    assert (refused.code, refused.out) == (1, "")
    lived({"A": 0.4, "short": 0.7})
    checked = planned("experiments", "check")
    assert checked.out.startswith("shorter is completed. Take short: ")
    listed = planned("experiments", "list", "--state", "completed").out.split("\t")
    assert listed[:5] == ["shorter", "completed", "mail/late", "solved", "short"]
    promoted = planned("experiments", "promote", "shorter")
    assert promoted.out == "mail/late@production is revision 2 now (short)\n"
    back = planned("experiments", "rollback", "shorter", "--why", "complaints")
    assert back.out == "mail/late@production is revision 1 again\n"
    deleted = planned("experiments", "delete", "shorter", "--yes", "--json")
    assert json.loads(deleted.out) == {"deleted": "shorter"}


def test_shares_and_an_early_stop(planned: Run) -> None:
    planned("experiments", "start", "shorter")
    told = planned("experiments", "shares", "shorter", "A=90,short=10")
    assert told.out == "A 90 %, short 10 %\n"
    refused = planned("experiments", "shares", "shorter", "90,10")
    assert (refused.code, refused.err) == (2, "burnish: '90' is no share; such as A=50,B=50\n")
    stopped = planned("experiments", "stop", "shorter").out
    assert stopped.startswith("shorter is stopped. No verdict: too early")


def test_variants_that_are_the_same_are_refused(planned: Run) -> None:
    planned("prompts", "label", "mail/late", "staging", "1")
    create, by = ("experiments", "create", "x"), ("--metric", "solved")
    done = planned(*create, "mail/late@1", "mail/late@staging", *by)
    assert (done.code, done.out) == (2, "")
    assert "variants 'A' and 'B' are the same: mail/late@1; change one of them" in done.err
    cooler = planned(*create, "mail/late@1", "mail/late@1,temperature=0.2", *by)
    assert cooler.code == 0


def test_a_label_that_is_missing_is_told_before_the_start(planned: Run) -> None:
    create = ("experiments", "create", "x", *VARIANTS, "--metric", "solved", "--label", "beta")
    done = planned(*create)
    assert done.code == 0
    assert done.err == (
        "burnish: note: mail/late has no label beta so far; set it before the start: "
        "burnish prompts label mail/late beta REVISION\n"
    )
    assert planned("experiments", "start", "x").code == 3
    planned("prompts", "label", "mail/late", "beta", "1")
    assert planned("experiments", "start", "x").code == 0
    again = planned(*create[:2], "y", *create[3:])
    assert (again.code, again.err) == (0, "")


def test_moves_that_there_are_not_are_told_in_plain_words(planned: Run) -> None:
    planned("experiments", "start", "shorter")
    told = planned("experiments", "start", "shorter")
    assert told.code == 4
    assert told.err == (
        "burnish: experiment 'shorter' is running already; "
        "see how it stands: burnish experiments show shorter\n"
    )
    planned("experiments", "stop", "shorter")
    for move, said in (("stop", "is stopped already"), ("start", "is stopped: it has ended for")):
        told = planned("experiments", move, "shorter")
        assert (told.code, told.err.count("\n")) == (4, 1)
        assert said in told.err
        assert "become" not in told.err


def test_an_experiment_is_named_as_a_prompt_is(planned: Run) -> None:
    for name, code in (("mail/a b!", 0), ("a|b", 2), ("a@1", 2), ("a//b", 2), ("a\nb", 2)):
        done = planned("experiments", "create", name, *VARIANTS, "--metric", "solved")
        assert done.code == planned("prompts", "create", name, "Hello").code == code
        assert "cannot name an experiment" in done.err or not code


def test_nothing_is_deleted_without_a_yes(planned: Run) -> None:
    done = planned("experiments", "delete", "shorter", "--no-input")
    assert done.code != 0
    assert planned("experiments", "list").out.startswith("shorter\tdraft")
