"""What the library answers with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from burnish.prompts.composition import Included
from burnish.prompts.prompt import Message, Prompt, PromptVersion, Variable
from burnish.storage.store import Via

Change = Literal["created", "revised", "unchanged"]
Content = str | Sequence[Message]


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """`change` is "unchanged" when the latest version says the same already; it is then
    `version`. `moved` are the labels that now point at it. `warnings` say what somebody should look
    at, such as a text that holds what looks like a key: it is stored all the same."""

    prompt: Prompt
    version: PromptVersion
    change: Change
    moved: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts all that meet the conditions. `next` continues the list; None at its end."""

    items: tuple[Prompt, ...]
    total: int
    next: str | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A version, the labels that point at it now, `latest` among them, and what its own text
    includes, each with the version that it means now."""

    version: PromptVersion
    labels: tuple[str, ...] = ()
    includes: tuple[Included, ...] = ()


class Expanded(msgspec.Struct, frozen=True, kw_only=True):
    """A version whose messages have the texts in them that they include, however deep, and which
    declares the variables of these too. Its id and hash are those of what is stored; `includes`
    tells what was put in. `stale` where it, or any of these, is what was known last."""

    prompt: Prompt
    version: PromptVersion
    via: Via
    includes: tuple[Included, ...] = ()
    stale: bool = False


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` are ready to send. `reference` is the exact version (`name@3`), `via` says how
    it was chosen, and `includes` tells of which versions texts were put in; `stale` where the store
    is away, and any of them is what was known last."""

    reference: str
    via: str
    messages: tuple[Message, ...]
    includes: tuple[Included, ...] = ()
    stale: bool = False

    @property
    def system(self) -> str:
        """All system messages as one text."""
        return "\n\n".join(m.content for m in self.messages if m.role == "system")

    @property
    def user(self) -> str:
        """All user messages as one text."""
        return "\n\n".join(m.content for m in self.messages if m.role == "user")


def category_of(name: str, given: str | None) -> str:
    """The first folder of the name where nobody says otherwise: `travel/lisbon` is in `travel`."""
    return given.strip() if given is not None else name.rpartition("/")[0].partition("/")[0]


class NewPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """One of many prompts to bring in at once. Without a category it is in its first folder's."""

    name: str
    content: str | tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    category: str | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    owner: str = ""
    message: str = ""
    config: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
