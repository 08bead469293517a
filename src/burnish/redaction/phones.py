"""Telephone numbers, international and in the forms that are common in large countries."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_SPACE = "[ \u00a0\u202f]"
# Money, numbers with a unit and paths are no telephone numbers.
_FREE = r"(?<![\w$€£¥#/.,+-])(?<!\d[ -])"
_END = r"(?!\w)(?![./:-]\d)(?!\s?(?:%|€|\$|£|EUR\b|USD\b|GBP\b))"
_GAPS = "[ \u00a0\u202f().-]"
_ABROAD = re.compile(
    rf"(?:(?<![\w+.-])\+|{_FREE}00(?=[1-9 \u00a0]){_SPACE}?)\(?\d(?:{_GAPS}{{0,3}}\d){{6,16}}{_END}"
)
# The calling codes of ITU-T E.164.
_CODES = re.compile(
    r"1|7|2(?:0|7|1[123468]|[2-6]\d|9[01789])|3(?:[0-469]|5\d|7[0-9]|8[0-9])"
    r"|4(?:[013-9]|2[013])|5(?:[1-8]|0\d|9\d)|6(?:[0-6]|7\d|8\d|9[0-2])"
    r"|8(?:[1246]|00|50|5[2356]|7[08]|8[06])|9(?:[0-58]|6\d|7[0-79]|9[2-68])"
)
_NORTH_AMERICA = re.compile(r"1[2-9]\d\d[2-9]\d{6}")
_ALL_IN_ONE = re.compile(r"\d{8,15}")
_SAME = rf"(?:{_SPACE}|[.-])"
_HERE = re.compile(
    rf"{_FREE}(?:"
    # North America: 415-555-2671, (415) 555-2671, 1-800-555-0199.
    rf"(?:1[ .-])?(?:\([2-9]\d\d\){_SPACE}?|[2-9]\d\d{_SAME})[2-9]\d\d{_SAME}\d{{4}}"
    # With a 0 in front: 020 7946 0958, 030/123456, 0171-1234567, 01 23 45 67 89.
    rf"|\(?0[1-9]\d{{0,4}}\)?(?:{_SPACE}?/{_SPACE}?|{_SPACE}|[.-])\d{{2,9}}(?:{_SAME}\d{{2,8}}){{0,4}}"
    # China, Brazil, Spain.
    rf"|1[3-9]\d(?:{_SPACE}|-)\d{{4}}(?:{_SPACE}|-)\d{{4}}"
    rf"|\(\d\d\){_SPACE}?9?\d{{4}}(?:{_SPACE}|-)\d{{4}}"
    rf"|[679]\d\d(?:{_SPACE}\d\d){{3}}"
    rf"){_END}"
)
_DATE = re.compile(r"\(?\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d")
_FEWEST, _MOST = 9, 12
# Any number of that length is one where the text says so just before.
_SAID = re.compile(
    r"(?<![^\W_])(?:tel|telephone|phone|mobile|cell|cellphone|fax|whatsapp|telefon|telefonnummer"
    r"|handy|mobil|rufnummer|mobilnummer|téléphone|portable|teléfono|telefono|móvil|movil|celular"
    r"|cellulare|telefone|numéro|hotline|电话|手机|電話"
    r"|(?:call|text|ring|reach|dial|phone)(?: (?:me|us|him|her|them|back)){0,2}"
    r"(?: (?:at|on|under))?)(?:\.|(?: (?:no|number|nr)\b\.?))?"
    r"(?: (?:is|ist|at|on|unter|est|es|is now))?[\"']?\s?[:=\uff1a]?\s{0,2}[\"']?"
    r"(?P<number>\(?\d(?:[ \u00a0\u202f()./-]{0,2}\d){6,14})" + _END,
    re.IGNORECASE,
)


def phones(text: str) -> Iterator[Span]:
    for found in _ABROAD.finditer(text):
        if _is_abroad(found[0]):
            yield _span(found)
    for found in _HERE.finditer(text):
        if _is_here(found[0]):
            yield _span(found)
    for found in _SAID.finditer(text):
        yield _span(found, "number")


def _span(found: re.Match[str], group: str | int = 0) -> Span:
    """Without a bracket that the text opens around the whole number."""
    start, end = found.span(group)
    return start + (found[group][0] == "(" and ")" not in found[group]), end


def _is_abroad(found: str) -> bool:
    digits = _digits(found)
    digits = digits.removeprefix("00") if found[0] != "+" else digits
    if digits.startswith("1"):
        return _NORTH_AMERICA.fullmatch(digits) is not None
    return bool(_ALL_IN_ONE.fullmatch(digits)) and _CODES.match(digits) is not None


def _is_here(found: str) -> bool:
    digits = _digits(found)
    return _FEWEST <= len(digits) <= _MOST and not _DATE.match(found)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
