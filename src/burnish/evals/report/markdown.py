"""A report as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from burnish.evals.report.about import facts
from burnish.evals.report.gate import Verdict
from burnish.evals.report.marked import as_code, as_list, as_table, as_text, folded
from burnish.evals.report.report import Column, Report
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.sheets import headline, row_name, row_parts, row_text, sheets, untold
from burnish.evals.report.words import counted, failing_text

# A comment on a pull request takes 65,536 characters.
_MAX_CHARS = 60_000
_MAX_ROW = 300


def markdown(report: Report, verdict: Verdict | None = None) -> str:
    """The figures as tables, the worst rows folded away. Foreign text can be no markup, mention
    nobody and link to nothing; rows that would pass the length of a comment are left out."""
    parts = [f"## {as_text(report.title) or 'Evaluation'}", as_text(headline(report))]
    parts += [f"**{as_text(each)}**" for each in untold(report)]
    if verdict is not None:
        parts.append(_verdict(verdict))
    parts.append(as_text(report.recommendation.text))
    about = tuple(facts(report.about))
    if about:
        parts.append(folded("About this evaluation", as_list(about)))
    made = sheets(report)
    parts += [as_table(made[0])] if made else []
    length = sum(map(len, parts))
    for part, instead in _details(report, made[1:]):
        fits = length + len(part) < _MAX_CHARS
        parts.append(part if fits else instead)
        length += len(parts[-1])
    return "\n\n".join(parts) + "\n"


def _details(report: Report, more: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
    """Each with what to say instead where it is too long."""
    for sheet in more:
        title = as_text(sheet.title)
        yield folded(title, as_table(sheet)), f"{title}: too long for a comment."
    for column in report.columns:
        if column.rows:
            said = f"The worst rows of {as_code(column.name)} are too long for a comment."
            yield _rows(column), said


def _verdict(verdict: Verdict) -> str:
    lines = [f"**Gate {'passed' if verdict.passed else 'failed'}**", ""]
    lines += [f"- {'✅' if each.passed else '❌'} {as_text(each.text)}" for each in verdict.checks]
    return "\n".join(lines)


def _rows(column: Column) -> str:
    shown = "\n".join(_items(column))
    failing = failing_text(column)
    worst = f"Worst rows, {failing}" if failing else "Worst rows"
    if column.failing > len(column.rows):
        worst = f"Worst {counted(len(column.rows), 'row')} of {failing}"
    return folded(f"{worst}: {as_code(column.name)}", shown)


def _items(column: Column) -> Iterator[str]:
    for row in column.rows:
        parts = (f"<br>{name} {as_code(text[:_MAX_ROW])}" for name, text in row_parts(row))
        head = f"- **{as_text(row_name(row))}** {as_text(row_text(row)[:_MAX_ROW])}"
        yield f"{head}{''.join(parts)}"
