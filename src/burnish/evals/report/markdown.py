"""A report as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.sheets import headline, row_name, row_parts, row_text, sheets, untold
from burnish.evals.report.words import counted, failing_text, visible

# Anything else could be markup, HTML, a link or the name of somebody to be told.
_NOT_PLAIN = re.compile(r"[^\w .,;:()%+/…·«»–-]|_")  # noqa: RUF001 - a dash people write
_LINKED = re.compile(r"((?<![\w.])&#64;|&#35;|www(?=\.))", re.IGNORECASE)
# Two numbers in brackets, with nothing behind that would make a link of them.
_INTERVAL = re.compile(r"&#91;([+-]?[\d.]+, [+-]?[\d.]+)&#93;(?![(:]|&#91;)")
# A comment on a pull request takes 65,536 characters.
_MAX_CHARS = 60_000
_MAX_ROW = 300


def markdown(report: Report, verdict: Verdict | None = None) -> str:
    """The figures as tables, the worst rows folded away. Foreign text can be no markup, mention
    nobody and link to nothing; rows that would pass the length of a comment are left out."""
    parts = [f"## {_plain(report.title) or 'Evaluation'}", _plain(headline(report))]
    parts += [f"**{_plain(each)}**" for each in untold(report)]
    if verdict is not None:
        parts.append(_verdict(verdict))
    parts.append(_plain(report.recommendation.text))
    about = tuple(facts(report.about))
    if about:
        parts.append(_folded("About this evaluation", _list(about)))
    made = sheets(report)
    parts += [_table(made[0])] if made else []
    length = sum(map(len, parts))
    for part, instead in _details(report, made[1:]):
        fits = length + len(part) < _MAX_CHARS
        parts.append(part if fits else instead)
        length += len(parts[-1])
    return "\n\n".join(parts) + "\n"


def _details(report: Report, more: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
    """Each with what to say instead where it is too long."""
    for sheet in more:
        title = _plain(sheet.title)
        yield _folded(title, _table(sheet)), f"{title}: too long for a comment."
    for column in report.columns:
        if column.rows:
            said = f"The worst rows of {_code(column.name)} are too long for a comment."
            yield _rows(column), said


def _verdict(verdict: Verdict) -> str:
    lines = [f"**Gate {'passed' if verdict.passed else 'failed'}**", ""]
    lines += [f"- {'✅' if each.passed else '❌'} {_plain(each.text)}" for each in verdict.checks]
    return "\n".join(lines)


def _table(sheet: Sheet) -> str:
    lines = [_line(tuple(map(_plain, sheet.headings))), _line(tuple("---" for _ in sheet.headings))]
    lines += [_line(tuple(map(_plain, row))) for row in sheet.rows]
    remark = f"\n\n{sheet.remark}" if sheet.remark else ""
    return "\n".join(lines) + remark


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _list(pairs: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"- {name}: {_plain(text)}" for name, text in pairs)


def _rows(column: Column) -> str:
    shown = "\n".join(_items(column))
    failing = failing_text(column)
    worst = f"Worst rows, {failing}" if failing else "Worst rows"
    if column.failing > len(column.rows):
        worst = f"Worst {counted(len(column.rows), 'row')} of {failing}"
    return _folded(f"{worst}: {_code(column.name)}", shown)


def _items(column: Column) -> Iterator[str]:
    for row in column.rows:
        parts = (f"<br>{name} {_code(text[:_MAX_ROW])}" for name, text in row_parts(row))
        head = f"- **{_plain(row_name(row))}** {_plain(row_text(row)[:_MAX_ROW])}"
        yield f"{head}{''.join(parts)}"


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Each sign that could mean something is written by its number. What a site reads after it has
    drawn the page (names after @, issues after #, addresses) is broken by a space of no width."""
    plain = _LINKED.sub(r"\1&#8203;", _NOT_PLAIN.sub(_by_number, visible(text)))
    return _INTERVAL.sub(r"[\1]", plain)


def _by_number(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
