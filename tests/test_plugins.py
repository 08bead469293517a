"""What a plug-in that is wrong makes of a platform: one error that names it, its hook, the mend."""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.cli.main import main
from burnish.models.model import Model
from burnish.plugins import EXPECTED, HOOKS, MODEL_PARTS, Plugins


def plugin(**hooks: Any) -> types.ModuleType:
    module = types.ModuleType("house_plugin")
    for name, value in hooks.items():
        if isinstance(value, types.FunctionType):
            value.__module__ = "house_plugin"
        setattr(module, name, value)
    return module


class Half:
    provider = "half"

    async def complete(self, request: burnish.ModelRequest) -> burnish.ModelReply:
        raise NotImplementedError


def fails() -> list[Any]:
    raise KeyError("no file for you, api_key=abcdef123456")


def fails_later() -> Iterator[Any]:
    yield burnish.Persona(name="one", purpose="one")
    raise ValueError("half way")


async def late() -> list[Any]:
    return []


def asks(needed: Any) -> list[Any]:
    return [needed]


_WRONG: list[tuple[object, str]] = [
    ("text", "is no function but a value of the type str"),
    (lambda: "text", "gives a value of the type str"),
    (lambda: 3, "gives a value of the type int"),
    (lambda: None, "gives a value of the type NoneType"),
    (lambda: {"a": "b"}, "gives a value of the type dict"),
    (lambda: [3], "gives a value of the type int"),
    (late, "gives a value of the type coroutine"),
    (fails, "failed: KeyError: 'no file for you, [secret]"),
    (fails_later, "failed: ValueError: half way"),
    (asks, "failed: TypeError"),
]
_USES: list[tuple[dict[str, Any], Callable[[burnish.Platform], object]]] = [
    ({"techniques": lambda: 3}, lambda p: p.catalog),
    ({"personas": lambda: ["calm"]}, lambda p: p.personas),
    ({"archetypes": lambda: [3]}, lambda p: p.generate("write a toast")),
    ({"models": lambda: "acme"}, lambda p: p.models.providers()),
    ({"models": lambda: [Half()]}, lambda p: p.models.providers()),
    ({"call_observers": [print]}, lambda p: p.generate("write a toast", model="fake:echo")),
    (
        {"call_observers": lambda: ["print"]},
        lambda p: p.generate("write a toast", model="fake:echo"),
    ),
    ({"tecniques": list}, lambda p: p.catalog),
]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("given", "says"),
    _WRONG,
    ids=["no function", "text", "int", "none", "dict", "items", "async", "fails", "later", "asks"],
)
def test_a_hook_that_is_wrong_is_named_with_what_was_expected(
    hook: str, given: object, says: str
) -> None:
    wrong = Plugins([plugin(**{hook: given})], installed=False)
    with pytest.raises(burnish.UsageError) as caught:
        wrong.collect(hook)
    error = caught.value
    assert f"the hook {hook!r} of the plug-in 'house_plugin' {says}" in error.what
    assert EXPECTED[hook] in error.hint or "a hook takes no argument" in error.hint
    assert error.subject == "house_plugin"


@pytest.mark.parametrize(("broken", "use"), _USES)
def test_a_platform_tells_it_when_it_first_needs_the_part(
    broken: dict[str, Any], use: Callable[[burnish.Platform], object]
) -> None:
    wrong = plugin(**broken)
    with burnish.open(plugins=[wrong]) as p, pytest.raises(burnish.UsageError, match="house_plug"):
        use(p)


def test_a_model_says_which_of_its_parts_are_missing() -> None:
    wrong = Plugins([plugin(models=lambda: [Half()])], installed=False)
    with pytest.raises(burnish.UsageError, match="Half without stream, embed, names"):
        wrong.collect("models")
    public = {name for name in vars(Model) if not name.startswith("_")}
    assert public == {*MODEL_PARTS, "provider"}


def test_a_name_that_is_nearly_a_hook_is_a_mistake() -> None:
    class House:
        @staticmethod
        def tecniques() -> list[burnish.Technique]:
            return []

    class Both:
        @staticmethod
        def personas() -> list[burnish.Persona]:
            return [Both.persona()]

        @staticmethod
        def persona() -> burnish.Persona:
            return burnish.Persona(name="both", purpose="a helper beside its hook")

        @staticmethod
        def model(name: str) -> str:
            return f"a helper that needs {name}"

    class Nothing: ...

    for wrong, says in ((House, "did you mean techniques"), (Nothing, "defines no hook")):
        with pytest.raises(burnish.UsageError, match=says):
            Plugins([wrong], installed=False).collect("personas")
    with burnish.open(plugins=[Both]) as p:
        assert "both" in p.personas


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a package whose plug-in has this text."""
    site = tmp_path / "site"
    about = site / "acme_prompts-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-prompts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[burnish.plugins]\nacme = acme_plugin_of_test\n")
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    importlib.invalidate_caches()

    def write(text: str) -> None:
        monkeypatch.delitem(sys.modules, "acme_plugin_of_test", raising=False)
        (site / "acme_plugin_of_test.py").write_text(text)

    return write


PERSONAS = "import burnish\ndef personas():\n    yield burnish.Persona(name='acme', purpose='p')\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise ValueError('not today')", "cannot be loaded: ValueError: not today"),
        ("def tecniques(): return []", "defines 'tecniques', which is no hook"),
        ("def call_observers(): return 3", "the hook 'call_observers' of the plug-in 'acme'"),
    ],
)
def test_doctor_reports_a_broken_package_and_goes_on(
    capsys: pytest.CaptureFixture[str], package: Callable[[str], None], text: str, says: str
) -> None:
    package(text)
    assert main(["doctor", "--json"]) == 1
    checks = {check["what"]: check for check in json.loads(capsys.readouterr().out)}
    assert not checks["plug-ins"]["ok"]
    assert says in checks["plug-ins"]["found"]
    assert checks["plug-ins"]["hint"]
    assert checks["database"]["ok"]


def test_a_package_adds_what_its_hooks_give(
    capsys: pytest.CaptureFixture[str], package: Callable[[str], None]
) -> None:
    package(PERSONAS)
    assert main(["doctor"]) == 0
    assert "plug-ins: acme" in capsys.readouterr().out
    assert main(["personas"]) == 0
    assert "acme" in capsys.readouterr().out
