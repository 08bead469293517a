"""What all commands share: global options, texts from arguments or stdin, printing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    import burnish


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options that every command takes."""

    json: Annotated[bool, Parameter(negative="", help="Print JSON with a stable schema.")] = False
    home: Annotated[str, Parameter(help="Data folder, instead of the usual one.")] = ""
    input: Annotated[bool, Parameter(name="--input", negative="--no-input", show=False)] = True


NONE = Common()
STDIN = "\0stdin"


def platform(common: Common) -> burnish.Platform:
    import burnish

    return burnish.open(common.home)


def text_of(given: str | None, what: str, *, file: Path | None = None) -> str:
    """The argument, a file, or standard input for `-` and for no argument in a pipe."""
    if file is not None:
        return read_file(file)
    if given is not None and given != STDIN:
        return given
    if given is None and sys.stdin.isatty():
        raise UsageError(f"no {what} is given", hint=f"type the {what} in quotes, or pipe it in")
    text = decoded(sys.stdin.buffer.read(), "standard input")
    if not text.strip():
        raise UsageError(f"no {what} is given", hint=f"type the {what} in quotes, or pipe it in")
    return text


def read_file(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    return decoded(content, str(path))


def decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not UTF-8 text", hint="save it as UTF-8") from None


def on_terminal() -> bool:
    return sys.stdout.isatty()


def console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def out(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def out_json(value: Any) -> None:
    import msgspec

    out(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def note(text: str) -> None:
    """A remark beside the result: for people, so only where a person looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")
