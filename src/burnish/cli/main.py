"""The `burnish` command: commands are named here and imported when they run."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cyclopts

_ROOT = "burnish.cli"
COMMANDS: tuple[tuple[str, str, str, str], ...] = (
    (
        "generate",
        "compose:generate",
        "Make a finished prompt from a rough idea and store it.",
        'burnish generate "summarize this article in 5 bullets" --name a/digest',
    ),
    (
        "enhance",
        "compose:enhance",
        "Keep a text word for word and add what it lacks.",
        'burnish enhance "Tell Ann that the parcel is late." --variations 3',
    ),
    (
        "analyze",
        "compose:analyze",
        "Tell what a text asks for: intent, complexity, techniques.",
        'burnish analyze "translate this, then summarise it"',
    ),
    (
        "batch",
        "batch:batch",
        "Make a prompt from each idea in a file.",
        "burnish batch ideas.csv --workers 8 --skip-errors",
    ),
    (
        "import",
        "files:import_",
        "Bring prompt files into the library.",
        "burnish import prompts/ --dry-run",
    ),
    (
        "export",
        "files:export",
        "Write prompts to files.",
        "burnish export prompts.zip",
    ),
    (
        "sync",
        "sync:sync",
        "Keep prompts as files in git, both ways.",
        "burnish sync ./prompts --dry-run",
    ),
    (
        "stats",
        "stats:stats",
        "What runs and prompts add up to.",
        "burnish stats --by prompt --days 30",
    ),
    (
        "techniques",
        "catalogs:techniques",
        "List prompting techniques, or show one.",
        "burnish techniques --category reasoning --intent planning",
    ),
    ("personas", "catalogs:personas", "List personas, or show one.", "burnish personas writing"),
    ("version", "machine:version", "Print the version.", "burnish version --json"),
    (
        "doctor",
        "machine:doctor",
        "Check this installation and say how to mend it.",
        "burnish doctor",
    ),
)
PROMPTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "list",
        "prompts:list_",
        "List prompts, best rated first.",
        "burnish prompts list --category ops --top 10",
    ),
    (
        "show",
        "prompts:show",
        "Show one version with its variables.",
        "burnish prompts show news/digest@production",
    ),
    (
        "create",
        "prompts:create",
        "Store a text as a prompt, or as its next revision.",
        'burnish prompts create mail/late "Tell {{ name }} it will be late."',
    ),
    (
        "edit",
        "prompts:edit",
        "Store a changed text as the next revision.",
        'burnish prompts edit mail/late --file late.txt -m "Say when it comes"',
    ),
    (
        "render",
        "prompts:render",
        "Fill in the variables and print the result.",
        "burnish prompts render ops/actions --var notes=@notes.txt",
    ),
    (
        "run",
        "complete:run",
        "Fill in the variables, ask a model and print its answer.",
        "burnish prompts run ops/actions --var notes=@notes.txt --model openai",
    ),
    (
        "history",
        "versions:history",
        "Who changed what, when and why.",
        "burnish prompts history news/digest --texts",
    ),
    (
        "diff",
        "versions:diff",
        "Compare two versions word by word.",
        "burnish prompts diff news/digest@1 news/digest@2",
    ),
    (
        "label",
        "versions:label",
        "Move, remove or list labels such as production.",
        'burnish prompts label news/digest production 2 -m "wins on the tests"',
    ),
    (
        "rollback",
        "versions:rollback",
        "Bring an old revision back as a new one.",
        "burnish prompts rollback news/digest 1",
    ),
    (
        "branch",
        "branches:branch",
        "Begin, list or take away branches.",
        "burnish prompts branch news/digest shorter",
    ),
    (
        "merge",
        "branches:merge",
        "Bring a branch into another.",
        "burnish prompts merge news/digest shorter --take 1=theirs",
    ),
    (
        "revert",
        "branches:revert",
        "Take back what one revision changed.",
        "burnish prompts revert news/digest 2",
    ),
    (
        "copy",
        "branches:copy",
        "Store a version as a prompt of its own.",
        "burnish prompts copy news/digest@2 news/weekly",
    ),
    (
        "blame",
        "origin:blame",
        "Tell who brought each line.",
        "burnish prompts blame news/digest",
    ),
    (
        "graph",
        "origin:graph",
        "Show how versions came from one another.",
        "burnish prompts graph news/digest",
    ),
    (
        "approve",
        "upkeep:approve",
        "Approve the move of a protected label.",
        "burnish prompts approve",
    ),
    (
        "archive",
        "upkeep:archive",
        "Put old versions away.",
        "burnish prompts archive news/digest 1 2",
    ),
    (
        "tidy",
        "upkeep:tidy",
        "List prompts that nobody used for long.",
        "burnish prompts tidy --days 180",
    ),
    (
        "delete",
        "prompts:delete",
        "Take a prompt out of the library.",
        "burnish prompts delete mail/late",
    ),
    (
        "restore",
        "prompts:restore",
        "Bring a deleted prompt back.",
        "burnish prompts restore mail/late",
    ),
)
STARTER: tuple[tuple[str, str, str, str], ...] = (
    ("list", "starter:list_", "List ready prompts.", "burnish starter list --category code"),
    (
        "show",
        "starter:show",
        "Show one with its variables and tests.",
        "burnish starter show code/review_diff",
    ),
    (
        "install",
        "starter:install",
        "Take ready prompts into your library.",
        "burnish starter install code/review_diff plan/trip",
    ),
)
MODELS: tuple[tuple[str, str, str, str], ...] = (
    (
        "list",
        "models:list_",
        "List providers, or the models that they have.",
        "burnish models list --all",
    ),
    (
        "check",
        "models:check",
        "Ask providers who answers, and how fast.",
        "burnish models check openai",
    ),
    (
        "pull",
        "models:pull",
        "Fetch the weights of a local model.",
        "burnish models pull smollm2-135m",
    ),
)
RUNS: tuple[tuple[str, str, str, str], ...] = (
    (
        "list",
        "runs:list_",
        "List runs, newest first.",
        "burnish runs list --model openai:gpt-5-mini --failed --since 7d",
    ),
    ("show", "runs:show", "Show one run with all its attempts.", "burnish runs show 019a"),
    (
        "export",
        "runs:export",
        "Write runs as JSON, one a line.",
        "burnish runs export --jsonl runs.jsonl --days 30",
    ),
    ("import", "runs:import_", "Take in runs from such lines.", "burnish runs import runs.jsonl"),
    (
        "forget",
        "runs:forget",
        "Delete old runs; statistics keep them.",
        "burnish runs forget --older-than 90d",
    ),
)
CACHE: tuple[tuple[str, str, str, str], ...] = (
    (
        "stats",
        "stats:cache_stats",
        "How full it is and how often it helped.",
        "burnish cache stats",
    ),
    ("clear", "stats:cache_clear", "Forget all answers of models.", "burnish cache clear"),
)
CONFIG: tuple[tuple[str, str, str, str], ...] = (
    (
        "show",
        "config:show",
        "Print each setting, its value and where it came from.",
        "burnish config show",
    ),
    (
        "validate",
        "validate:validate",
        "Check files and environment for mistakes, and mend them.",
        "burnish config validate --fix",
    ),
    ("init", "config:init", "Write a settings file to begin from.", "burnish config init --here"),
)
COMPLETION: tuple[tuple[str, str, str, str], ...] = (
    (
        "install",
        "machine:install_completion",
        "Write the completion script where your shell looks for it.",
        "burnish completion install",
    ),
    (
        "show",
        "machine:show_completion",
        "Print the completion script.",
        "burnish completion show bash > burnish.bash",
    ),
)


GROUPS = (
    ("prompts", "Keep prompts over time: versions, labels, rendering.", PROMPTS),
    ("starter", "Ready prompts that come with Burnish.", STARTER),
    ("models", "Language models: which there are, who answers, local weights.", MODELS),
    ("runs", "What was run: every call with its tokens, cost and errors.", RUNS),
    ("cache", "Answers of models that are remembered.", CACHE),
    ("config", "Settings and where they come from.", CONFIG),
    ("completion", "Shell completion.", COMPLETION),
)


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


def _register(app: cyclopts.App, commands: tuple[tuple[str, str, str, str], ...]) -> None:
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
