"""How much two texts have in common: Levenshtein, ROUGE, BLEU, token F1.

Each is 1 for equal texts and 0 for texts with nothing in common. Where several references are
given, the best counts (BLEU uses all of them, as it is defined).
"""

from __future__ import annotations

from typing import Any, Literal

from burnish.errors import UsageError
from burnish.evals.scorers import measures
from burnish.evals.scorers.kind import Case, Grade, Options, Says, ScorerKind, about, texts_of
from burnish.storage.example import ScorerSpec

_WHAT = "what the answer is compared with"
# Both lengths multiplied; within it a comparison takes about a tenth of a second.
_MOST_CELLS = 400_000_000


class Levenshtein(Options, frozen=True, kw_only=True):
    max_distance: Says[
        int | None, about("Passes with at most so many edits, whatever the threshold.")
    ] = None
    case: Says[bool, about("Whether capitals matter.")] = True


def levenshtein(case: Case[Levenshtein]) -> Grade:
    output = case.output if case.options.case else case.output.casefold()
    graded: list[tuple[float, int]] = []
    for text in texts_of(case.wanted, _WHAT):
        wanted = text if case.options.case else text.casefold()
        _bound(len(output), len(wanted), "characters")
        distance = measures.edit_distance(output, wanted)
        longest = max(len(output), len(wanted))
        graded.append((1.0 - distance / longest if longest else 1.0, distance))
    value, distance = max(graded)
    most = case.options.max_distance
    return Grade(
        value=value,
        passed=None if most is None else distance <= most,
        reason=f"{distance} edit{'' if distance == 1 else 's'}",
        details={"distance": distance},
    )


class Rouge(Options, frozen=True, kw_only=True):
    n: Says[
        Literal[1, 2, 3, 4, "L"], about("Length of the runs of words; L: longest common order.")
    ] = 1


def rouge(case: Case[Rouge]) -> Grade:
    n = case.options.n
    output = measures.rouge_tokens(case.output)
    scores: list[float] = []
    for text in texts_of(case.wanted, _WHAT):
        wanted = measures.rouge_tokens(text)
        if n == "L":
            _bound(len(output), len(wanted), "words")
            scores.append(measures.rouge_l(output, wanted))
        else:
            scores.append(measures.rouge_n(output, wanted, n))
    return Grade(value=max(scores))


class Bleu(Options, frozen=True, kw_only=True):
    order: Says[Literal[1, 2, 3, 4], about("The longest runs of words that count.")] = 4
    smoothing: Says[
        Literal["exp", "none"],
        about("What a run length without a match counts: halved each time, or nothing."),
    ] = "exp"
    case: Says[bool, about("Whether capitals matter.")] = True


def bleu(case: Case[Bleu]) -> Grade:
    references = texts_of(case.wanted, _WHAT)
    output = case.output
    if not case.options.case:
        output, references = output.casefold(), [each.casefold() for each in references]
    value = measures.bleu(
        output, references, order=case.options.order, smooth=case.options.smoothing == "exp"
    )
    return Grade(value=value)


def f1(case: Case[Options]) -> Grade:
    value = max(measures.token_f1(case.output, each) for each in texts_of(case.wanted, _WHAT))
    return Grade(value=value)


def _bound(one: int, other: int, what: str) -> None:
    if one * other > _MOST_CELLS:
        raise UsageError(
            f"the texts are too long to compare ({one:,} and {other:,} {what})",
            hint="use rouge-n or f1, which take any length",
        )


def _check(value: Any, *_: Any) -> None:
    texts_of(value, "the value")


KINDS = (
    ScorerKind(
        name="levenshtein",
        summary="How few edits make the answer the expected text: 1 - edits / longer length.",
        grade=levenshtein,
        options=Levenshtein,
        takes="text or list of texts",
        check=_check,
        threshold=0.8,
        example=ScorerSpec(name="levenshtein", value="colour", threshold=0.8),
    ),
    ScorerKind(
        name="rouge-n",
        summary="ROUGE: F-measure of runs of words that both texts have (n = 1 to 4, or L).",
        grade=rouge,
        options=Rouge,
        takes="text or list of texts",
        check=_check,
        threshold=0.75,
        aliases=("rouge",),
        example=ScorerSpec(name="rouge-n", threshold=0.4, parameters={"n": "L"}),
    ),
    ScorerKind(
        name="bleu",
        summary="BLEU of one sentence, with exponential smoothing unless told otherwise.",
        grade=bleu,
        options=Bleu,
        takes="text or list of texts",
        check=_check,
        threshold=0.5,
        example=ScorerSpec(name="bleu", threshold=0.3),
    ),
    ScorerKind(
        name="f1",
        summary="F1 of the words that both have, as in SQuAD: no case, articles or punctuation.",
        grade=f1,
        takes="text or list of texts",
        check=_check,
        threshold=0.5,
        example=ScorerSpec(name="f1", value="the Eiffel Tower"),
    ),
)
