"""How variants go through the phases.

cascade   each variant goes through all phases on its own; result: one prompt for each variant
best      after each writing phase only the best text goes on, and all variants of the next one
          begin from it; notes are made once; result: one prompt
all       as cascade, but the prompt after each writing phase is a result of its own; result: one
          for each variant and writing phase

A refining that follows one with no effect is not asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TypeVar

import msgspec

from burnish.generation.phases.write import Desk, Sheet, settled, stop, write
from burnish.generation.ranking import rank
from burnish.settings import WRITING, Phase, Strategy

T = TypeVar("T")
_OTHER_SAMPLES = 1_000


async def run_phases(
    desk: Desk, sheets: Sequence[Sheet], phases: Sequence[Phase], strategy: Strategy
) -> list[Sheet]:
    """The results in the order of the variants. Raises what a call raises, and stops the rest."""
    if strategy == "best":
        return [await _best(desk, sheets, phases)]
    lines = await _together(sheets, partial(_line, desk, phases=phases))
    if strategy == "all":
        return [step for line in lines for step in line]
    return [line[-1] for line in await _distinct(desk, lines, phases)]


async def _line(desk: Desk, sheet: Sheet, phases: Sequence[Phase]) -> list[Sheet]:
    """The sheet after each writing phase, or after the last where none writes."""
    steps: list[Sheet] = []
    current = sheet
    for phase in phases:
        if why := settled(current, phase):
            current = stop(desk, current, why)
            continue
        current = await write(desk, current, phase)
        steps += [current] if phase in WRITING else []
    return [*steps[:-1], current] if steps else [current]


async def _best(desk: Desk, sheets: Sequence[Sheet], phases: Sequence[Phase]) -> Sheet:
    current = list(sheets)
    for phase in phases:
        if why := settled(current[0], phase):
            current = [stop(desk, sheet, why) for sheet in current]
        elif phase in WRITING:
            written = await _together(current, partial(_write, desk, phase))
            best = written[rank([each.text for each in written], written[0].beside)[0][0]]
            current = [replace(best, variant=s.variant, sample=s.sample) for s in sheets]
        else:
            current = _with_notes(await write(desk, current[0], phase), current)
    return replace(current[0], variant=0)


def _with_notes(noted: Sheet, sheets: Sequence[Sheet]) -> list[Sheet]:
    """Notes are made once and serve all variants."""
    notes = noted.material.notes
    return [
        replace(
            sheet,
            material=msgspec.structs.replace(sheet.material, notes=notes),
            phases=noted.phases,
            warnings=noted.warnings,
        )
        for sheet in sheets
    ]


async def _write(desk: Desk, phase: Phase, sheet: Sheet) -> Sheet:
    return await write(desk, sheet, phase)


async def _distinct(
    desk: Desk, lines: list[list[Sheet]], phases: Sequence[Phase]
) -> list[list[Sheet]]:
    """Variants that came out the same are written once more, with another sample."""
    seen: set[str] = set()
    result: list[list[Sheet]] = []
    for line in lines:
        last = line[-1]
        if last.text in seen and phases[-1] in WRITING:
            before = replace(
                last,
                phases=last.phases[:-1],
                text=line[-2].text if len(line) > 1 else last.rules.outline,
                sample=last.sample + _OTHER_SAMPLES,
            )
            last = await write(desk, before, phases[-1])
            last = (await _line(desk, last, _left_out(line[-1], phases)))[-1]
        if last.text not in seen:
            seen.add(last.text)
            result.append([*line[:-1], last])
    return result


def _left_out(sheet: Sheet, phases: Sequence[Phase]) -> Sequence[Phase]:
    """The refinings at the end that were not asked for."""
    done: list[Phase] = [output.phase for output in sheet.phases]
    return ("refine",) * (_refines(phases) - _refines(done))


def _refines(phases: Sequence[Phase]) -> int:
    """How many stand at the end."""
    return sum(1 for _ in takewhile(lambda phase: phase == "refine", reversed(phases)))


async def _together(
    sheets: Sequence[Sheet], work: Callable[[Sheet], Coroutine[object, object, T]]
) -> list[T]:
    """All at once, results in the order of the sheets; the first error stops the others."""
    tasks = [asyncio.ensure_future(work(sheet)) for sheet in sheets]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
