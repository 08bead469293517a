"""The techniques that come with Burnish, through the door of every plug-in."""

from __future__ import annotations

from collections.abc import Iterable

from burnish.techniques.load import built_in_techniques
from burnish.techniques.technique import Technique


def techniques() -> Iterable[Technique]:
    return built_in_techniques()
