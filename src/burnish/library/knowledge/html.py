"""HTML as Markdown: headings, lists, tables and code stay, scripts and styles go."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from burnish.library.knowledge.document_text import clean

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# What is between these is no text of the page.
_DROPPED = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "iframe", "canvas", "nav")
)
# A browser ends these where a part of the page begins.
_DRAWN = ("svg", "math")
# The parser itself reads scripts and styles to their end.
_SURELY = ("script", "style", *_DRAWN)
_END = re.compile(r"</(template|noscript|iframe|canvas|nav)\b", re.IGNORECASE)
_INLINE = "b big br center code em i img s small span strike strong sub sup tt u var"
_BLOCK_TAGS = """
address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer
form header hgroup hr html legend li main ol p search section summary table tbody tfoot thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_PARTS = _BLOCKS | _HEADINGS.keys() | {"pre", "td", "th", *_INLINE.split()}
_LONGEST_TITLE = 300
_BLANK = re.compile(r"\s+")
_STRUCTURE = re.compile(r"#{1,6}\s|```|~~~|=+\s*$|-+\s*$|\|")


class HtmlText(HTMLParser):
    """Feed it, close it, and take `lines`: each line of text with the line it came from."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._ends = _last_ends(source)
        self._title: str | None = None
        self._titled: int | None = None
        self._headed = False
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
        self._end_title()
        self._end_drawing(tag)
        if tag in _DROPPED:
            self._drop(tag)
        elif self._dropped:
            return
        elif tag == "title":
            self._paragraph()
            self._title = ""
        elif tag in ("td", "th"):
            self._begin_cell()
        elif tag == "br":
            self._break_line()
        elif tag == "pre":
            self._fence(opens=True)
        elif tag in _HEADINGS:
            self._paragraph()
            self._headed = self._headed or tag == "h1"
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag in _BLOCKS:
            self._begin_block(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Any other without an end has nothing in it.
        if tag in ("br", "hr"):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._end_drawing(tag)
        if self._dropped:
            # One that is never closed ends with what it stands in.
            if tag in self._dropped:
                del self._dropped[self._dropped.index(tag) :]
        elif tag == "title":
            self._end_title()
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
        if self._title is not None:
            self._title += data
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
        self._end_title()
        self._end_row()
        if self._pre:
            self._fence(opens=False)
        self._paragraph()
        if self._headed and self._titled is not None:
            # Without the empty line behind it; what the page shows as its heading says it all.
            del self.lines[self._titled : self._titled + 2]

    def _drop(self, tag: str) -> None:
        # One that never ends would take the rest of the page along.
        if self._dropped or tag in _SURELY or self.getpos() < self._ends.get(tag, (0, 0)):
            self._dropped.append(tag)

    def _end_drawing(self, tag: str) -> None:
        while self._dropped and self._dropped[-1] in _DRAWN and tag in _PARTS:
            self._dropped.pop()

    def _end_title(self) -> None:
        """A heading of the whole page; one that goes on and on was never ended, and is text."""
        if self._title is None:
            return
        title, self._title = _BLANK.sub(" ", clean(self._title)).strip(), None
        first = self._titled is None and self._cells is None and not self._pre
        if title and first and len(title) <= _LONGEST_TITLE:
            self._prefix = "# "
            self._titled = len(self.lines)
        self._add(title)
        self._paragraph()

    def _add(self, text: str) -> None:
        if text and not self._line.strip():
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


def _last_ends(source: str) -> dict[str, tuple[int, int]]:
    """Where each kind of tag is ended for the last time: line and column, as the parser counts."""
    ends = {found[1].lower(): found.start() for found in _END.finditer(source)}
    return {
        tag: (source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at) - 1)
        for tag, at in ends.items()
    }


def html_lines(source: str) -> list[tuple[str, int]]:
    """The lines of text of a page, each with the line of the source it came from."""
    page = HtmlText(source)
    page.feed(source)
    page.close()
    while page.lines and not page.lines[-1][0]:
        page.lines.pop()
    return page.lines
