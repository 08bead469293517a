"""A document as plain text, whatever it was."""

from __future__ import annotations

import re

import msgspec

from burnish.storage.knowledge import DocumentKind


class DocumentText(msgspec.Struct, frozen=True, kw_only=True):
    """`structured` says that the text has Markdown's headings, fences and tables. `lines` holds
    for each line of the text the line of the file it came from, where these differ; `pages` where
    each page begins, as offsets into the text. `note` is what a reader should know."""

    text: str
    kind: DocumentKind
    structured: bool = False
    lines: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()
    note: str = ""

    @property
    def has_lines(self) -> bool:
        """Whether a line number leads somewhere."""
        return not self.pages


_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Halves of pairs are no characters; the others no text.
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    """The text with line feeds alone between lines and without control characters."""
    return _NO_TEXT.sub("", _BREAKS.sub("\n", text))
