"""What all commands share: global options, texts from arguments or stdin, printing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.errors import UsageError
from burnish.masking import HIDDEN

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    import burnish


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options that every command takes."""

    json: Annotated[bool, Parameter(negative="", help="Print JSON with a stable schema.")] = False
    home: Annotated[str, Parameter(show_default="setting home", help="Data folder.")] = ""
    input: Annotated[
        bool,
        Parameter(
            name="--input",
            negative="--no-input",
            show_default=False,
            help="--no-input asks nothing and fails instead.",
        ),
    ] = True


NONE = Common()


def check_not_empty(**options: str | None) -> None:
    """A variable of the shell that is not set must not read as an option that is not given."""
    for name, value in options.items():
        if value == "":
            raise UsageError(f"--{name} is empty", hint="give a value, or leave the option out")


# More is no prompt and no context; reading on would fill the memory.
MAX_BYTES = 10 * 1024 * 1024
# Stands for `-`, which is a word of its own everywhere but where these parameters, by what they
# hold, read standard input for it.
STDIN = "\0stdin"
READ_FROM_STDIN = {
    str: ("text", "idea", "query"),
    Path: ("file", "context", "vars", "readme", "source", "target"),
    list: ("context",),
}
_USER = re.compile(r"(?<=://)\S*@")
# All but tab and line feed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def platform(common: Common) -> burnish.Platform:
    import burnish

    return burnish.open(common.home)


def asks_model(p: burnish.Platform, model: str) -> bool:
    """Whether `generate` will wait for a model, so that a person should see that it does."""
    named = model or p.settings.generation.model
    return named != "offline" and (named != "auto" or p.automatic_model != "offline")


@contextmanager
def waiting(what: str) -> Generator[None]:
    """A moving sign on stderr while something takes long; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def progress_bar(*, in_bytes: bool = False) -> Generator[Callable[[str, int, int], None] | None]:
    """A bar on stderr, moved by what is done, how much of it, and how much there is; None where
    nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    amount = (
        (progress.DownloadColumn(),)
        if in_bytes
        else (progress.MofNCompleteColumn(), progress.TimeRemainingColumn())
    )
    columns = (progress.TextColumn("{task.description}", markup=False), progress.BarColumn())
    with progress.Progress(*columns, *amount, console=Console(stderr=True), transient=True) as bar:
        # Before anything is known of it, a bar would say 0 of nothing.
        task = bar.add_task("", total=None, visible=False)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=visible(what), completed=done, total=total, visible=True)

        yield tell


def text_of(given: str | None, what: str, *, file: Path | None = None) -> str:
    """The argument, a file, or standard input for `-` and for no argument in a pipe."""
    if file is not None and given is not None:
        raise UsageError(f"a {what} and --file are given", hint="leave one of them out")
    if file is not None:
        return read_file(file)
    if given is not None and given != STDIN:
        return given
    if given is None and sys.stdin.isatty():
        raise UsageError(f"no {what} is given", hint=f"type the {what} in quotes, or pipe it in")
    text = from_stdin()
    if not text.strip():
        raise UsageError(f"no {what} is given", hint=f"type the {what} in quotes, or pipe it in")
    return text


def read_file(path: Path) -> str:
    if str(path) == STDIN:
        return from_stdin()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    return decoded(content, str(path))


def from_stdin() -> str:
    return decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")


def decoded(content: bytes, where: str) -> str:
    if len(content) > MAX_BYTES:
        raise UsageError(
            f"{where} has more than {MAX_BYTES // 1024 // 1024} MB", hint="give less of it"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not UTF-8 text", hint="save it as UTF-8") from None


def asked(question: str) -> str:
    """What a person answers; an input that ends is the wish to stop."""
    try:
        return console().input(visible(question), markup=False)
    except EOFError:
        raise UsageError("no answer came", hint="nothing was changed") from None


def confirmed(question: str, why: str, *, may_ask: bool) -> bool:
    """Whether a person says yes. Raises UsageError, saying why it is asked, where nobody can."""
    if not may_ask or not sys.stdin.isatty():
        raise UsageError(why, hint="add --yes to do it without a question")
    sys.stderr.write(visible(f"{question} [y/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def without_user(value: str) -> str:
    """An address may carry a name and a password."""
    return _USER.sub(f"{HIDDEN}@", value)


def on_terminal() -> bool:
    return sys.stdout.isatty()


def console() -> Console:
    """For a terminal. Texts are shown as they are: brackets are no markup, `:x:` is no picture."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def styled(text: str, style: str = "") -> Text:
    """Text for a terminal; somebody else's text cannot move its cursor or change its colours."""
    from rich.text import Text

    return Text(visible(text), style=style)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    wide: str = "",
    wraps: str = "",
) -> None:
    """Columns for a terminal. Those under the headings `wide` and `wraps` take what room is left
    and wrap, and the others are cut with a sign; without `wide` any wraps."""
    from rich.table import Table

    from burnish.cli.widths import GAP, widths

    screen = console()
    cells = [[styled(c) if isinstance(c, str) else c for c in row] for row in rows]
    natural = [
        max([len(heading), *(row[at].cell_len for row in cells)])
        for at, heading in enumerate(headings)
    ]
    places = [headings.index(each) for each in (wide, wraps) if each]
    fitted = widths(natural, screen.width, *places) if wide else [None] * len(natural)
    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for heading, width in zip(headings, fitted, strict=True):
        cut = bool(wide) and heading not in (wide, wraps)
        shown.add_column(heading, no_wrap=cut, overflow="ellipsis" if cut else "fold", width=width)
    for row in cells:
        shown.add_row(*row)
    screen.print(shown)


def visible(text: str) -> str:
    """Control characters as the escapes that a programmer writes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def out(text: str) -> None:
    shown = visible(text) if on_terminal() else text
    sys.stdout.write(shown if shown.endswith("\n") else f"{shown}\n")


def out_json(value: Any) -> None:
    import msgspec

    out(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def counted(count: int, what: str) -> str:
    """`1 prompt`, `2 prompts`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def totals(counts: Iterable[tuple[int, str]]) -> str:
    """`2 new, 1 skipped`: those that are not 0; empty where all are."""
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def warn(text: str) -> None:
    """Something about the result that a person or a log should not miss."""
    sys.stderr.write(f"burnish: note: {visible(' '.join(text.split()))}\n")


def note(text: str) -> None:
    """A remark beside the result: for people, so only where a person looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{visible(text)}\n")
