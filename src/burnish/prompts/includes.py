"""What a template takes in from another prompt: `{% include "shared/tone@2" %}`.

name@2              revision 2
name@production     where that label stands at the time of rendering
name@2#system       its system message, whatever the role of the message that includes it
"""

from __future__ import annotations

import re

import msgspec

from burnish.errors import TemplateRefused, UsageError
from burnish.prompts import refs
from burnish.prompts.refs import Reference
from burnish.prompts.tags import STRING, line_of

_ASKS = re.compile(r"[-+]?\s*include\b")
_INCLUDE = re.compile(
    rf"(?P<before>[-+]?)\s*include\s*(?P<name>{STRING})\s*(?P<after>[-+]?)\Z", re.DOTALL
)
_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class Include(msgspec.Struct, frozen=True, kw_only=True):
    """`asked` is what stands between the quotes. The tag is `start` to `end` of its text; with
    `trims_before` and `trims_after` the blanks beside it go."""

    asked: str
    reference: Reference
    role: str = ""
    start: int = 0
    end: int = 0
    trims_before: bool = False
    trims_after: bool = False


def include_of(text: str, tag: re.Match[str]) -> Include | None:
    """None for a tag that includes nothing. Raises TemplateRefused, with the line, for one that
    does not say which version it takes."""
    inside = tag["block"] or ""
    if not _ASKS.match(inside):
        return None
    found = _INCLUDE.match(inside)
    if found is None or "\\" in found["name"]:
        raise _refused(
            text,
            tag,
            f"{inside.strip()[:80]!r} has no plain name in quotes",
            'write {% include "shared/tone@2" %}; names cannot be worked out while rendering',
        )
    asked = found["name"][1:-1].strip()
    try:
        reference, role = parse_asked(asked)
    except UsageError as error:
        raise _refused(text, tag, f"include {asked[:80]!r}: {error.what}", error.hint) from None
    return Include(
        asked=asked,
        reference=reference,
        role=role,
        start=tag.start(),
        end=tag.end(),
        trims_before=found["before"] == "-",
        trims_after=found["after"] == "-",
    )


def parse_asked(asked: str) -> tuple[Reference, str]:
    """The version and the role that the words between the quotes mean. Raises UsageError."""
    written, role = asked, ""
    # Names may hold a #, pointers may not.
    if asked.rfind("#") > asked.rfind("@") > 0:
        written, _, role = asked.rpartition("#")
        if not _ROLE.fullmatch(role) or role == "placeholder":
            raise UsageError(
                f"{role[:40]!r} is no role of a message", hint="write #system, #user or #assistant"
            )
    reference = refs.parse(written)
    if reference.branch is not None:
        raise UsageError(
            "a branch moves with every save", hint="include a revision (@3) or a label instead"
        )
    if reference.revision is None and reference.label is None:
        raise UsageError(
            "it asks for another template, and does not say for which version",
            hint=f'pin it: {{% include "{reference.name}@1" %}} for a revision, '
            f'or "{reference.name}@production" for a label',
        )
    if reference.revision is not None:
        refs.check_revision(reference.revision)
    return reference, role


def _refused(text: str, tag: re.Match[str], what: str, hint: str) -> TemplateRefused:
    return TemplateRefused(f"line {line_of(text, tag.start())}: {what}", hint=hint)
