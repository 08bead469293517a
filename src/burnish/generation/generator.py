"""Idea to candidates, without a model: explore, draft, refine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from burnish.errors import StructureLost, UsageError
from burnish.generation.archetype import Archetype, choose, general, matches
from burnish.generation.brief import Brief
from burnish.generation.compose import Composed, compose, used_variables, with_example
from burnish.generation.embodied import renumbered, split_embodied, without_needless
from burnish.generation.families import lay_out
from burnish.generation.fitting import Fit, fitted
from burnish.generation.persona import AUTO, Persona, apply_persona, get_persona
from burnish.generation.reading import read_idea, results, with_input, without_first_input
from burnish.generation.result import NOTHING_LEFT, OFFLINE, Candidate, Generation, PhaseOutput
from burnish.generation.target import Target
from burnish.generation.variants import Variant, variants
from burnish.intents.asks import split_asks
from burnish.intents.intent import Classification
from burnish.intents.tokens import estimate_tokens
from burnish.prompts import preserve
from burnish.prompts.prompt import Variable, join_messages
from burnish.prompts.sections import Sections
from burnish.prompts.template import escape
from burnish.settings import PHASES, Phase
from burnish.techniques import (
    AppliedTechnique,
    Catalog,
    Selection,
    SelectRequest,
    apply,
    explain,
    select,
)

MAX_CANDIDATES = 100
MAX_REFINES = 5
PHASE_ALIASES: Mapping[str, Phase] = {
    "prima-materia": "explore",
    "solutio": "draft",
    "coagulatio": "refine",
}


class GenerateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`context_apart` leaves context and knowledge out of the text, for whoever adds them later;
    `fit` is what examples bring."""

    idea: str
    classification: Classification
    context: str = ""
    knowledge: str = ""
    context_apart: bool = False
    persona: str = AUTO
    target: Target = Target(family="generic", model_class="standard")
    phases: Sequence[Phase] = PHASES
    count: int = 1
    techniques: Sequence[str] = ()
    max_techniques: int = 4
    keep_words: bool = False
    fit: Fit = Fit()


class Workshop(msgspec.Struct, frozen=True, kw_only=True):
    """What composing needs besides the request. `new_id` names phases; `clock` times them."""

    archetypes: Sequence[Archetype]
    personas: Mapping[str, Persona]
    catalog: Catalog
    new_id: Callable[[], str]
    clock: Callable[[], float] = time.perf_counter


class _Plan(msgspec.Struct, frozen=True):
    """What all candidates of one request share."""

    request: GenerateRequest
    brief: Brief
    archetype: Archetype
    persona: Persona
    others: tuple[Archetype, ...] = ()
    """For what the idea asks for besides."""


class _Work(msgspec.Struct, kw_only=True):
    """One candidate on its way through the phases."""

    plan: _Plan
    variant: Variant
    sections: Sections
    variables: tuple[Variable, ...]
    left_open: tuple[Variable, ...] = ()
    selection: Selection = Selection()
    applied: tuple[AppliedTechnique, ...] = ()
    phases: tuple[PhaseOutput, ...] = ()


def generate(workshop: Workshop, request: GenerateRequest) -> Generation:
    """Raises UsageError for a count outside 1 to 100 or an unknown persona or technique."""
    if not 1 <= request.count <= MAX_CANDIDATES:
        raise UsageError(f"count is {request.count}", hint=f"ask for 1 to {MAX_CANDIDATES} prompts")
    archetype, others = _archetypes(workshop, request)
    brief = _brief(request, archetype)
    persona = _persona(workshop, request)
    works = _distinct(workshop, _Plan(request, brief, archetype, persona, others))
    candidates = tuple(_candidate(work) for work in works)
    first = works[0]
    return Generation(
        idea=request.idea,
        description=_description(archetype, brief),
        classification=request.classification,
        archetype=archetype.name,
        persona=persona.name,
        family=request.target.family,
        candidates=candidates,
        best_practices=archetype.best_practices,
        example_usage="",
        read=brief.reasons,
        left_open=first.left_open,
        explanation=explain(first.selection),
        warnings=(*_doubts(request), *_kept_apart(brief), *first.selection.warnings),
        local_parts=("intent", "techniques", "prompt"),
    )


def _archetypes(
    workshop: Workshop, request: GenerateRequest
) -> tuple[Archetype, tuple[Archetype, ...]]:
    """That of what is asked for first, and those of what is asked for besides."""
    chosen = choose(workshop.archetypes, request.idea, request.classification)
    several = results(request.classification)
    if chosen.intent not in several:
        return chosen, ()
    first, *further = general(workshop.archetypes, several)
    if matches(chosen, split_asks(request.idea)[0]):
        return chosen, tuple(each for each in further if each.intent != chosen.intent)
    # "Summarise this and suggest a title": the title is the kind that was recognised.
    return first, (chosen, *further[1:])


