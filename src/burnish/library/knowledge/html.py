"""HTML as Markdown: headings, lists, tables and code stay, scripts and styles go."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from burnish.library.knowledge.document_text import clean

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What is between these is no text of the page.
_DROPPED = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "canvas")
)
_BLOCK_TAGS = """
address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer
form header hgroup hr html legend li main nav ol p search section summary table tbody tfoot thead
title tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_BLANK = re.compile(r"\s+")
_STRUCTURE = re.compile(r"#{1,6}\s|```|~~~|=+\s*$|-+\s*$|\|")


class HtmlText(HTMLParser):
    """Feed it, close it, and take `lines`: each line of text with the line it came from."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[str, int]] = []
        self._line = ""
        self._began = 1
        self._prefix = ""
        self._dropped: list[str] = []
        self._pre = 0
        self._cells: list[str] | None = None
        self._in_cell = False
        self._rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if self._dropped:
            if tag in _DROPPED:
                self._dropped.append(tag)
        elif tag in _DROPPED:
            self._dropped.append(tag)
        elif tag in ("td", "th"):
            self._begin_cell()
        elif tag == "br":
            self._break_line()
        elif tag == "pre":
            self._fence(opens=True)
        elif tag in _HEADINGS:
            self._paragraph()
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag in _BLOCKS:
            self._begin_block(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Any other without an end has nothing in it.
        if tag in ("br", "hr"):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            # One that is never closed ends with what it stands in.
            if tag in self._dropped:
                del self._dropped[self._dropped.index(tag) :]
        elif tag == "tr":
            self._end_row()
        elif tag == "pre":
            self._fence(opens=False)
        elif tag == "table":
            self._end_row()
            self._rows = 0
            self._paragraph()
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._paragraph()

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._pre:
            first, *rest = clean(data).split("\n")
            self._add(first)
            for line in rest:
                self._flush(even_empty=True)
                self._add(line)
            return
        words = _BLANK.sub(" ", data)
        if not self._line or self._line.endswith(" "):
            words = words.lstrip()
        self._add(words)

    def close(self) -> None:
        super().close()
        self._end_row()
        if self._pre:
            self._fence(opens=False)
        self._paragraph()

    def _add(self, text: str) -> None:
        if text and not self._line:
            self._began = self.getpos()[0]
        self._line += text

    def _begin_block(self, tag: str) -> None:
        if self._cells is not None:
            # A table is one line a row: what a cell is divided into stands side by side.
            if tag in ("tr", "table"):
                self._end_row()
            elif self._line and not self._line.endswith(" "):
                self._line += " "
            if tag != "tr":
                return
        self._flush()
        if tag == "tr":
            self._cells = []
        elif tag == "li":
            self._prefix = "- "
        elif tag not in ("tbody", "thead", "tfoot"):
            self._blank()

    def _break_line(self) -> None:
        if self._cells is not None:
            self._line += " "
        else:
            self._flush(even_empty=bool(self._pre))

    def _paragraph(self) -> None:
        if self._cells is None:
            self._flush()
            self._prefix = ""
            self._blank()
        elif self._line and not self._line.endswith(" "):
            self._line += " "

    def _fence(self, *, opens: bool) -> None:
        if self._cells is not None or (not opens and not self._pre):
            return
        self._flush()
        if opens and not self._pre:
            self._blank()
        if opens != bool(self._pre):
            self.lines.append(("```", self.getpos()[0]))
        self._pre = 1 if opens else 0
        if not opens:
            self._blank()

    def _begin_cell(self) -> None:
        if self._cells is None:
            self._flush()
            self._cells = []
        self._end_cell()
        self._in_cell = True

    def _end_cell(self) -> None:
        if self._cells is not None and self._in_cell:
            self._cells.append(_BLANK.sub(" ", self._line).strip().replace("|", "\\|"))
            self._line = ""
        self._in_cell = False

    def _end_row(self) -> None:
        if self._cells is None:
            return
        self._end_cell()
        cells, self._cells = self._cells, None
        if any(cells):
            self.lines.append((f"| {' | '.join(cells)} |", self._began))
            if not self._rows:
                self.lines.append((f"|{' --- |' * len(cells)}", self._began))
            self._rows += 1

    def _flush(self, *, even_empty: bool = False) -> None:
        line, self._line = self._line, ""
        line = line.rstrip() if self._pre else line.strip()
        if line:
            # A line of the page that looks like Markdown's structure is none.
            guard = "\\" if not self._prefix and _STRUCTURE.match(line) else ""
            self.lines.append((f"{self._prefix}{guard}{line}", self._began))
            self._prefix = ""
        elif even_empty:
            self.lines.append(("", self.getpos()[0]))

    def _blank(self) -> None:
        if self.lines and self.lines[-1][0]:
            self.lines.append(("", self.lines[-1][1]))


def html_lines(source: str) -> list[tuple[str, int]]:
    """The lines of text of a page, each with the line of the source it came from."""
    page = HtmlText()
    page.feed(source)
    page.close()
    while page.lines and not page.lines[-1][0]:
        page.lines.pop()
    return page.lines
