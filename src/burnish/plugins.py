"""How others extend Burnish, and how its own parts join: one door for both.

A plug-in is a module (or any object) that a package names under the entry-point group
`burnish.plugins`. It may define the hooks below; each takes no argument and returns an iterable.

    def techniques():   burnish.techniques.Technique values, or paths of folders with YAML files
    def personas():     burnish.generation.Persona values
    def archetypes():   burnish.generation.Archetype values
    def models():       burnish.Preset values (a provider that speaks OpenAI's language), or objects
                        of one's own that do what `burnish.Model` asks
    def call_observers():  functions that are told of every model call (a burnish.CallEvent)

A later plug-in's entry replaces an earlier one's of the same name, so a plug-in can also change
what Burnish brings. Plug-ins run with the rights of the process: install those you trust.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from burnish.errors import UsageError

GROUP = "burnish.plugins"
HOOKS = ("techniques", "personas", "archetypes", "models", "call_observers")
BUILT_IN = ("burnish.techniques.built_in", "burnish.generation.built_in", "burnish.models.built_in")


class Plugins:
    """The plug-ins of one platform. `extra` are objects given in code, after the installed ones."""

    def __init__(self, extra: Sequence[object] = (), *, installed: bool = True) -> None:
        self._extra = tuple(extra)
        self._installed = installed

    def collect(self, hook: str) -> list[Any]:
        """Everything that the plug-ins give for a hook, built-in parts first.

        Raises UsageError naming the plug-in that cannot be loaded.
        """
        if hook not in HOOKS:
            raise UsageError(f"no hook is called {hook!r}", hint=f"there are {', '.join(HOOKS)}")
        return [item for plugin in self._all() for item in _call(plugin, hook)]

    def _all(self) -> Iterator[object]:
        for name in BUILT_IN:
            yield importlib.import_module(name)
        if self._installed:
            yield from _from_packages()
        yield from self._extra


def _call(plugin: object, hook: str) -> Iterable[Any]:
    function = getattr(plugin, hook, None)
    if function is None:
        return ()
    return cast("Callable[[], Iterable[Any]]", function)()


def _from_packages() -> Iterator[object]:
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            yield entry.load()
        except (ImportError, AttributeError, SyntaxError) as error:
            raise UsageError(
                f"the plug-in {entry.name!r} cannot be loaded: {error}",
                hint="update it, or uninstall its package",
                subject=entry.name,
            ) from error
