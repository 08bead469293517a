"""Names of prompts and labels, and the references that people write.

name                    `production` where that label exists, else the latest revision
name@3                  revision 3
name@production         where that label points; `latest` is the latest revision
name@branch:try         the newest revision of a branch; `main` is the one that every prompt has
prompts:/name/3         the same as name@3
prompts:/name@label     the same as name@label
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from burnish.errors import UsageError
from burnish.prompts.prompt import MAIN

LATEST = "latest"
PRODUCTION = "production"
MAX_NAME_CHARS = 255
_SCHEME = "prompts:/"
_BRANCH = "branch:"
_LABEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,35}")
# Control characters, line and paragraph separators, halves of surrogate pairs.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Given neither revision nor label, the rule for bare names applies."""

    name: str
    revision: int | None = None
    label: str | None = None
    branch: str | None = None

    def __str__(self) -> str:
        pointer = self.label if self.revision is None else str(self.revision)
        if self.branch is not None:
            pointer = f"{_BRANCH}{self.branch}"
        return self.name if pointer is None else f"{self.name}@{pointer}"


def parse(text: str) -> Reference:
    """Raises UsageError, saying which rule the text breaks."""
    given = text.strip()
    rest = given.removeprefix(_SCHEME)
    name, at, pointer = rest.rpartition("@")
    if not at:
        name, pointer = rest, ""
        if rest != given:
            folder, slash, last = rest.rpartition("/")
            if slash and _is_number(last):
                name, pointer = folder, last
    elif not pointer:
        raise UsageError(
            f"{text!r} has nothing after the @",
            hint="write name@3, name@production, or the name alone",
            subject=text,
        )
    name = check_name(name)
    if not pointer:
        return Reference(name=name)
    if _is_number(pointer):
        return Reference(name=name, revision=_revision(pointer, text))
    if pointer.startswith(_BRANCH):
        return Reference(name=name, branch=_check_form(pointer.removeprefix(_BRANCH), "branch"))
    return Reference(name=name, label=_check_form(pointer, "label"))


def check_name(name: str, what: str = "prompt") -> str:
    """The name without surrounding space. Raises UsageError for one that cannot be used."""
    trimmed = name.strip()
    broken = _broken_rule(trimmed)
    if broken:
        raise UsageError(
            f"{name[:80]!r} cannot name {'an' if what[0] in 'aeiou' else 'a'} {what}: {broken}",
            hint="use folders and words such as writer/write_chapter",
            subject=name,
        )
    return trimmed


def check_label(label: str) -> str:
    """Raises UsageError for a label that nobody may set."""
    if label == LATEST:
        raise UsageError(
            "`latest` always points at the latest revision and cannot be set",
            hint="save a new version to move it, or use another label",
            subject=label,
        )
    if _is_number(label):
        raise UsageError(
            f"{label!r} would read as a revision",
            hint=f"use a label such as v{label}",
            subject=label,
        )
    return _check_form(label, "label")


def check_branch(branch: str) -> str:
    """Raises UsageError for a name that no branch may have."""
    if branch == MAIN:
        raise UsageError(f"every prompt has a branch {MAIN!r} already", hint="choose another name")
    if branch == LATEST:
        raise UsageError(f"{LATEST!r} always means a label", hint="choose another name")
    if _is_number(branch):
        raise UsageError(
            f"{branch!r} would read as a revision", hint=f"use a branch such as b{branch}"
        )
    return _check_form(branch, "branch")


def check_revision(revision: int) -> int:
    """Raises UsageError for what no revision can be."""
    if not _is_whole(revision):
        raise UsageError(f"{revision!r} is no revision", hint="revisions are whole numbers")
    # Larger numbers fit no database's integers, and nobody saves a prompt that often.
    if not 1 <= revision < 10**9:
        raise UsageError(
            f"{revision} is no revision", hint="revisions count from 1", subject=str(revision)
        )
    return revision


def _broken_rule(name: str) -> str:
    parts = name.split("/")
    rules = {
        "it is empty": not name,
        f"it has more than {MAX_NAME_CHARS} characters": len(name) > MAX_NAME_CHARS,
        "it holds | or @": "|" in name or "@" in name,
        "it holds a control character": any(
            unicodedata.category(c) in _UNPRINTABLE for c in name[:MAX_NAME_CHARS]
        ),
        f"it begins like a reference, with {_SCHEME}": name.startswith(_SCHEME),
        "a part between slashes is empty, or has space around it": any(
            part != part.strip() or not part for part in parts
        ),
        "a part between slashes is . or ..": not {".", ".."}.isdisjoint(parts),
    }
    return next((rule for rule, broken in rules.items() if broken), "")


def _check_form(name: str, what: str) -> str:
    if not _LABEL.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no {what}",
            hint="use up to 36 of a-z, 0-9, dot, dash and underscore, "
            "beginning with a letter or digit",
            subject=name,
        )
    return name


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _revision(digits: str, text: str) -> int:
    # int() of a very long text takes long, or raises.
    revision = int(digits) if len(digits) < 10 else 0
    if revision < 1:
        raise UsageError(f"{text!r} names no revision", hint="revisions count from 1", subject=text)
    return revision
