"""Scorers that ask a model: rubric, closed-qa, factuality, pairwise."""

from __future__ import annotations

from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.evals.judge import Judge, Verdict
from burnish.evals.judge_asks import ANCHORS
from burnish.evals.scored import Answered
from burnish.evals.scorers.kind import Case, Grade, Options, Says, ScorerKind, about, texts_of
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec


class Judged(Options, frozen=True, kw_only=True):
    model: Says[str, about("The model that judges; the evaluation's judge if not set.")] = ""
    repeats: Says[
        int, about("How often it is asked; more than once has been measured to add nothing.")
    ] = 1


class Rubric(Judged, frozen=True, kw_only=True):
    anchors: Says[tuple[str, ...], about("What each of the scores 1 to 5 means.")] = ANCHORS
    reference: Says[bool, about("Show the judge what the example expects.")] = True


class Pairwise(Judged, frozen=True, kw_only=True):
    criteria: Says[str, about("What makes an answer the better one.")] = (
        "The better answer does what the task asks: right, complete, within its limits."
    )


async def rubric(case: Case[Rubric]) -> Grade:
    """A score of 1 to 5, given as 0 to 1; 4 passes unless there is a threshold."""
    expected = case.answered.example.expected
    shown = expected is not None and case.options.reference
    verdict = await _judge(case).grade(
        _task(case.answered),
        case.output,
        _criteria(case.value),
        reference=_as_text(expected) if shown else "",
        anchors=case.options.anchors,
    )
    if verdict.error:
        return _failed(verdict)
    return Grade(
        value=(verdict.value - 1) / 4,
        reason=verdict.reason,
        details={"score": verdict.value, "scores": list(verdict.all)},
    )


async def closed_qa(case: Case[Judged]) -> Grade:
    verdict = await _judge(case).meets(_task(case.answered), case.output, _criteria(case.value))
    return _failed(verdict) if verdict.error else _given(verdict, met=bool(verdict.value))


async def factuality(case: Case[Judged]) -> Grade:
    """1 unless the answer contradicts the reference."""
    reference = "\n".join(texts_of(case.wanted, "the reference"))
    verdict = await _judge(case).consistent_with(_task(case.answered), case.output, reference)
    return _failed(verdict) if verdict.error else _given(verdict, met=verdict.value != "D")


async def pairwise(case: Case[Pairwise]) -> Grade:
    """1 where the answer is better than the reference, 0.5 where neither is."""
    found = await _judge(case).compare(
        _task(case.answered), case.output, _as_text(case.wanted), case.options.criteria
    )
    if found.error:
        return Grade(value=None, error=found.error)
    return Grade(
        value={"first": 1.0, "tie": 0.5, "second": 0.0}[found.winner],
        reason=found.reason,
        details={"winner": found.winner, "consistent": found.consistent},
    )


def _judge(case: Case[Any]) -> Judge:
    return _made(case.options, case.tools)


def _made(options: Judged, tools: Tools) -> Judge:
    model = options.model or tools.judge_model()
    if tools.ask is None or not model:
        raise UsageError(
            "this scorer asks a model, and none is named that judges",
            hint="name one in the parameter model",
        )
    return Judge(tools.ask, model, repeats=options.repeats)


def _task(answered: Answered) -> str:
    if answered.messages:
        return "\n\n".join(f"[{each.role}]\n{each.content}" for each in answered.messages)
    return _as_text(answered.example.inputs)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _criteria(value: Any) -> str:
    given = texts_of(value, "the criteria")
    return given[0] if len(given) == 1 else "\n".join(f"- {each}" for each in given)


def _failed(verdict: Verdict) -> Grade:
    return Grade(value=None, error=verdict.error)


def _given(verdict: Verdict, *, met: bool) -> Grade:
    return Grade(
        value=float(met),
        reason=verdict.reason,
        details={"said": [str(each) for each in verdict.all]},
    )


def _once(options: Judged) -> int:
    return options.repeats


def _in_both_orders(options: Judged) -> int:
    return 2 * options.repeats


def _check_judged(options: Judged, tools: Tools) -> None:
    _made(options, tools)


def _check_criteria(value: Any, *_: Any) -> None:
    if not _criteria(value).strip():
        raise UsageError("the rubric is empty", hint="say what a good answer is")


def _check_rubric(options: Rubric, tools: Tools) -> None:
    if len(options.anchors) != len(ANCHORS):
        raise UsageError("a scale has five anchors", hint="say what each of 1 to 5 means")
    _made(options, tools)


KINDS = (
    ScorerKind(
        name="rubric",
        summary="A model gives 1 to 5 by your criteria, with its reason; 4 passes.",
        grade=rubric,
        options=Rubric,
        needs="value",
        takes="criteria",
        check=_check_criteria,
        check_options=_check_rubric,
        threshold=0.75,
        aliases=("llm-rubric",),
        asks_model=True,
        questions=_once,
        timeout_s=None,
        example=ScorerSpec(name="rubric", value="Polite, and says when the parcel arrives."),
    ),
    ScorerKind(
        name="closed-qa",
        summary="A model says whether the answer meets one criterion.",
        grade=closed_qa,
        options=Judged,
        needs="value",
        takes="criterion",
        check=_check_criteria,
        check_options=_check_judged,
        aliases=("model-graded-closedqa",),
        asks_model=True,
        questions=_once,
        timeout_s=None,
        example=ScorerSpec(name="closed-qa", value="It names a date."),
    ),
    ScorerKind(
        name="factuality",
        summary="A model says whether the answer contradicts the expected one.",
        grade=factuality,
        options=Judged,
        takes="reference",
        check_options=_check_judged,
        aliases=("model-graded-factuality",),
        asks_model=True,
        questions=_once,
        timeout_s=None,
        example=ScorerSpec(name="factuality", value="The office opens at 9 on weekdays."),
    ),
    ScorerKind(
        name="pairwise",
        summary="A model compares the answer with the expected one, in both orders.",
        grade=pairwise,
        options=Pairwise,
        takes="the answer to compare with",
        check_options=_check_judged,
        threshold=0.5,
        asks_model=True,
        questions=_in_both_orders,
        timeout_s=None,
        example=ScorerSpec(name="pairwise", value="Your parcel comes on Friday."),
    ),
)
