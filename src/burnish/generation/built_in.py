"""The personas and archetypes that come with Burnish, through the door of every plug-in."""

from __future__ import annotations

from collections.abc import Iterable

from burnish.generation.archetype import Archetype, load_archetypes
from burnish.generation.persona import FOLDER, Persona, load_personas


def personas() -> Iterable[Persona]:
    return load_personas(FOLDER).values()


def archetypes() -> Iterable[Archetype]:
    return load_archetypes()
