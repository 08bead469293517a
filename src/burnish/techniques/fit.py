"""How well one technique fits one request, and why.

A score is the technique's priority plus what speaks for it in this request. The weights are a
starting point; estimates from stored runs outweigh them as the runs grow.
"""

from __future__ import annotations

import msgspec

from burnish.intents.intent import Intent
from burnish.techniques.selection import Estimate, Recommendation, SelectRequest
from burnish.techniques.technique import ModelClass, Need, Technique

FIRST_CHOICE = 0.15
FIRST_CHOICE_OF_ANOTHER_ASK = 0.08
NEED_MET = 0.10
SUITS_THE_MODEL = 0.05
DEPTH = 0.12
PRIOR_RUNS = 20
MOST_FROM_RUNS = 0.4

_MISSING: dict[Need, str] = {
    "input": "the request carries no material",
    "long_input": "the material is not long",
    "examples": "no examples are given",
    "labels": "there is no pool of labelled cases",
    "machine_output": "no program reads the answer",
    "tools": "the model has no tools to use",
}
_THE_USER_CAN_GIVE: tuple[Need, ...] = ("input", "examples")
_WRONG_MODEL: dict[ModelClass, str] = {
    "reasoning": "a reasoning model works the steps out by itself and can get worse with it",
    "small": "small models lose accuracy with it or do not know how to use it",
    "standard": "it is meant for reasoning models",
}
_TOLD: tuple[ModelClass, ...] = ("reasoning", "small")


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """`against` is why the technique must not be used, `held_back` why it is not picked by
    itself though it could be; `worth_saying` marks an `against` that a reader would ask about."""

    technique: Technique
    score: float
    against: str = ""
    held_back: str = ""
    worth_saying: bool = False


class Case(msgspec.Struct, frozen=True):
    """A request, and what every technique asks about it. `lacks` is what it has not got."""

    request: SelectRequest
    intents: tuple[Intent, ...]
    lacks: frozenset[Need]

    @classmethod
    def of(cls, request: SelectRequest) -> Case:
        classification = request.classification
        has: dict[Need, bool] = {
            "input": request.has_input or request.input_is_long,
            "long_input": request.input_is_long,
            "examples": request.has_examples,
            "labels": request.has_labels,
            "machine_output": request.machine_output,
            "tools": request.has_tools,
        }
        return cls(
            request,
            tuple(dict.fromkeys((classification.intent, *classification.asks))),
            frozenset(need for need, given in has.items() if not given),
        )


def in_words(intent: str) -> str:
    return "this request" if intent == "other" else intent.replace("_", " ")


def fit(technique: Technique, case: Case) -> Fit:
    against, worth_saying = _against(technique, case)
    held_back = _held_back(technique, case)
    return Fit(
        technique=technique,
        score=_score(technique, case),
        against=against,
        held_back=held_back,
        worth_saying=worth_saying and (not held_back or technique.name in case.request.exclude),
    )


def recommendation(fitted: Fit, case: Case, *reasons: str) -> Recommendation:
    technique = fitted.technique
    chosen = technique.name in case.request.chosen
    return Recommendation(
        technique=technique.name,
        title=technique.title,
        confidence=_confidence(fitted, case),
        reasons=(*reasons, *_reasons(technique, case)),
        expected_improvement=case.request.estimates.get(technique.name),
        source="chosen" if chosen else "selected",
        expected_calls=technique.expected_calls,
    )


def unmet(technique: Technique, case: Case) -> str:
    """What the technique needs and the request lacks, in words; empty when nothing lacks."""
    return next((_MISSING[need] for need in technique.needs if need in case.lacks), "")


def _against(technique: Technique, case: Case) -> tuple[str, bool]:
    """Why not, empty when nothing speaks against it, and whether a reader would ask about it."""
    intents = case.intents
    avoided = next((intent for intent in intents if intent in technique.avoid_for), None)
    if technique.name in case.request.exclude:
        return "you excluded it", True
    if avoided is not None:
        return f"{in_words(avoided)} {technique.avoid_because}", technique.priority > 0
    if not any(technique.suited_to(intent) for intent in intents):
        return f"it does not serve {in_words(intents[0])}", False
    return _against_here(technique, case)


def _against_here(technique: Technique, case: Case) -> tuple[str, bool]:
    if case.request.model_class in technique.avoid_model_classes:
        return _WRONG_MODEL[case.request.model_class], case.request.model_class in _TOLD
    if case.request.machine_output and technique.writes_first:
        return "a program reads the answer, and this puts words around it", True
    if missing := unmet(technique, case):
        return missing, _could_be_met(technique, case)
    if _harmful(case.request.estimates.get(technique.name)):
        return "runs recorded here show that it lowers the score", True
    return "", False


def _held_back(technique: Technique, case: Case) -> str:
    level = case.request.classification.complexity.level
    if technique.form == "part" and not technique.needs:
        return (
            f"It takes {technique.calls} runs outside the prompt, so it is used when you choose it."
        )
    if technique.costly and level < 4:
        if technique.setup:
            return "It has to be prepared once, which pays for complex requests only."
        calls = technique.published_calls
        return f"The full method takes {calls} model calls, which pays for complex requests only."
    if technique.from_level > level:
        return "The request is simpler than those it is meant for."
    return ""


def _score(technique: Technique, case: Case) -> float:
    intents = case.intents
    score = technique.priority / 100
    if intents[0] in technique.first_choice_for:
        score += FIRST_CHOICE
    elif any(intent in technique.first_choice_for for intent in intents):
        score += FIRST_CHOICE_OF_ANOTHER_ASK
    if technique.needs and not unmet(technique, case):
        score += NEED_MET
    if case.request.model_class in technique.prefer_model_classes:
        score += SUITS_THE_MODEL
    if case.request.classification.complexity.level >= 4 and technique.complexity >= 3:
        score += DEPTH
    estimate = case.request.estimates.get(technique.name)
    if estimate is not None:
        shrunk = estimate.mean * estimate.n / (estimate.n + PRIOR_RUNS)
        score += min(MOST_FROM_RUNS, max(-MOST_FROM_RUNS, shrunk))
    return score


def _confidence(fitted: Fit, case: Case) -> float:
    technique = fitted.technique
    bounded = min(0.99, max(0.01, fitted.score))
    if "all" in technique.suits:
        return round(bounded, 2)
    return round(bounded * (0.7 + 0.3 * case.request.classification.confidence), 2)


def _reasons(technique: Technique, case: Case) -> tuple[str, ...]:
    intent = next((each for each in case.intents if technique.suited_to(each)), case.intents[0])
    reasons = [technique.why.replace("{{ intent }}", in_words(intent))]
    if intent in technique.first_choice_for:
        reasons.append(f"It is a first choice for {in_words(intent)}.")
    estimate = case.request.estimates.get(technique.name)
    if estimate is not None:
        reasons.append(f"Measured improvement: {estimate}.")
    return tuple(reasons)


def _could_be_met(technique: Technique, case: Case) -> bool:
    first_choice = case.request.classification.intent in technique.first_choice_for
    return first_choice and set(technique.needs) <= set(_THE_USER_CAN_GIVE)


def _harmful(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.high < 0 and estimate.n >= PRIOR_RUNS
