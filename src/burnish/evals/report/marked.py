"""Pieces of Markdown for a pull request, in which foreign text is only text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import visible

# Anything else could be markup, HTML, a link or the name of somebody to be told.
_NOT_PLAIN = re.compile(r"[^\w .,;:()%+/…·«»–-]|_")  # noqa: RUF001 - a dash people write
_LINKED = re.compile(r"((?<![\w.])&#64;|&#35;|www(?=\.))", re.IGNORECASE)
# Two numbers in brackets, with nothing behind that would make a link of them.
_INTERVAL = re.compile(r"&#91;([+-]?[\d.,]*\d, [+-]?[\d.,]*\d)&#93;(?![(:]|&#91;)")


def as_text(text: str) -> str:
    """Each sign that could mean something is written by its number. What a site reads after it has
    drawn the page (names after @, issues after #, addresses) is broken by a space of no width."""
    plain = _LINKED.sub(r"\1&#8203;", _NOT_PLAIN.sub(_by_number, visible(text)))
    return _INTERVAL.sub(r"[\1]", plain)


def _by_number(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def as_code(text: str) -> str:
    return f"<code>{as_text(text)}</code>"


def as_table(sheet: Sheet) -> str:
    lines = [_line(map(as_text, sheet.headings)), _line("---" for _ in sheet.headings)]
    lines += [_line(map(as_text, row)) for row in sheet.rows]
    remark = f"\n\n{as_text(sheet.remark)}" if sheet.remark else ""
    return "\n".join(lines) + remark


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def folded(title: str, content: str) -> str:
    """`title` is written as it is."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def as_list(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {as_text(text)}" for name, text in pairs)
