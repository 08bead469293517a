"""redact."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
    text_of,
)


def redact(
    text: Annotated[str | None, Parameter(help="The text; - reads standard input.")] = None,
    /,
    *,
    kinds: Annotated[
        str | None,
        Parameter(
            show_default="setting redaction.kinds",
            help="What to look for, with commas between: email,phone,card,iban,ip.",
        ),
    ] = None,
    common: Common = NONE,
) -> None:
    """Show which personal data would be taken out of a text: the text without it, and on a
    terminal what each placeholder stands for. Nothing is stored or sent.
    """
    chosen = None if kinds is None else [each.strip() for each in kinds.split(",") if each.strip()]
    with platform(common) as p:
        done = p.redact(text_of(text, "text"), kinds=chosen)
    if common.json:
        out_json(done)
        return
    out(done.text)
    if not on_terminal():
        return
    if done.found:
        rows = ((each.placeholder, each.value) for each in done.found)
        table(("placeholder", "stands for"), rows, wide="stands for")
    else:
        note("Nothing was found.")
