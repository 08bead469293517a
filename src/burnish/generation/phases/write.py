"""One variant on its way through the phases, each a call to a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from burnish.errors import OutputRejected
from burnish.generation.phases.asks import Material, ask
from burnish.generation.phases.clean import Cleaner, clean
from burnish.generation.phases.rules import Rules
from burnish.generation.ranking import Scored, score
from burnish.generation.result import NOTHING_LEFT, PhaseOutput
from burnish.models.budget import Budget
from burnish.models.model import ModelRequest
from burnish.models.question import Answer, Calls, Piece, Question
from burnish.settings import Phase


class PhaseModel(msgspec.Struct, frozen=True, kw_only=True):
    """Which model carries out a phase, and how."""

    model: str
    temperature: float | None
    max_tokens: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told while phases run. `text` is a piece of the phase's text; `restart` says why
    the pieces of this phase so far no longer count, `stopped` why it is not asked for again."""

    phase: Phase
    model: str
    text: str = ""
    restart: str = ""
    stopped: str = ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What writing needs besides the material. `told` hears the pieces of the first variant;
    `costs` collects what each call cost, None where that is unknown."""

    calls: Calls
    models: dict[Phase, PhaseModel]
    new_id: Callable[[], str]
    trace_id: str
    retries: int | None = None
    fresh: bool = False
    prompt: str = ""
    budget: Budget | None = None
    told: Callable[[Told], None] | None = None
    costs: list[float | None] = field(default_factory=list[float | None])


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One variant as it now stands. `text` is the prompt, `phases` what was done to it."""

    variant: int
    material: Material
    rules: Rules
    text: str
    phases: tuple[PhaseOutput, ...] = ()
    warnings: tuple[str, ...] = ()
    sample: int = field(default=0)

    @property
    def beside(self) -> Scored:
        names = tuple(variable.name for variable in self.rules.variables)
        return Scored(idea=self.material.idea, outline=self.rules.outline, names=names)


async def write(desk: Desk, sheet: Sheet, phase: Phase) -> Sheet:
    """The sheet after a phase. Where every answer broke a rule, the text stays as it was and a
    warning says so.

    Raises ModelFailed, AllModelsFailed and BudgetExceeded.
    """
    told = sheet.material
    now = score(sheet.text, sheet.beside) if phase == "refine" else None
    material = msgspec.structs.replace(told, current=sheet.text, score=now)
    question = _question(desk, sheet, phase, material)
    try:
        answer = await _asked(desk, question, phase, aloud=sheet.variant == 0)
    except OutputRejected as refused:
        desk.costs.append(refused.cost_usd)
        if desk.told is not None and sheet.variant == 0:
            desk.told(Told(phase=phase, model=question.model, restart=refused.what))
        return _kept(sheet, phase, question, refused)
    desk.costs.append(answer.cost_usd)
    text = clean(answer.text)
    output = _output(sheet, phase, question, answer, text)
    return _after(sheet, phase, text, output)


def settled(sheet: Sheet, phase: Phase) -> str:
    """Why a refining that comes right after another need not be asked for; empty where it must."""
    last = sheet.phases[-1] if sheet.phases else None
    if phase != "refine" or last is None or last.phase != "refine":
        return ""
    if last.kept and last.kept != "unchanged":
        return "the refining before was left out"
    marks = score(sheet.text, sheet.beside).features
    if last.kept or not any(mark.finding for mark in marks):
        return NOTHING_LEFT
    return ""


def stop(desk: Desk, sheet: Sheet, why: str) -> Sheet:
    """The sheet with the reason, told once, why no further refining is asked for."""
    last = sheet.phases[-1]
    if last.stopped:
        return sheet
    if desk.told is not None and sheet.variant == 0:
        desk.told(Told(phase=last.phase, model=last.model, stopped=why))
    stopped = msgspec.structs.replace(last, stopped=why)
    return replace(sheet, phases=(*sheet.phases[:-1], stopped))


