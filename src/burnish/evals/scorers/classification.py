"""Whether an answer names the right one of several labels."""

from __future__ import annotations

import re

from burnish.errors import UsageError
from burnish.evals.scorers.kind import Case, Grade, Options, Says, ScorerKind, about, yes_or_no
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec

_WORD = re.compile(r"[^\W_]")


class Classification(Options, frozen=True, kw_only=True):
    labels: Says[
        tuple[str, ...],
        about("All labels; then one alone in a sentence counts. Without: the answer is a label."),
    ] = ()


def classification(case: Case[Classification]) -> Grade:
    """What was found is in the details, so that a report can count it against what was wanted."""
    wanted = _plain(str(case.wanted))
    labels = {_plain(each): each for each in case.options.labels}
    if labels and wanted not in labels:
        raise UsageError(f"{wanted!r} is none of the labels", hint="add it to the parameter labels")
    found = _found(case.output, labels)
    return yes_or_no(
        found == wanted,
        reason="" if found == wanted else f"{found or 'no label'}, not {wanted}",
        details={"label": labels.get(found, found), "expected": labels.get(wanted, wanted)},
    )


def _found(output: str, labels: dict[str, str]) -> str:
    """The label; empty where there is none or more than one."""
    whole = _plain(output)
    if not labels or whole in labels:
        return whole[:200]
    # Of labels that stand inside another at the same place the longest counts.
    longest = sorted(labels, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in longest)
    named = set(re.findall(pattern, " ".join(output.split()).casefold()))
    return named.pop() if len(named) == 1 else ""


def _plain(text: str) -> str:
    """Without signs around it, found from both ends: a pattern that takes signs up to the end
    would begin at each of a long row of them."""
    flat = " ".join(text.split()).casefold()
    first, last = _WORD.search(flat), _WORD.search(flat[::-1])
    return flat[first.start() : len(flat) - last.start()] if first and last else ""


def _check(options: Classification, _: Tools) -> None:
    plain = [_plain(each) for each in options.labels]
    if "" in plain or len(set(plain)) < len(plain):
        raise UsageError("two labels are the same, or one is empty", hint="correct the labels")


KINDS = (
    ScorerKind(
        name="classification",
        summary="The answer names the right label; a report adds macro-F1 and a confusion matrix.",
        grade=classification,
        options=Classification,
        takes="label",
        check_options=_check,
        example=ScorerSpec(
            name="classification",
            value="billing",
            parameters={"labels": ["billing", "delivery", "other"]},
        ),
    ),
)
