"""The techniques that are known, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.intents.intent import Intent
from burnish.techniques.technique import CATEGORIES, Category, Technique, contradictions


class Catalog:
    """Techniques by name. Conflicts hold both ways, whichever side declares them.

    `Catalog(techniques)` raises `UsageError` where a technique contradicts itself or names a
    conflict that is not in the catalogue. Of two techniques with one name the later one counts,
    so that a plug-in or a folder of one's own can replace a built-in one."""

    def __init__(self, techniques: Iterable[Technique]) -> None:
        self._declared = {technique.name: technique for technique in techniques}
        for technique in self._declared.values():
            self._check(technique)

    def get(self, name: str) -> Technique:
        """Raises `NotFound`, with the nearest name as the hint."""
        found = self._by_name.get(name)
        if found is None:
            near = _nearest(name, self._by_name)
            hint = f"did you mean {near!r}?" if near else "list the techniques to see the names"
            raise NotFound(f"there is no technique {name!r}", hint=hint, subject=name)
        return found

    def list(
        self,
        *,
        category: Category | str | None = None,
        intent: Intent | None = None,
        active: bool | None = True,
    ) -> tuple[Technique, ...]:
        """By category, then the first choices. `active=None` lists all.

        Raises `UsageError` for a category that does not exist."""
        if category is not None and category not in CATEGORIES:
            raise UsageError(
                f"there is no category {category!r}", hint=f"one of: {', '.join(CATEGORIES)}"
            )
        found = [
            technique
            for technique in self._by_name.values()
            if (category is None or technique.category == category)
            and (intent is None or technique.suited_to(intent))
            and (active is None or technique.active == active)
        ]
        return tuple(
            sorted(found, key=lambda t: (CATEGORIES.index(t.category), -t.priority, t.name))
        )

    @cached_property
    def active(self) -> tuple[Technique, ...]:
        """Those that are not switched off, by name."""
        return tuple(
            self._by_name[name] for name in sorted(self._by_name) if self._by_name[name].active
        )

    def with_(self, *techniques: Technique | str) -> Catalog:
        """The same catalogue with these techniques added, or switched on when given by name."""
        added = [
            msgspec.structs.replace(self._find(item), active=True)
            if isinstance(item, str)
            else item
            for item in techniques
        ]
        return Catalog((*self._declared.values(), *added))

    def without(self, *names: str) -> Catalog:
        """The same catalogue with these techniques switched off."""
        off = [msgspec.structs.replace(self._find(name), active=False) for name in names]
        return Catalog((*self._declared.values(), *off))

    def __len__(self) -> int:
        return len(self._declared)

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def _find(self, name: str) -> Technique:
        return self._declared[self.get(name).name]

    @cached_property
    def _by_name(self) -> dict[str, Technique]:
        conflicts: dict[str, set[str]] = {name: set() for name in self._declared}
        for name, technique in self._declared.items():
            for other in technique.conflicts_with:
                conflicts[name].add(other)
                conflicts[other].add(name)
        return {
            name: msgspec.structs.replace(technique, conflicts_with=tuple(sorted(conflicts[name])))
            for name, technique in self._declared.items()
        }

    def _check(self, technique: Technique) -> None:
        problem = contradictions(technique)
        unknown = [name for name in technique.conflicts_with if name not in self._declared]
        if unknown:
            near = _nearest(unknown[0], self._declared)
            meant = f"; did it mean {near!r}?" if near else ""
            problem = f"conflicts_with names {unknown[0]!r}, which is no technique{meant}"
        if problem:
            raise UsageError(
                f"technique {technique.name}: {problem}",
                hint="correct the technique",
                subject=technique.name,
            )


def _nearest(name: str, names: Iterable[str]) -> str:
    import difflib

    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)), "")
