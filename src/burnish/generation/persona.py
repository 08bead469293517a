"""Personas: the voice of a prompt and what each phase does in it. One YAML file each."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from burnish.errors import NotFound, UsageError
from burnish.generation.archetype import Line, lines
from burnish.intents.intent import Intent
from burnish.prompts.sections import Sections
from burnish.settings import Phase
from burnish.shapes import convert

FOLDER = Path(__file__).parent / "personas"
AUTO = "auto"


class PersonaPhase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a phase adds. `techniques` bounds how many the phase may apply. The last four are for
    phases that a model carries out, and win over the settings; `instructions` are told to it."""

    steps: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    techniques: int | None = None
    model: str = ""
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=16)] | None = None
    instructions: str = ""

    @property
    def composes(self) -> bool:
        """Whether it says anything to the offline composer."""
        return bool(self.steps or self.constraints or self.quality)


class Persona(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`system` is the prompt's role text; `suits` are the intents that it is made for."""

    name: str
    purpose: str
    system: str = ""
    suits: tuple[Intent, ...] = ()
    phases: Mapping[Phase, PersonaPhase] = {}

    def phase(self, phase: Phase) -> PersonaPhase:
        return self.phases.get(phase, PersonaPhase())


def load_personas(folder: Path) -> dict[str, Persona]:
    """The personas in a folder's YAML files; none where there is no such folder.

    Raises UsageError naming the file that is no persona.
    """
    if not folder.is_dir():
        return {}
    loaded = [_load(path) for path in sorted(folder.glob("*.y*ml"))]
    return {persona.name: persona for persona in loaded}


def get_persona(personas: Mapping[str, Persona], name: str) -> Persona:
    if name not in personas:
        near = difflib.get_close_matches(name, personas, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(personas))}"
        raise NotFound(f"no persona is called {name!r}", hint=hint, subject=name)
    return personas[name]


def apply_persona(sections: Sections, persona: Persona, phase: Phase) -> Sections:
    """The sections with what the persona says in this phase; its voice belongs to the draft."""
    settings = persona.phase(phase)
    if persona.system and phase == "draft":
        sections = sections.set("role", persona.system)
    for step in settings.steps:
        number = sum(line[:1].isdigit() for line in sections.get("steps").splitlines()) + 1
        before = sections.get("steps")
        sections = sections.set("steps", f"{before}\n{number}. {step}" if before else f"1. {step}")
    for kind in ("constraints", "quality"):
        added: tuple[Line | str, ...] = getattr(settings, kind)
        for line in lines(added, frozenset()):
            if line not in sections.get(kind):
                sections = sections.add(kind, f"- {line}")
    return sections


def _load(path: Path) -> Persona:
    import yaml

    try:
        persona = convert(yaml.safe_load(path.read_text(encoding="utf-8")), Persona)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is no persona: {' '.join(str(error).split())}",
            hint="it needs name and purpose; see `burnish personas --json` for examples",
        ) from None
    bounded = [name for name, phase in persona.phases.items() if phase.techniques is not None]
    if persona.phase("explore").composes or bounded not in ([], ["refine"]):
        raise UsageError(
            f"{path}: explore reads the idea alone, and techniques are applied by refine alone",
            hint="give steps, constraints and quality to draft or refine, techniques to refine; "
            "explore may have model, temperature, max_tokens and instructions",
        )
    return persona
