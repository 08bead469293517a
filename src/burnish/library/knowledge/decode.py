"""From bytes to text: Unicode by its marks, else UTF-8, else Windows-1252 said aloud."""

from __future__ import annotations

import codecs
import re

from burnish.errors import UsageError

# The longer mark first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
# Bytes that no text of one byte a letter has, and how many of them a damaged one may have.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
_FEW = 0.001


def decoded(content: bytes) -> tuple[str, str]:
    """The text, and a note where the encoding was guessed. Raises UsageError for bytes that are
    no text."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(name), ""
            except UnicodeDecodeError:
                raise UsageError(
                    f"it begins as {name.upper().removesuffix('-SIG')} and is not",
                    hint="save it as UTF-8",
                ) from None
    if b"\0" in content:
        raise UsageError(
            "it is binary, or UTF-16 without a mark", hint="save it as UTF-8 if it is text"
        )
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        sample = content[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > _FEW * len(sample):
        raise UsageError("it is binary", hint="save it as UTF-8 if it is text")
    note = "not UTF-8; read as Windows-1252, so letters with accents may be wrong"
    return content.decode("cp1252", errors="replace"), note