def _brief(request: GenerateRequest, archetype: Archetype) -> Brief:
    """Read as the archetype's kind of task, which may be of another intent than the likeliest."""
    found = msgspec.structs.replace(request.classification, intent=archetype.intent)
    brief = with_input(read_idea(request.idea, found), archetype.input)
    brief = fitted(brief, archetype.variables, request.fit)
    if request.keep_words:
        brief = msgspec.structs.replace(brief, task=escape(request.idea), verbatim=True)
    # A text that stands in the prompt already, or beside it, is not asked for again.
    is_there = request.context or (request.keep_words and brief.pasted)
    return without_first_input(brief) if is_there else brief


def _doubts(request: GenerateRequest) -> Iterable[str]:
    """What a person should know before they use a prompt made from so little."""
    idea = request.idea
    if request.classification.intent == "other":
        yield (
            "the idea was not understood; say what should be done, with a verb such as write, "
            "compare, plan or explain"
        )
    elif len(idea.split()) == 1 and idea.isascii():
        yield "one word leaves most of it open; say what should be done, for whom and from what"


def _kept_apart(brief: Brief) -> Iterable[str]:
    if brief.pasted and brief.inputs:
        yield (
            f"the text that came with the idea is the default of {{{{ {brief.inputs[0].name} }}}}; "
            "rendering the prompt puts it in"
        )


def _distinct(workshop: Workshop, plan: _Plan) -> list[_Work]:
    """As many different texts as were asked for: other technique sets, then other shapes."""
    works: dict[str, _Work] = {}
    sets: dict[frozenset[str], int] = {}
    first_missing = 1_000
    for variant in variants():
        if variant.technique_set >= first_missing:
            continue
        try:
            work = _run_phases(workshop, plan, variant)
        except UsageError:
            # The first set is the user's own request: what is wrong with it is theirs to know.
            if variant.technique_set == 0:
                raise
            first_missing = variant.technique_set
            continue
        # Another number may stand for the same techniques, some of them left out as needless.
        owner = sets.setdefault(frozenset(work.selection.names), variant.technique_set)
        if owner != variant.technique_set:
            continue
        works.setdefault(_text(work), work)
        if len(works) == plan.request.count:
            return list(works.values())
    raise UsageError(
        f"this idea gives only {len(works)} different prompts",
        hint=f"ask for --count {len(works)}, or choose fewer techniques by hand",
    )


def parse_phases(names: Sequence[str]) -> tuple[Phase, ...]:
    """Phase names, in the order to run; the first seed's names are understood too. Refine may
    come several times, any other phase runs once."""
    phases: list[Phase] = []
    for name in names:
        phase = PHASE_ALIASES.get(name.strip().lower(), name.strip().lower())
        if phase not in PHASES:
            raise UsageError(
                f"{name!r} is no phase", hint=f"choose from {', '.join(PHASES)}", subject=name
            )
        phases.append(phase)
    if not phases:
        raise UsageError("no phase is named", hint=f"choose from {', '.join(PHASES)}")
    if phases.count("refine") > MAX_REFINES:
        raise UsageError(
            f"refine is named {phases.count('refine')} times",
            hint=f"name it at most {MAX_REFINES} times",
        )
    return tuple(
        phase
        for number, phase in enumerate(phases)
        if phase == "refine" or phase not in phases[:number]
    )


def _persona(workshop: Workshop, request: GenerateRequest) -> Persona:
    """`auto` leaves the voice to the archetype, which knows the task better than a persona."""
    if request.persona == AUTO:
        return Persona(name=AUTO, purpose="the voice that suits the task")
    return get_persona(workshop.personas, request.persona)


def _run_phases(workshop: Workshop, plan: _Plan, variant: Variant) -> _Work:
    request = plan.request
    bare = Sections().set("task", escape(request.idea))
    work = _Work(
        plan=plan,
        variant=variant,
        sections=bare,
        variables=used_variables(bare, ()),
    )
    for phase in request.phases:
        last = work.phases[-1] if work.phases else None
        if phase == "refine" and last is not None and last.phase == "refine":
            # It would choose the techniques that are in the text already.
            done = msgspec.structs.replace(last, stopped=NOTHING_LEFT)
            work.phases = (*work.phases[:-1], done)
            continue
        started = workshop.clock()
        text = _PHASES[phase](workshop, work)
        output = PhaseOutput(
            id=workshop.new_id(),
            parent_id=work.phases[-1].id if work.phases else None,
            phase=phase,
            model=OFFLINE,
            temperature=None,
            tokens=estimate_tokens(text),
            duration_ms=round((workshop.clock() - started) * 1000, 3),
            text=text,
        )
        work.phases = (*work.phases, output)
    return work


