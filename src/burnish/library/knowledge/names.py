"""Names of documents."""

from __future__ import annotations

import difflib
import re

from burnish.errors import NotFound, UsageError
from burnish.storage.knowledge import Document, Knowledge

_MAX_NAME = 255
_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def checked_name(name: str) -> str:
    """Raises UsageError for a name that cannot be shown or told apart."""
    if not name.strip() or name != name.strip() or name.endswith("/"):
        raise UsageError(f"{name!r} is no name", hint="give one with --name", subject=name)
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise UsageError(
            f"{name!r} is no name: a part between slashes is empty, . or ..",
            hint="give one such as docs/handbook.md with --name",
            subject=name,
        )
    if len(name) > _MAX_NAME:
        raise UsageError(
            f"a name of {len(name)} characters", hint=f"give one of at most {_MAX_NAME}"
        )
    if _BAD.search(name):
        raise UsageError(
            f"the name {name!a} has characters that nobody sees", hint="give another with --name"
        )
    return name


async def meant(knowledge: Knowledge, name: str) -> list[Document]:
    """The document of that name; for one that ends in `/`, all under it. Raises NotFound."""
    if name.endswith("/"):
        found = [each for each in await knowledge.all() if each.name.startswith(name)]
    else:
        one = await knowledge.by_name(name)
        found = [] if one is None else [one]
    if not found:
        raise await no_document(knowledge, name)
    return found


async def no_document(knowledge: Knowledge, name: str) -> NotFound:
    names = [each.name for each in await knowledge.all()]
    under = f"{name.rstrip('/')}/"
    near = difflib.get_close_matches(name, names[:10_000], n=1)
    if any(each.startswith(under) for each in names) and name != under:
        hint = f"{under!r} means all under it"
    elif near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = "see burnish knowledge list"
    return NotFound(f"there is no document {name!r}", hint=hint, subject=name)
