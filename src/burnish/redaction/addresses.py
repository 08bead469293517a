"""E-mail and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

Span = tuple[int, int]

_AT = re.compile(r"(?<=\w)@(?=\w)")
_LOCAL = re.compile(r"[\w.+%'&=~!#-]+")
_DOMAIN = re.compile(r"[\w.-]+")
_MOST_LOCAL, _MOST_DOMAIN = 64, 253
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_TOP = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)
# `logo@2x.png` is a file, `pkg@1.2.3-beta.rc` a version, `git@host.org:path` a place.
_NO_DOMAIN = re.compile(r"\d+x\.|\d+\.\d")
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "html", "py", "ts"})
_PUNCTUATION = ".+%'&=~!#-"

_V4 = re.compile(r"(?<![\w.])(?<![A-Za-z]-)\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w|-\d{1,3}(?![\d.]))")
# A version or a section is written like an address.
_NO_ADDRESS = re.compile(
    r"(?:\b(?:versions?|ver\.?|v\.?|releases?|builds?|firmware|sections?|chapters?|clauses?"
    r"|paragraphs?|revisions?|upgraded? (?:to|from)|driver|oid|step|figure|table)"
    r"|§|[A-Za-z][\w.+]*/|==|>=|<=|~=)(?: (?:is|was|to|from|number|no\.))?[ :=\"']{0,3}\Z",
    re.IGNORECASE,
)
_BEFORE = 32
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]++")
_ZONE = re.compile(r"%\w{1,15}")
_LONGEST_V6 = 45
_LONG_GROUP = re.compile(r"[0-9A-Fa-f]{3}")
_SLICED = re.compile(r"\w\[\Z")


def emails(text: str) -> Iterator[Span]:
    past = 0
    for at in _AT.finditer(text):
        local = _LOCAL.match(text[max(past, at.start() - _MOST_LOCAL - 1) : at.start()][::-1])
        # What is longer is none, and so is what another one ends in.
        if local is None or len(local[0]) > _MOST_LOCAL:
            continue
        start = at.start() - len(local[0])
        # Punctuation before it, such as the quotes of code, is not part of it.
        start += len(local[0][::-1]) - len(local[0][::-1].lstrip(_PUNCTUATION))
        end = _end_of_domain(text, at.end())
        if end and start < at.start() and text[start : at.start()].lower() != "git":
            yield start, end
            past = end


def _end_of_domain(text: str, start: int) -> int:
    """0 where there is none."""
    found = _DOMAIN.match(text, start, start + _MOST_DOMAIN)
    if found is None or _NO_DOMAIN.match(found[0]):
        return 0
    domain = found[0].rstrip(".-_")
    *labels, top = domain.split(".")
    is_domain = bool(labels) and all(map(_LABEL.fullmatch, labels)) and bool(_TOP.fullmatch(top))
    end = start + len(domain)
    if not is_domain or top.lower() in _FILES or text.startswith("(", end):
        return 0
    return end


def addresses(text: str) -> Iterator[Span]:
    # One of the first kind may end in one of the second.
    yield from _version_6(text)
    yield from _version_4(text)


def _version_4(text: str) -> Iterator[Span]:
    for found in _V4.finditer(text):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        if not _NO_ADDRESS.search(before) and _tells(found[0]):
            yield found.span()


def _version_6(text: str) -> Iterator[Span]:
    for found in _V6.finditer(text):
        address = found[0].rstrip(".")
        if address.endswith(":") and not address.endswith("::"):
            address = address[:-1]
        if not 2 < len(address) <= _LONGEST_V6 or address.count(":") < 2:
            continue
        start, end = found.start(), found.start() + len(address)
        is_slice = _SLICED.search(text, max(0, start - 2), start)
        # Without a long group it is a time, a slice or a hardware address as often as not.
        if is_slice or not _LONG_GROUP.search(address) or text[end : end + 1].isalnum():
            continue
        if any(map(str.isdigit, address)) and _tells(address):
            zone = _ZONE.match(text, end)
            yield start, zone.end() if zone else end


def _tells(address: str) -> bool:
    """Whether it is one, and one that tells of somebody: not this machine itself, nor a mask."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or address.startswith("255."))