def _explore(workshop: Workshop, work: _Work) -> str:
    """What the idea says and what it leaves open, as a person would note it."""
    del workshop
    brief, found = work.plan.brief, work.plan.request.classification
    notes = [
        f"Task: {brief.task}",
        f"Kind: {work.plan.archetype.title} ({found.intent})",
        f"Complexity: {found.complexity.level} of 5",
    ]
    notes += [f"{kind.capitalize()}: {words}" for kind, words in brief.reasons]
    named = {variable.name for variable in brief.variables}
    asked = [v for v in work.plan.archetype.variables if v.name not in named]
    notes += [f"Left open: {v.description or v.name}" for v in asked]
    work.sections = Sections().set("task", brief.task)
    work.variables = brief.variables
    return "\n".join(notes)


def _draft(workshop: Workshop, work: _Work) -> str:
    del workshop
    request = work.plan.request
    context, knowledge = request.context, request.knowledge
    if request.context_apart:
        context = knowledge = ""
    composed = compose(work.plan.brief, work.plan.archetype, context, knowledge, work.plan.others)
    composed = _whole(work.plan.brief, composed)
    sections = apply_persona(composed.sections, work.plan.persona, "draft")
    work.sections = work.variant.shape(sections)
    work.variables = used_variables(work.sections, composed.variables)
    work.left_open = composed.left_open
    return _text(work)


def _refine(workshop: Workshop, work: _Work) -> str:
    before = apply_persona(work.sections, work.plan.persona, "refine")
    work.selection = _select(workshop.catalog, work, before)
    picked = [workshop.catalog.get(name) for name in work.selection.names]
    plan = work.plan
    if any("examples" in technique.needs for technique in picked):
        before, work.variables = with_example(before, work.variables)
    picked, carried = split_embodied(picked, plan.archetype, before, plan.request.techniques)
    applied = apply(before, picked, intent=plan.brief.intent)
    for part in before.parts:
        if not preserve.added_around(part.text, applied.sections.get(part.kind)):
            raise StructureLost(f"a technique changed the {part.kind} section")
    work.applied = renumbered(carried, applied.steps)
    work.sections = applied.sections
    work.variables = used_variables(work.sections, work.variables)
    return _text(work)


_PHASES: Mapping[Phase, Callable[[Workshop, _Work], str]] = {
    "explore": _explore,
    "draft": _draft,
    "refine": _refine,
}


def _select(catalog: Catalog, work: _Work, sections: Sections) -> Selection:
    """As many techniques as the complexity asks for, but no more than settings and persona let.
    Only variations, which are meant to differ, add what the prompt says in its own words."""
    brief, request = work.plan.brief, work.plan.request
    wanted = SelectRequest(
        classification=msgspec.structs.replace(request.classification, intent=brief.intent),
        has_input=bool(brief.inputs),
        input_is_long=request.classification.estimated_tokens > 3000,
        machine_output=brief.format in ("json", "csv", "yaml", "xml"),
        model_class=request.target.model_class,
        chosen=tuple(request.techniques),
        variation=work.variant.technique_set,
    )
    selection = select(catalog, wanted)
    bound = work.plan.persona.phase("refine").techniques
    bound = request.max_techniques if bound is None else bound
    most = max(min(bound, request.max_techniques), len(request.techniques))
    if len(selection.names) > most:
        selection = select(catalog, msgspec.structs.replace(wanted, count=most))
    if work.variant.technique_set:
        return selection
    return without_needless(
        selection, catalog, work.plan.archetype, sections, only=brief.format == "only"
    )


def _whole(brief: Brief, composed: Composed) -> Composed:
    """Adds the idea itself where the readers would have lost part of its structure."""
    text = "\n".join(part.text for part in composed.sections.parts)
    defaults = [str(v.default) for v in composed.variables if v.default is not None]
    losses = [
        loss
        for loss in preserve.lost(brief.idea, "\n".join([text, *defaults]))
        if loss.kind != "line breaks" and loss.text not in text
    ]
    if not losses:
        return composed
    kept = composed.sections.add("context", f"The request in full:\n\n{escape(brief.idea)}")
    return Composed(kept, used_variables(kept, composed.variables), composed.left_open)


def _candidate(work: _Work) -> Candidate:
    messages = lay_out(work.sections, work.plan.request.target.family)
    return Candidate(
        messages=messages,
        variables=work.variables,
        techniques=work.selection.recommendations,
        applied=work.applied,
        none_needed=work.selection.none_needed,
        phases=work.phases,
        text=join_messages(messages),
    )


def _text(work: _Work) -> str:
    return join_messages(lay_out(work.sections, work.plan.request.target.family))


def _description(archetype: Archetype, brief: Brief) -> str:
    first_line = brief.idea.strip().splitlines()[0]
    shown = first_line if len(first_line) <= 90 else f"{first_line[:87].rstrip()}…"
    return f"{archetype.title}: {shown}"
