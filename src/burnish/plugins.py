"""How others extend Burnish, and how its own parts join: one door for both.

A plug-in is a module (or any object) that a package names under the entry-point group
`burnish.plugins`. It may define the hooks below; each takes no argument and returns an iterable.

    def techniques():   burnish.techniques.Technique values, or paths of folders with YAML files
    def personas():     burnish.generation.Persona values
    def archetypes():   burnish.generation.Archetype values
    def models():       burnish.Preset values (a provider that speaks OpenAI's language), or objects
                        of one's own that do what `burnish.Model` asks
    def scorers():      what @burnish.scorer makes of functions
    def optimizers():   objects that do what burnish.Optimizer asks
    def call_observers():  functions that are told of every model call (a burnish.CallEvent)

A later plug-in's entry replaces an earlier one's of the same name, so a plug-in can also change
what Burnish brings. Plug-ins run with the rights of the process: install those you trust. What a
plug-in defines is checked when the first hook is called, what a hook gives when it is: a mistake
is a UsageError that names the plug-in, the hook and what was expected.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, cast

from burnish.errors import UsageError
from burnish.masking import without_secrets

GROUP = "burnish.plugins"
HOOKS = (
    "techniques",
    "personas",
    "archetypes",
    "models",
    "scorers",
    "optimizers",
    "call_observers",
)
BUILT_IN = (
    "burnish.techniques.built_in",
    "burnish.generation.built_in",
    "burnish.models.built_in",
    "burnish.evals.built_in",
    "burnish.optimizers.built_in",
)
EXPECTED = {
    "techniques": "burnish.Technique values or paths of folders",
    "personas": "burnish.Persona values",
    "archetypes": "burnish.Archetype values",
    "models": "burnish.Preset values or objects that do what burnish.Model asks",
    "scorers": "what @burnish.scorer makes of functions",
    "optimizers": "objects that do what burnish.Optimizer asks",
    "call_observers": "functions",
}
# Classes by their place: whoever gives their values has loaded them already.
_CLASSES = {
    "techniques": ("burnish.techniques.technique", "Technique"),
    "personas": ("burnish.generation.persona", "Persona"),
    "archetypes": ("burnish.generation.archetype", "Archetype"),
    "models": ("burnish.models.preset", "Preset"),
    "scorers": ("burnish.evals.scorers.kind", "ScorerKind"),
}
MODEL_PARTS = ("complete", "stream", "embed", "names", "capabilities", "close")
_NEAR = 0.8


class Plugins:
    """The plug-ins of one platform. `extra` are objects given in code, after the installed ones."""

    def __init__(self, extra: Sequence[object] = (), *, installed: bool = True) -> None:
        self._extra = tuple(extra)
        self._installed = installed

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that Burnish does not bring itself. Raises what `collect` raises."""
        return tuple(name for name, _ in self._foreign)

    def collect(self, hook: str) -> list[Any]:
        """Everything that the plug-ins give for a hook, built-in parts first.

        Raises UsageError naming the plug-in that cannot be loaded, or gives what it must not.
        """
        if hook not in HOOKS:
            raise UsageError(f"no hook is called {hook!r}", hint=f"there are {', '.join(HOOKS)}")
        found: list[Any] = []
        for module in map(importlib.import_module, BUILT_IN):
            if own := getattr(module, hook, None):
                found += own()
        for name, plugin in self._foreign:
            if getattr(plugin, hook, None) is not None:
                found += _given(name, plugin, hook)
        return found

    @cached_property
    def _foreign(self) -> list[tuple[str, object]]:
        found = [*(_from_packages() if self._installed else ()), *map(_named, self._extra)]
        for name, plugin in found:
            _check_hooks(name, plugin)
        return found


def _named(plugin: object) -> tuple[str, object]:
    return getattr(plugin, "__name__", type(plugin).__name__), plugin


