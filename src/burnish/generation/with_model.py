"""From what was composed offline to what models make of it: variants, phases, choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from burnish.generation.families import show_section
from burnish.generation.persona import Persona
from burnish.generation.phases.asks import Material
from burnish.generation.phases.clean import messages_of
from burnish.generation.phases.rules import Rules
from burnish.generation.phases.strategies import run_phases
from burnish.generation.phases.write import Desk, PhaseModel, Sheet, Told
from burnish.generation.ranking import rank
from burnish.generation.result import OFFLINE, Candidate, Choice, Generation
from burnish.generation.score import Score
from burnish.generation.selector import select
from burnish.models.budget import Budget
from burnish.models.question import Calls
from burnish.prompts.prompt import Message, Variable, join_messages
from burnish.prompts.sections import Section
from burnish.prompts.template import escape_all, find_variables
from burnish.settings import WRITING, Family, Phase, PhasesSettings, Strategy


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How models go about it. `model` is the one of every phase that names none of its own;
    `forced` says that it was asked for by name and wins over settings and persona. `most_tokens`
    bounds every answer further (0: no), `retries` how often one is asked for again. `fresh` asks
    even where an answer is remembered. `prompt` is the name that the result is stored under."""

    model: str
    forced: bool = False
    most_tokens: int = 0
    retries: int | None = None
    fresh: bool = False
    prompt: str = ""
    count: int = 1
    phases: tuple[Phase, ...]
    strategy: Strategy = "cascade"
    selector: str = ""
    context: str = ""
    knowledge: str = ""
    persona: Persona
    settings: PhasesSettings
    examples: tuple[tuple[str, str], ...] = ()


def phase_models(request: WriteRequest) -> dict[Phase, PhaseModel]:
    """Which model carries out each phase: the one asked for, else the persona's, else the
    settings' for the phase, else that of the whole generation."""
    models: dict[Phase, PhaseModel] = {}
    for phase in request.phases:
        own, usual = request.persona.phase(phase), request.settings.of(phase)
        named = own.model or usual.model
        wanted = own.max_tokens or usual.max_tokens
        models[phase] = PhaseModel(
            model=request.model if request.forced or not named else named,
            temperature=usual.temperature if own.temperature is None else own.temperature,
            max_tokens=min(wanted, request.most_tokens or wanted),
        )
    return models


async def write_with_model(
    composed: Generation,
    request: WriteRequest,
    calls: Calls,
    *,
    new_id: Callable[[], str],
    trace_id: str,
    budget: Budget | None = None,
    told: Callable[[Told], None] | None = None,
) -> Generation:
    """The generation with its candidates written by models, best first.

    Raises ModelFailed, AllModelsFailed and BudgetExceeded.
    """
    desk = Desk(
        calls=calls,
        models=phase_models(request),
        new_id=new_id,
        trace_id=trace_id,
        retries=request.retries,
        fresh=request.fresh,
        prompt=request.prompt,
        budget=budget,
        told=told,
    )
    sheets = [_sheet(composed, request, number) for number in range(request.count)]
    done = await run_phases(desk, sheets, request.phases, request.strategy)
    order, choice, doubts = await _ordered(done, composed, request, desk)
    candidates = tuple(
        _candidate(composed, done[index], scored, request) for index, scored in order
    )
    warnings = dict.fromkeys((*composed.warnings, *_warnings(done), *doubts))
    return msgspec.structs.replace(
        composed,
        candidates=candidates,
        warnings=tuple(warnings),
        local_parts=("intent", "techniques", "outline"),
        model=request.model if _was_taken(candidates[0]) else OFFLINE,
        strategy=request.strategy,
        choice=choice,
        explanation=_explained(composed, candidates[0]),
        examples_used=tuple(reference for reference, _ in request.examples),
        cost_usd=_sum(desk.costs),
    )


