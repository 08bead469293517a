"""Which techniques a request needs: ranked, without a conflicting pair, and with the reasons.

The same request gives the same answer. No text is read here: a choice rests on the
classification and on what the request is known to carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from burnish.errors import UsageError
from burnish.intents.intent import Classification, Complexity
from burnish.techniques.catalogue import Catalog
from burnish.techniques.fit import Case, Fit, fit, recommendation, unmet
from burnish.techniques.selection import Recommendation, Selection, SelectRequest, Skipped
from burnish.techniques.technique import Technique

BY_LEVEL = {1: 2, 2: 3, 3: 4, 4: 4, 5: 4}
ALTERNATIVES = 4
POOL = 14
SAMENESS = 0.3
# How long "one word", small talk and a text without a task are at most.
_WORD, _TALK, _FEW = 2, 6, 12
_SMALL_TALK = {"greeting", "farewell", "thanks", "small_talk"}


def select(catalog: Catalog, request: SelectRequest) -> Selection:
    """Raises `NotFound` for an unknown name in `chosen` or `exclude`, `UsageError` for chosen
    techniques that exclude each other or are switched off, and for a `variation` beyond the last
    different set."""
    _check(request)
    chosen = _chosen(catalog, request)
    for name in request.exclude:
        catalog.get(name)
    case = Case.of(request)
    fits = _ranked(catalog, case)
    idle = none_needed(request)
    open_fits = [] if idle else [each for each in fits if _free(each, chosen)]
    picked = _pick(open_fits, chosen, _size(request))
    if request.variation:
        picked = _variation(open_fits, chosen, picked, request.variation)
    if not picked and not chosen:
        reason = idle or "every technique that fits is excluded or switched off"
        return Selection(none_needed=reason, skipped=_skipped(fits, chosen) if not idle else ())
    mine = [fit(technique, case) for technique in chosen]
    return Selection(
        recommendations=(
            *(recommendation(each, case, "You chose it.") for each in mine),
            *(recommendation(each, case) for each in picked),
        ),
        alternatives=() if idle else _alternatives(fits, mine + picked, case),
        skipped=() if idle else _skipped(fits, chosen),
        warnings=(*_chosen_warnings(mine, case, idle), *_notes(mine + picked, request)),
    )


def suggestion_basis(found: Classification) -> Classification:
    """All of a classification that the names of the techniques depend on. Texts by the thousand
    share a few hundred of these, so a choice can be remembered for them."""
    return Classification(
        intent=found.intent,
        confidence=1.0,
        asks=found.asks,
        sub_intents=tuple(sorted(_SMALL_TALK.intersection(found.sub_intents))),
        complexity=Complexity(found.complexity.level, found.complexity.name),
        domain="",
        task_type="",
        language="",
        estimated_tokens=next(
            (most for most in (_WORD, _TALK, _FEW) if found.estimated_tokens <= most), _FEW + 1
        ),
        method="rules",
    )


def none_needed(request: SelectRequest) -> str:
    """Why the request is better left as it is; empty when techniques can help."""
    classification = request.classification
    if request.has_input or request.input_is_long or request.has_examples:
        return ""
    level, tokens = classification.complexity.level, classification.estimated_tokens
    if classification.intent == "other" and level <= 2 and tokens <= _FEW:
        return "the text names no task that a technique could serve"
    if tokens <= _WORD:
        return "one word does not say what to do; add what you want done with it"
    talk = not _SMALL_TALK.isdisjoint(classification.sub_intents) or tokens <= _TALK
    if classification.intent == "conversation" and level == 1 and talk and not classification.asks:
        return "small talk is best answered as it is"
    return ""


def _check(request: SelectRequest) -> None:
    if request.count is not None and not 1 <= request.count <= 12:
        raise UsageError(f"count is {request.count}", hint="choose 1 to 12 techniques")
    if request.variation < 0:
        raise UsageError(f"variation is {request.variation}", hint="begin with 0")


def _chosen(catalog: Catalog, request: SelectRequest) -> list[Technique]:
    chosen = [catalog.get(name) for name in dict.fromkeys(request.chosen)]
    for technique in chosen:
        if not technique.active:
            raise UsageError(
                f"the technique {technique.name} is switched off",
                hint="switch it on, or choose another",
                subject=technique.name,
            )
        if technique.name in request.exclude:
            raise UsageError(
                f"{technique.name} is both chosen and excluded",
                hint="leave it out of one of the two",
                subject=technique.name,
            )
    for one, other in combinations(chosen, 2):
        if other.name in one.conflicts_with:
            raise UsageError(
                f"{one.name} and {other.name} do not go together",
                hint="choose one of them",
                subject=one.name,
            )
    return chosen


def _ranked(catalog: Catalog, case: Case) -> list[Fit]:
    fits = [fit(technique, case) for technique in catalog.active]
    return sorted(fits, key=lambda each: (-round(each.score, 9), each.technique.name))


def _free(fitted: Fit, chosen: Sequence[Technique]) -> bool:
    """May be picked besides what was chosen by hand."""
    technique = fitted.technique
    return (
        technique.priority > 0
        and not fitted.against
        and all(technique.name not in (each.name, *each.conflicts_with) for each in chosen)
        and not (_lays_out(technique) and any(_lays_out(each) for each in chosen))
    )


def _size(request: SelectRequest) -> int:
    return request.count or BY_LEVEL[request.classification.complexity.level]


def _pick(fits: Sequence[Fit], chosen: Sequence[Technique], size: int) -> list[Fit]:
    picked: list[Fit] = []
    for each in fits:
        if len(picked) + len(chosen) >= size:
            break
        if not each.held_back and not _conflicting(each, picked):
            picked.append(each)
    return picked


def _conflicting(fitted: Fit, picked: Sequence[Fit]) -> Fit | None:
    """The picked one that it does not go with, declared or because both lay out the work."""
    mine = fitted.technique
    return next(
        (
            each
            for each in picked
            if each.technique.name in mine.conflicts_with
            or (mine != each.technique and _lays_out(mine) and _lays_out(each.technique))
        ),
        None,
    )


def _lays_out(technique: Technique) -> bool:
    return technique.section == "steps" and technique.stage == "work" and technique.writes_first


def _variation(
    fits: Sequence[Fit], chosen: Sequence[Technique], best: list[Fit], variation: int
) -> list[Fit]:
    seen = 0
    for number, candidate in enumerate(_different_sets(fits, best, empty_ok=bool(chosen)), 1):
        if number == variation:
            return sorted(candidate, key=fits.index)
        seen = number
    raise UsageError(
        f"there are only {seen + 1} different sets of techniques for this request",
        hint=f"ask for at most {seen + 1} variations",
    )


def _different_sets(
    fits: Sequence[Fit], best: list[Fit], *, empty_ok: bool
) -> Iterator[tuple[Fit, ...]]:
    """Every set but the best one: first those of its size and of techniques that are picked by
    themselves, good ones before bad ones, and unlike the earlier before alike."""
    own = [each for each in fits if not each.held_back][:POOL]
    wider = [*own, *(each for each in fits if each.held_back)][:POOL]
    earlier = [frozenset(each.technique.name for each in best)]
    sizes = sorted(range(0 if empty_ok else 1, POOL + 1), key=lambda size: abs(size - len(best)))
    for pool in (own, wider):
        for size in sizes:
            yield from _sets_of(pool, size, earlier)


def _sets_of(
    pool: Sequence[Fit], size: int, earlier: list[frozenset[str]]
) -> Iterator[tuple[Fit, ...]]:
    left = {
        frozenset(each.technique.name for each in group): group
        for group in combinations(pool, size)
        if not any(_conflicting(each, group) for each in group)
    }
    for names in earlier:
        left.pop(names, None)
    overlap = {names: max(len(names & old) for old in earlier) for names in left}
    while left:
        names = max(left, key=lambda key: _worth(left[key], overlap[key]))
        earlier.append(names)
        yield left.pop(names)
        for key in left:
            overlap[key] = max(overlap[key], len(key & names))


def _worth(group: Sequence[Fit], overlap: int) -> float:
    if not group:
        return 0.0
    return (sum(each.score for each in group) - SAMENESS * overlap) / len(group)


def _alternatives(
    fits: Sequence[Fit], used: Sequence[Fit], case: Case
) -> tuple[Recommendation, ...]:
    names = {each.technique.name for each in used}
    found: list[Recommendation] = []
    for each in sorted(fits, key=lambda each: bool(each.held_back)):
        if each.against or each.technique.name in names or not each.technique.priority:
            continue
        rival = _conflicting(each, used)
        why = [f"In place of {rival.technique.title}."] if rival else []
        if each.held_back:
            why.append(each.held_back)
        found.append(recommendation(each, case, *why))
        if len(found) == ALTERNATIVES:
            break
    return tuple(found)


def _skipped(fits: Sequence[Fit], chosen: Sequence[Technique]) -> tuple[Skipped, ...]:
    names = {each.name for each in chosen}
    return tuple(
        Skipped(technique=each.technique.name, title=each.technique.title, because=each.against)
        for each in fits
        if each.worth_saying and each.technique.name not in names
    )


def _chosen_warnings(mine: Sequence[Fit], case: Case, idle: str) -> list[str]:
    warnings = [
        f"{each.technique.title} was kept because you chose it, though {against}"
        for each in mine
        if (against := each.against or unmet(each.technique, case))
    ]
    if idle:
        warnings.append(f"Without your choice no technique would be used: {idle}")
    return warnings


def _notes(used: Sequence[Fit], request: SelectRequest) -> list[str]:
    notes = (
        (each.technique.title, each.technique.notes_for.get(request.model_class)) for each in used
    )
    return [f"{title}: {note}" for title, note in notes if note]
