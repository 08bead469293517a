"""Takes personal data out of texts, and puts it back."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from burnish.errors import UsageError
from burnish.redaction.kinds import KINDS, Kind

Span = tuple[int, int]

PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)}) \d{{1,9}}\]")

# So many values are looked for at once as fast as one by one.
_FEW = 50


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A value, and what stands in its place, each time that it is there."""

    kind: Kind
    value: str
    placeholder: str


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """`found` has each value once, in the order of the text."""

    text: str
    found: tuple[Found, ...] = ()


class RedactedTexts(msgspec.Struct, frozen=True, kw_only=True):
    """Several texts in which the same value has the same placeholder."""

    texts: tuple[str, ...]
    found: tuple[Found, ...] = ()


def redact(text: str, kinds: Sequence[Kind] = KINDS) -> Redacted:
    """The text with a placeholder such as `[email 1]` for each value that is found."""
    both = redact_texts((text,), kinds)
    return Redacted(text=both.texts[0], found=both.found)


def checked_kinds(kinds: Sequence[str]) -> tuple[Kind, ...]:
    """Raises UsageError for one that there is not."""
    unknown = next((each for each in kinds if each not in KINDS), None)
    if unknown is not None:
        raise UsageError(
            f"{unknown!r} is no kind of personal data",
            hint=f"use {', '.join(KINDS)}",
            subject=unknown,
        )
    return tuple(each for each in KINDS if each in kinds)


def restore(redacted: Redacted | RedactedTexts, text: str) -> str:
    """The text with the values in place of their placeholders."""
    return put_back(values_of(redacted.found), text)


def redact_texts(texts: Sequence[str], kinds: Sequence[Kind] = KINDS) -> RedactedTexts:
    spans = [_spans(text, kinds) for text in texts]
    if not any(spans):
        return RedactedTexts(texts=tuple(texts))
    taken = {each for text in texts for each in PLACEHOLDER.findall(text)}
    found = _named(
        (
            (kind, text[start:end])
            for text, of in zip(texts, spans, strict=True)
            for start, end, kind in of
        ),
        taken,
    )
    places = {each.value: each.placeholder for each in found}
    return RedactedTexts(texts=tuple(take_out(places, text) for text in texts), found=found)


def values_of(found: Iterable[Found]) -> dict[str, str]:
    """By their placeholders."""
    return {each.placeholder: each.value for each in found}


def put_back(values: Mapping[str, str], text: str) -> str:
    if not values:
        return text
    return PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), text)


def take_out(places: Mapping[str, str], text: str) -> str:
    """The text with a placeholder wherever one of the values stands, also where its form alone
    would not tell it."""
    if not places:
        return text
    if len(places) > _FEW:
        return _take_many_out(places, text)
    longest_first = sorted(places, key=len, reverse=True)
    values = re.compile("|".join(map(re.escape, longest_first)))
    return values.sub(lambda found: places[found[0]], text)


def _take_many_out(places: Mapping[str, str], text: str) -> str:
    """In the same time however many they are."""
    shortest = min(map(len, places))
    lengths: dict[str, list[int]] = {}
    for value in sorted(places, key=len, reverse=True):
        lengths.setdefault(value[:shortest], []).append(len(value))
    lengths = {start: list(dict.fromkeys(each)) for start, each in lengths.items()}
    parts: list[str] = []
    past = at = 0
    while at <= len(text) - shortest:
        value = _value_at(places, lengths.get(text[at : at + shortest], ()), text, at)
        if value is None:
            at += 1
            continue
        parts += (text[past:at], places[value])
        past = at = at + len(value)
    return "".join((*parts, text[past:]))


def _value_at(places: Mapping[str, str], lengths: Sequence[int], text: str, at: int) -> str | None:
    cuts = (text[at : at + length] for length in lengths)
    return next((each for each in cuts if each in places), None)


def _spans(text: str, kinds: Sequence[Kind]) -> list[tuple[int, int, Kind]]:
    """What is found, without overlaps, in the order of the text."""
    held = bytearray(len(text))
    found: list[tuple[int, int, Kind]] = []
    for kind, finder in _finders().items():
        for start, end in finder(text) if kind in kinds else ():
            if held.find(1, start, end) < 0:
                held[start:end] = b"\1" * (end - start)
                found.append((start, end, kind))
    return sorted(found)


@functools.cache
def _finders() -> dict[Kind, Callable[[str], Iterator[Span]]]:
    """In the order in which they win: an IBAN has digits that look like a telephone number. Their
    patterns are made when the first text is looked at."""
    from burnish.redaction.accounts import cards, ibans
    from burnish.redaction.addresses import addresses, emails
    from burnish.redaction.phones import phones

    return {"email": emails, "iban": ibans, "card": cards, "ip": addresses, "phone": phones}


def _named(values: Iterable[tuple[Kind, str]], taken: set[str]) -> tuple[Found, ...]:
    numbers = dict.fromkeys(KINDS, 0)
    found: dict[str, Found] = {}
    for kind, value in values:
        if value in found:
            continue
        numbers[kind] += 1
        while (placeholder := f"[{kind} {numbers[kind]}]") in taken:
            numbers[kind] += 1
        found[value] = Found(kind=kind, value=value, placeholder=placeholder)
    return tuple(found.values())