def _sheet(composed: Generation, request: WriteRequest, number: int) -> Sheet:
    """Each variant begins from another outline, as far as there are different ones."""
    base = composed.candidates[number % len(composed.candidates)]
    outline = join_messages(base.messages)
    language = composed.classification.language
    material = Material(
        idea=composed.idea,
        reading=base.phases[0].text if base.phases else "",
        outline=outline,
        language=language,
        context=request.context,
        knowledge=request.knowledge,
        examples=tuple(text for _, text in request.examples),
        persona=request.persona,
        angle=_angle(base),
    )
    rules = Rules(
        idea=composed.idea,
        outline=outline,
        variables=base.variables,
        family=composed.family,
        language=language,
    )
    return Sheet(variant=number, material=material, rules=rules, text=outline, sample=number)


def _angle(base: Candidate) -> str:
    names = ", ".join(each.technique.replace("_", " ") for each in base.techniques)
    return f"The outline carries out {names}; keep what these ask for." if names else ""


Order = list[tuple[int, Score]]


async def _ordered(
    done: Sequence[Sheet], composed: Generation, request: WriteRequest, desk: Desk
) -> tuple[Order, Choice | None, tuple[str, ...]]:
    """The sheets' places, best first, each with its score; who chose, and doubts about that."""
    texts = [sheet.text for sheet in done]
    ranked = rank(texts, done[0].beside)
    if len(texts) < 2:
        return ranked, None, ()
    by_ranker = Choice(by="ranker", reason=_why(ranked))
    if not request.selector:
        return ranked, by_ranker, ()
    in_order = [texts[index] for index, _ in ranked]
    picked = await select(
        desk.calls,
        request.selector,
        composed.idea,
        in_order,
        budget=desk.budget,
        trace_id=desk.trace_id,
        costs=desk.costs,
    )
    if isinstance(picked, str):
        return ranked, by_ranker, (picked,)
    place, choice = picked
    return [ranked[place], *ranked[:place], *ranked[place + 1 :]], choice, ()


def _why(ranked: Order) -> str:
    first, second = ranked[0][1], ranked[1][1]
    gains = sorted(
        (
            (a.contribution - b.contribution, a.name)
            for a, b in zip(first.features, second.features, strict=True)
        ),
        reverse=True,
    )
    best = ", ".join(name for gain, name in gains[:2] if gain > 0)
    told = f"{first.total:.3f} against {second.total:.3f} for the next"
    return f"{told}, ahead in {best}" if best else f"{told}, no difference that counts"


def _candidate(
    composed: Generation, sheet: Sheet, scored: Score, request: WriteRequest
) -> Candidate:
    base = composed.candidates[sheet.variant % len(composed.candidates)]
    messages = _with_context(messages_of(sheet.text), request, composed.family)
    return msgspec.structs.replace(
        base,
        messages=messages,
        variables=_variables([m.content for m in messages], base.variables),
        phases=sheet.phases,
        text=join_messages(messages),
        score=scored,
    )


def _was_taken(candidate: Candidate) -> bool:
    """Whether any of what a model wrote stands in it."""
    return any(phase.phase in WRITING and not phase.kept for phase in candidate.phases)


def _explained(composed: Generation, best: Candidate) -> str:
    """Why these techniques: those of the variant that came out first."""
    if best.techniques == composed.candidates[0].techniques:
        return composed.explanation
    lines = [f"{each.technique}: {'; '.join(each.reasons)}" for each in best.techniques]
    return "\n".join(lines)


def _with_context(
    messages: tuple[Message, ...], request: WriteRequest, family: Family
) -> tuple[Message, ...]:
    """The model was shown context and knowledge; the prompt carries them word for word, as it
    would offline."""
    beside = (
        [f"<context>\n{escape_all(request.context)}\n</context>"] if request.context.strip() else []
    )
    beside += [escape_all(request.knowledge)] if request.knowledge else []
    if not beside:
        return messages
    part = Section("context", "\n\n".join(beside))
    last = messages[-1]
    whole = Message(last.role, f"{last.content}\n\n{show_section(part, family)}")
    return (*messages[:-1], whole)


def _variables(texts: list[str], known: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Those that the text has: as they were known, or new."""
    names = {variable.name for variable in find_variables(texts)}
    return find_variables(texts, tuple(v for v in known if v.name in names))


def _warnings(done: Sequence[Sheet]) -> list[str]:
    several = len(done) > 1
    return [
        f"variant {sheet.variant + 1}: {warning}" if several else warning
        for sheet in done
        for warning in sheet.warnings
    ]


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
