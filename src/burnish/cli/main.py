"""The `burnish` command: commands are named here and imported when they run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cyclopts

_ROOT = "burnish.cli"
_COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("generate", "compose:generate", "Make a finished prompt from a rough idea and store it."),
    ("enhance", "compose:enhance", "Keep a text word for word and add what it lacks."),
    ("analyze", "compose:analyze", "Tell what a text asks for: intent, complexity, techniques."),
    ("techniques", "catalogs:techniques", "List prompting techniques, or show one."),
    ("personas", "catalogs:personas", "List personas, or show one."),
    ("version", "machine:version", "Print the version."),
    ("doctor", "machine:doctor", "Check this installation and say how to mend it."),
)
_PROMPTS: tuple[tuple[str, str, str], ...] = (
    ("list", "prompts:list_", "List prompts, best rated first."),
    ("show", "prompts:show", "Show one version with its variables."),
    ("create", "prompts:create", "Store a text as a prompt, or as its next revision."),
    ("edit", "prompts:edit", "Store a changed text as the next revision."),
    ("render", "prompts:render", "Fill in the variables and print the result."),
    ("history", "versions:history", "Who changed what, when and why."),
    ("diff", "versions:diff", "Compare two versions word by word."),
    ("label", "versions:label", "Move, remove or list labels such as production."),
    ("rollback", "versions:rollback", "Bring an old revision back as a new one."),
    ("delete", "prompts:delete", "Take a prompt out of the library."),
    ("restore", "prompts:restore", "Bring a deleted prompt back."),
)
_CONFIG: tuple[tuple[str, str, str], ...] = (
    ("show", "config:show", "Print each setting, its value and where it came from."),
    ("validate", "config:validate", "Check files and environment for mistakes."),
    ("init", "config:init", "Write a settings file to begin from."),
)
_COMPLETION: tuple[tuple[str, str, str], ...] = (
    ("install", "machine:install_completion", "Install completion for your shell."),
    ("show", "machine:show_completion", "Print the completion script."),
)


def build() -> cyclopts.App:
    import cyclopts

    app = cyclopts.App(
        name="burnish",
        help="Turn a rough idea into a finished prompt, and keep it.\n\n"
        "Alone on a terminal, `burnish` starts a guided session.",
        help_epilogue="Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, "
        "5 unavailable, 6 not permitted.",
        version_flags=[],
        result_action="return_value",
        help_format="plaintext",
    )
    _register(app, _COMMANDS)
    for name, text, commands in (
        ("prompts", "Keep prompts over time: versions, labels, rendering.", _PROMPTS),
        ("config", "Settings and where they come from.", _CONFIG),
        ("completion", "Shell completion.", _COMPLETION),
    ):
        group = cyclopts.App(name=name, help=text, version_flags=[], result_action="return_value")
        _register(group, commands)
        app.command(group)
    return app


def _register(app: cyclopts.App, commands: tuple[tuple[str, str, str], ...]) -> None:
    for name, target, text in commands:
        app.command(f"{_ROOT}.{target}", name=name, help=text)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--version"], ["-V"]):
        from burnish._version import __version__

        sys.stdout.write(f"burnish {__version__}\n")
        return 0
    from burnish.cli.run import run

    return run(given)


def entry() -> None:
    sys.exit(main())
