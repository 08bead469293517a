"""Which candidates a search may look at: those that keep what the original must keep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property

import msgspec

from burnish.errors import TemplateRefused, UsageError
from burnish.optimizers.blocks import Tag, comments_of, tags
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Messages, without
from burnish.optimizers.frozen import OPENS, check, is_frozen, regions
from burnish.optimizers.shingles import Shingles
from burnish.prompts.preserve import Loss, lost
from burnish.prompts.prompt import Message
from burnish.prompts.template import read

_SHORT = 600
_SHOWN = 60
_MARK = re.compile(r"<(/?)([A-Za-z][\w.:-]{0,60})(?:\s[^<>]{0,200})?(?<!/)>")


class Rules(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What candidates are held against. `longest` is how many times as long as the original they
    may be; up to 600 characters are always allowed. Examples that are shown are not counted. The
    marks of the original match (`frozen.check`)."""

    original: Messages
    forbidden: Shingles = msgspec.field(default_factory=Shingles)
    longest: float = 1.5

    def rejects(self, candidate: Candidate) -> str:
        """Why it is turned down, in words for people; empty where it is admitted."""
        if candidate.id in candidate.parents:
            return "is the same as its parent"
        if fault := _cannot_be_rendered(candidate.messages):
            return fault
        messages = without(candidate.messages)
        checks: tuple[Callable[[Messages], str], ...] = (
            self._same_messages,
            self._kept_parts,
            self._structure,
            self._marks,
            self._template,
            self._length,
            self._copies,
        )
        return next((fault for check in checks if (fault := check(messages))), "")

    @cached_property
    def _base(self) -> Messages:
        return without(self.original)

    @cached_property
    def _text(self) -> str:
        return _joined(self._base)

    def _pairs(self, messages: Messages) -> Iterator[tuple[Message, Message]]:
        return zip(self._base, messages, strict=True)

    def _same_messages(self, messages: Messages) -> str:
        roles = [message.role for message in messages]
        if roles != [message.role for message in self._base]:
            return f"has other messages: {', '.join(roles) or 'none'}"
        empty = any(
            was.content.strip() and not m.content.strip() for was, m in self._pairs(messages)
        )
        return "is empty" if empty else ""

    def _kept_parts(self, messages: Messages) -> str:
        for was, message in self._pairs(messages):
            if is_frozen(was):
                kept = was.content == message.content
            else:
                kept = regions(was.content) == regions(message.content)
            if not kept:
                return "changes a part that is kept"
            if (OPENS in was.content) != (OPENS in message.content):
                return "moves the place of the examples"
        return ""

    def _structure(self, messages: Messages) -> str:
        for was, message in self._pairs(messages):
            if was.content != message.content:
                for loss in lost(was.content, message.content):
                    return _told(loss)
        return ""

    def _marks(self, messages: Messages) -> str:
        """Marks such as <mail> … </mail> tell a model where an input begins and ends: both, or
        none."""
        for was, message in self._pairs(messages):
            before, after = _marks_of(was.content), _marks_of(message.content)
            for name in {name for _, name in before}:
                halves = [min(before[half, name], after[half, name]) for half in ("", "/")]
                if before["", name] == before["/", name] and halves[0] != halves[1]:
                    gone = "</" if halves[1] < halves[0] else "<"
                    return f"loses {gone}{name}>, one half of a pair of marks"
        return ""

    def _template(self, messages: Messages) -> str:
        for was, message in self._pairs(messages):
            if was.role != "placeholder" and was.content != message.content:
                if fault := _tags_differ(tags(was.content), tags(message.content)):
                    return fault
                if comments_of(message.content) - comments_of(was.content):
                    return "adds a comment of the template"
                if strange := read(message.content).names - read(was.content).names:
                    return f"adds the variable {min(strange)!r}"
        return ""

    def _length(self, messages: Messages) -> str:
        length, was = len(_joined(messages)), len(self._text)
        if length <= max(_SHORT, self.longest * was):
            return ""
        return f"is {length / max(1, was):.1f} times as long as the original"

    def _copies(self, messages: Messages) -> str:
        run = self.forbidden.copied(_joined(messages), self._text)
        return f'copies an example: "{_short(" ".join(run.split()))}"' if run else ""


def _marks_of(text: str) -> Counter[tuple[str, str]]:
    """How often each mark opens (`""`) and closes (`"/"`)."""
    return Counter((found[1], found[2]) for found in _MARK.finditer(text))


def _tags_differ(before: list[Tag], after: list[Tag]) -> str:
    """Logic stays as it is; what prints a value may come again, and nothing else may come."""
    if [tag.text for tag in before if tag.logic] != [tag.text for tag in after if tag.logic]:
        return "changes the template's logic"
    was = Counter(tag.text for tag in before if not tag.logic)
    now = Counter(tag.text for tag in after if not tag.logic)
    if gone := was - now:
        return f"loses the variable {_inside(next(iter(gone)))!r}"
    strange = next((text for text in now if text not in was), "")
    return f"adds the variable {_inside(strange)!r}" if strange else ""


def _inside(tag: str) -> str:
    return tag[2:-2].strip()


def _told(loss: Loss) -> str:
    if loss.kind == "line breaks":
        return f"has fewer line breaks: {loss.text}"
    if loss.text.startswith("{%"):
        return "changes the template's logic"
    what = {"json": "JSON", "url": "address", "table": "table row"}.get(loss.kind, loss.kind)
    return f"loses the {what} {_short(loss.text)!r}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _cannot_be_rendered(messages: Messages) -> str:
    """Kept parts are read here too, so that what follows meets marks that match."""
    try:
        for message in messages:
            if message.role != "placeholder":
                read(message.content)
        without(messages)
        check(messages)
    except TemplateRefused as error:
        return f"cannot be rendered: {error.what}"
    except UsageError:
        return "changes a part that is kept"
    return ""


def _joined(messages: Messages) -> str:
    return "\n\n".join(message.content for message in messages)
