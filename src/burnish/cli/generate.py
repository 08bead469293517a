"""What `generate --stream` writes into a pipe: nothing that could be taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burnish.generation.event import GenerationEvent
    from burnish.generation.result import Generation


@dataclass(kw_only=True)
class _Part:
    """A phase under way. `again` says why its text so far no longer counts."""

    head: str = ""
    phase: str = ""
    text: str = ""
    again: str = ""
    stopped: str = ""


class Pipe:
    """Writes each phase's text when the phase has ended, under a heading; the text of the result
    is the last one. A generation without phases writes its text alone."""

    def __init__(self) -> None:
        self._part = _Part()
        self._wrote = False

    def write(self, events: Iterable[GenerationEvent]) -> Generation | None:
        for event in events:
            if event.kind == "phase":
                self._end()
                head = f"--- {event.phase}: model {event.model}"
                self._part = _Part(head=head, phase=event.phase)
            elif event.generation is not None:
                self._finish(event.generation.text)
                return event.generation
            elif event.phase == self._part.phase:
                self._take(event)
        return None

    def _take(self, event: GenerationEvent) -> None:
        part = self._part
        if event.kind == "text":
            part.text += event.text
        elif event.kind == "restart":
            part.text, part.again = "", event.text
        elif event.kind == "stopped":
            part.stopped = event.text

    def _end(self) -> None:
        part, self._part = self._part, _Part()
        if not part.head:
            return
        lines = [part.head]
        if not part.text:
            lines.append(f"    left out: {part.again}")
        if part.stopped:
            lines.append(f"    stopped: {part.stopped}")
        self._out("\n".join([*lines, part.text] if part.text else lines))

    def _finish(self, text: str) -> None:
        is_last = self._part.text == text
        self._end()
        if not is_last:
            self._out(f"--- result\n{text}" if self._wrote else text)

    def _out(self, text: str) -> None:
        sys.stdout.write(f"\n\n{text}" if self._wrote else text)
        sys.stdout.flush()
        self._wrote = True
