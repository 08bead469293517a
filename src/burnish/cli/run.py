"""From arguments to an exit code: the boundary where errors become one line on stderr."""

from __future__ import annotations

import difflib
import errno
import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import cyclopts

from burnish.cli.commands import COMMANDS, GROUPS
from burnish.cli.common import READ_FROM_STDIN, STDIN, visible
from burnish.cli.main import build, overview
from burnish.errors import BurnishError, UsageError

INTERRUPTED = 130
_TYPES = {"int": "no whole number", "float": "no number", "bool": "neither true nor false"}


def run(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        if not arguments:
            return _without_arguments()
        result: Any = _call(arguments)
        sys.stdout.flush()
    except BurnishError as error:
        _say(error.code, error.what, error.hint, error.subject, as_json=as_json)
        return error.exit_code
    except cyclopts.CycloptsError as error:
        what, hint = _explained(error, arguments)
        _say("usage_error", what, hint, "", as_json=as_json)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _unwritten(error, as_json=as_json)
    return result if isinstance(result, int) else 0


def _unwritten(error: OSError, *, as_json: bool) -> int:
    """Where standard output takes no more, which must not fail once again at exit."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC):
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:  # the reader has what it wanted
        return 0
    what = "the output cannot be written: no space is left"
    _say("store_error", what, "free some space on the disk", "", as_json=as_json)
    return 1


def _call(arguments: list[str]) -> Any:
    # The library reads a lone hyphen as an option without a name.
    given = [STDIN if argument == "-" else _utf8(argument) for argument in arguments]
    command, bound, _ = build().parse_args(given, exit_on_error=False, print_error=False)
    for name, value in bound.arguments.items():
        bound.arguments[name] = _marked(name, value)
    return command(*bound.args, **bound.kwargs)


def _marked(name: str, value: object) -> object:
    """The value with the mark of standard input where it is read, else with `-` itself. Raises
    UsageError for a path, which `-` cannot be."""
    if isinstance(value, Path) and str(value) == STDIN and name not in READ_FROM_STDIN[Path]:
        raise UsageError(
            f"- (standard input or output) cannot be the {name} here",
            hint="name a file; one that is called so is ./-",
        )
    if isinstance(value, (list, tuple)) and name not in READ_FROM_STDIN[list]:
        given = ["-" if each == STDIN else each for each in cast("Iterable[object]", value)]
        return given if isinstance(value, list) else tuple(given)
    if value == STDIN and name not in READ_FROM_STDIN[str]:
        return "-"
    return cast("object", value)


def _utf8(argument: str) -> str:
    """Bytes that the locale could not read stand in it as halves of pairs; they are UTF-8."""
    if not any("\udc80" <= char <= "\udcff" for char in argument):
        return argument
    try:
        return os.fsencode(argument).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return argument


def _without_arguments() -> int:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from burnish.cli.guided import session

        return session()
    sys.stdout.write(overview())
    return 0


def _say(code: str, what: str, hint: str, subject: str, *, as_json: bool) -> None:
    if as_json:
        body = {"code": code, "message": what, "hint": hint, "subject": subject}
        sys.stderr.write(json.dumps({"error": body}) + "\n")
        return
    line = f"burnish: {what}; {hint}" if hint else f"burnish: {what}"
    sys.stderr.write(visible(" ".join(line.split())) + "\n")


def _explained(error: cyclopts.CycloptsError, arguments: list[str]) -> tuple[str, str]:
    """What is wrong and what to do, in our own words where the library's are for programmers."""
    if arguments[0].startswith("-"):
        return f"{arguments[0]} stands before the command", "write it behind the command"
    words = [word for word in arguments[:2] if not word.startswith("-")]
    group = next((commands for name, _, commands in GROUPS if words[:1] == [name]), None)
    command = " ".join(words if group else words[:1])
    if isinstance(error, cyclopts.UnknownCommandError):
        given = words[-1] if group else words[0]
        known = [name for name, *_ in (group or COMMANDS)]
        known += [] if group else [name for name, *_ in GROUPS]
        near = difflib.get_close_matches(given, known, n=1)
        place = f"burnish {words[0]}" if group else "burnish"
        hint = f"did you mean {near[0]}?" if near else f"see {place} --help"
        return f"Unknown command {given!r} of {place}", hint
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        shown = " ".join(error.unused_tokens).replace(STDIN, "-")
        return (
            f"more words than the command takes: {shown}",
            "put a text of several words in quotes",
        )
    what = " ".join(str(error).split()).rstrip(".").replace(STDIN, "-")
    for python, plain in _TYPES.items():
        what = re.sub(rf"unable to convert (.+) into {python}\Z", rf"\1 is {plain}", what)
    return what, f"see burnish {command} --help" if command else "see burnish --help"