def _after(sheet: Sheet, phase: Phase, text: str, output: PhaseOutput) -> Sheet:
    if phase == "explore":
        material = msgspec.structs.replace(sheet.material, notes=text)
        return _with(sheet, output, material=material)
    return _with(sheet, output, text=text)


def _with(
    sheet: Sheet,
    output: PhaseOutput,
    *,
    text: str | None = None,
    material: Material | None = None,
    warnings: tuple[str, ...] = (),
) -> Sheet:
    return Sheet(
        variant=sheet.variant,
        material=material or sheet.material,
        rules=sheet.rules,
        text=sheet.text if text is None else text,
        phases=(*sheet.phases, output),
        warnings=(*sheet.warnings, *warnings),
        sample=sheet.sample,
    )


def _question(desk: Desk, sheet: Sheet, phase: Phase, material: Material) -> Question:
    how = desk.models[phase]
    return Question(
        model=how.model,
        messages=ask(phase, material),
        parameters=ModelRequest(
            model="",
            messages=(),
            temperature=how.temperature,
            max_tokens=how.max_tokens,
            sample=sheet.sample,
        ),
        check=sheet.rules.notes if phase == "explore" else sheet.rules.prompt,
        retries=desk.retries,
        fresh=desk.fresh,
        prompt=desk.prompt,
        budget=desk.budget,
        kind="generate",
        phase=phase,
        parent_id=sheet.phases[-1].id if sheet.phases else None,
        trace_id=desk.trace_id,
        run_id=desk.new_id(),
    )


async def _asked(desk: Desk, question: Question, phase: Phase, *, aloud: bool) -> Answer:
    if desk.told is None or not aloud:
        return await desk.calls.complete(question)
    desk.told(Told(phase=phase, model=question.model))
    cleaner = Cleaner()
    async for piece in desk.calls.stream(question):
        if piece.answer is not None:
            if rest := cleaner.end():
                desk.told(Told(phase=phase, model=question.model, text=rest))
            return piece.answer
        cleaner = _tell(desk.told, phase, question.model, cleaner, piece)
    raise AssertionError("a stream ends with its answer, or raises")


def _tell(
    told: Callable[[Told], None], phase: Phase, model: str, cleaner: Cleaner, piece: Piece
) -> Cleaner:
    if piece.restart:
        told(Told(phase=phase, model=model, restart=piece.restart))
        return Cleaner()
    if text := cleaner.feed(piece.text):
        told(Told(phase=phase, model=model, text=text))
    return cleaner


def _kept(sheet: Sheet, phase: Phase, question: Question, refused: OutputRejected) -> Sheet:
    output = PhaseOutput(
        id=question.run_id,
        parent_id=question.parent_id,
        phase=phase,
        model=question.model,
        temperature=_temperature(question),
        tokens=refused.output_tokens,
        duration_ms=0.0,
        text=sheet.text if phase != "explore" else "",
        variant=sheet.variant,
        cost_usd=refused.cost_usd,
        retries=refused.retries,
        kept=refused.what,
    )
    return _with(sheet, output, warnings=(f"{phase} was left out: {refused.what}",))


def _output(
    sheet: Sheet, phase: Phase, question: Question, answer: Answer, text: str
) -> PhaseOutput:
    return PhaseOutput(
        id=answer.run_id,
        parent_id=question.parent_id,
        phase=phase,
        model=answer.model,
        temperature=_temperature(question),
        tokens=answer.usage.output_tokens or 0,
        duration_ms=round(answer.latency_ms, 3),
        text=text,
        variant=sheet.variant,
        cost_usd=answer.cost_usd,
        cached=answer.cached,
        retries=answer.retries,
        kept="unchanged" if text == sheet.text else "",
    )


def _temperature(question: Question) -> float | None:
    return question.parameters.temperature if question.parameters else None
