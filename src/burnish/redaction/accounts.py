"""Payment cards and IBANs, which carry check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_GAP = "[ \u00a0\u202f-]"
_CARD = re.compile(
    # Not inside a longer number, a name with digits, or behind a decimal point.
    rf"(?<![\w.,])(?<!\d[-])(?:\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,4}}(?:{_GAP}\d{{3}})?"
    rf"|\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}|\d{{13,19}})(?![\w-])(?![.,]\d)"
)
# First digits by scheme: what else passes the check is a number of some other kind.
_ISSUERS = re.compile(
    r"4|5[0-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[689])|35|6(?:011|2|4[4-9]|5)"
    r"|6(?:3|7)"
)
_LENGTHS = {"3": range(14, 20), "4": (13, 16, 19)}
_USUAL = range(16, 20)
_TWICE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

_IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?=[ \u00a0\u202f-]?[A-Za-z0-9])")
_REST = re.compile(r"(?:[ \u00a0\u202f-]?[A-Za-z0-9]){1,30}")
_MOST_CHARS = 70
# The length of an IBAN by country, from the registry of ISO 13616.
_LISTED = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 "
    "EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 "
    "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 "
    "NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 "
    "TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBANS = {name: int(length) for name, length in re.findall(r"([A-Z]{2})(\d\d)", _LISTED)}


def cards(text: str) -> Iterator[Span]:
    for found in _CARD.finditer(text):
        digits = "".join(filter(str.isdigit, found[0]))
        if _is_card(digits):
            yield found.span()


def ibans(text: str) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        end = _end_of_iban(text, found.start())
        if end:
            yield found.start(), end


def _is_card(digits: str) -> bool:
    lengths = _LENGTHS.get(digits[0], _USUAL)
    known = len(digits) in lengths and _ISSUERS.match(digits) and digits.isascii()
    return bool(known) and len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: str) -> bool:
    numbers = [int(each) for each in reversed(digits)]
    return (sum(numbers[::2]) + sum(_TWICE[each] for each in numbers[1::2])) % 10 == 0


def _end_of_iban(text: str, start: int) -> int:
    """0 where none begins there."""
    length = _IBANS.get(text[start : start + 2].upper(), 0)
    rest = _REST.match(text, start + 4, start + _MOST_CHARS)
    if not length or rest is None:
        return 0
    signs, end = list(text[start : start + 4]), start + 4
    for end in range(start + 4, rest.end()):
        if text[end].isalnum():
            signs.append(text[end])
        if len(signs) == length:
            break
    is_whole = len(signs) == length and not text[end + 1 : end + 2].isalnum()
    return end + 1 if is_whole and _mod_97("".join(signs)) else 0


def _mod_97(iban: str) -> bool:
    if not iban.isascii():
        return False
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(each, 36)) for each in moved)) % 97 == 1
