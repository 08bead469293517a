"""The `burnish` command: what a command needs is imported when it runs."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from burnish.cli.commands import COMMANDS, GROUPS, Command

if TYPE_CHECKING:
    import cyclopts

_ROOT = "burnish.cli"


def overview() -> str:
    """The help of `burnish` itself, from the table above alone: it costs no import."""
    groups = [(name, text) for name, text, _ in GROUPS]
    rows = sorted([*((name, text) for name, _, text, _ in COMMANDS), *groups])
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        [
            "Usage: burnish COMMAND [OPTIONS]",
            "",
            "Turn a rough idea into a finished prompt, and keep it.",
            "Alone on a terminal, `burnish` starts a guided session.",
            "",
            *(f"  {name:{width}}  {text}" for name, text in rows),
            "",
            "  burnish COMMAND --help tells more; burnish --version prints the version.",
            "",
            'Begin with: burnish generate "summarise support tickets for my boss"',
            "",
        ]
    )


def build() -> cyclopts.App:
    import cyclopts

    app = cyclopts.App(
        name="burnish",
        help="Turn a rough idea into a finished prompt, and keep it.\n\n"
        "Alone on a terminal, `burnish` starts a guided session.",
        version_flags=[],
        result_action="return_value",
        help_format="plaintext",
        default_parameter=cyclopts.Parameter(negative="", show_default=_default),
    )
    _register(app, COMMANDS)
    for name, text, commands in GROUPS:
        group = cyclopts.App(name=name, help=text, version_flags=[], result_action="return_value")
        _register(group, commands)
        app.command(group)
    return app


def _default(value: object) -> str | None:
    """What help says of an option that is left out: nothing where leaving it out means nothing.
    Options that a setting decides name it themselves."""
    if value is True:
        return "on"
    return str(value) if value or (value == 0 and value is not False) else None


def _register(app: cyclopts.App, commands: tuple[Command, ...]) -> None:
    for name, target, text, example in commands:
        app.command(f"{_ROOT}.{target}", name=name, help=f"{text}\n\nExample: {example}")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--version"], ["-V"]):
        from burnish._version import __version__

        sys.stdout.write(f"burnish {__version__}\n")
        return 0
    if given in (["--help"], ["-h"]):
        sys.stdout.write(overview())
        return 0
    from burnish.cli.run import run

    return run(given)


def entry() -> None:
    # Threads for large matrices take longer to start than a command's small ones take in all.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # noqa: TID251 - written, not read
    for stream in (sys.stdout, sys.stderr):
        # A console or pipe that is not UTF-8 gets escapes for what it cannot show, no traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # also while a command is still being loaded
        sys.exit(130)