def _check_hooks(name: str, plugin: object) -> None:
    present = [hook for hook in HOOKS if getattr(plugin, hook, None) is not None]
    for hook in present:
        if not callable(getattr(plugin, hook)):
            kind = type(getattr(plugin, hook)).__name__
            raise _mistake(name, hook, f"is no function but a value of the type {kind}")
    for found in _functions(plugin):
        near = difflib.get_close_matches(found, HOOKS, n=1, cutoff=_NEAR)
        if near and near[0] not in present:
            raise UsageError(
                f"the plug-in {name!r} defines {found!r}, which is no hook",
                hint=f"did you mean {near[0]}?",
                subject=name,
            )
    if not present:
        raise UsageError(
            f"the plug-in {name!r} defines no hook",
            hint=f"define one of {', '.join(HOOKS)}, or leave the plug-in out",
            subject=name,
        )


def _functions(plugin: object) -> Iterator[str]:
    """Functions of the plug-in's own; what a module imports from elsewhere is none of it."""
    module = getattr(plugin, "__name__", "") if inspect.ismodule(plugin) else ""
    for name in dir(plugin):
        if name.startswith("_") or name in HOOKS:
            continue
        value = inspect.getattr_static(plugin, name)
        own = inspect.isfunction(value) and module in ("", value.__module__)
        if (own or isinstance(value, staticmethod | classmethod)) and _is_like_a_hook(plugin, name):
            yield name


def _is_like_a_hook(plugin: object, name: str) -> bool:
    """Hooks take no argument; a function that needs one is something else of the plug-in's."""
    parameters = inspect.signature(getattr(plugin, name)).parameters.values()
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in optional for p in parameters)


def _given(name: str, plugin: object, hook: str) -> list[Any]:
    hint = "update the plug-in, or leave it out; a hook takes no argument"
    with _told(name, f"the hook {hook!r} of the plug-in {name!r} failed", hint):
        result: object = getattr(plugin, hook)()
        kind = type(result).__name__
        if inspect.iscoroutine(result):
            result.close()  # nobody will wait for it
        iterable = hasattr(result, "__iter__") and not isinstance(result, str | bytes | dict)
        items: list[Any] = list(cast("Any", result)) if iterable else []
    if not iterable:
        raise _mistake(name, hook, f"gives a value of the type {kind}")
    for item in items:
        if problem := _problem(hook, item):
            raise _mistake(name, hook, f"gives {problem}")
    return items


@contextmanager
def _told(name: str, what: str, hint: str) -> Generator[None]:
    try:
        yield
    except Exception as error:  # somebody else's code may raise anything
        cause = without_secrets(f"{type(error).__name__}: {error}")
        raise UsageError(f"{what}: {cause}", hint=hint, subject=name) from error


def _mistake(name: str, hook: str, what: str) -> UsageError:
    return UsageError(
        f"the hook {hook!r} of the plug-in {name!r} {what}",
        hint=f"make it a function that returns a list of {EXPECTED[hook]}",
        subject=name,
    )


def _problem(hook: str, item: object) -> str:
    """What is wrong with one of the things that a hook gave; empty for nothing."""
    kind = f"a value of the type {type(item).__name__}"
    if hook == "call_observers":
        return "" if callable(item) else kind
    if hook == "optimizers":
        named = isinstance(getattr(item, "name", None), str)
        fits = named and callable(getattr(item, "search", None))
        return "" if fits else f"{kind} without a name or a search"
    module, name = _CLASSES[hook]
    if isinstance(item, getattr(importlib.import_module(module), name)):
        return ""
    if hook == "techniques" and isinstance(item, str | os.PathLike):
        return ""
    if hook != "models":
        return kind
    missing = [part for part in MODEL_PARTS if not callable(getattr(item, part, None))]
    provider = getattr(item, "provider", None)
    if not (isinstance(provider, str) and provider):
        missing.insert(0, "provider (a name)")
    return f"{kind} without {', '.join(missing)}" if missing else ""


def _from_packages() -> Iterator[tuple[str, object]]:
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        hint = "update it, or uninstall its package"
        with _told(entry.name, f"the plug-in {entry.name!r} cannot be loaded", hint):
            plugin = entry.load()
        yield entry.name, plugin
