"""Models for optimisations: one that answers by the rules that its prompt has, one that writes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from burnish.models import built_in
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest

PROMPT = "Classify the mail as bug or praise.\n\n<mail>\n{{ mail }}\n</mail>"
RULES = (
    "Answer with the label alone.",
    "Whoever reports a fault writes of a bug.",
    "Thanks are praise.",
)
_MATERIAL = re.compile(r"<([\w-]+-[0-9a-f]{12})>\n(.*?)\n</\1>", re.DOTALL)
Say = Callable[[ModelRequest], str]


def number_of(request: ModelRequest) -> int:
    found = re.findall(r"<mail>\nmail (\d+)", request.messages[-1].content)
    return int(found[-1])


def right(number: int) -> str:
    return "bug" if number % 2 else "praise"


def by_rules(request: ModelRequest) -> str:
    """Right on 30 of 100 mails, and on 25 more for each rule that the prompt has; the last rule
    makes it go wrong on some that were right."""
    text = "\n".join(each.content for each in request.messages)
    number = number_of(request)
    share = 30 + 25 * sum(rule in text for rule in RULES)
    drawn = int(hashlib.sha256(f"mail {number}".encode()).hexdigest(), 16) % 100
    if RULES[-1] in text and number % 13 == 0:
        return right(number + 1)
    return right(number) if drawn < share else "It may be either."


def shown(request: ModelRequest) -> str:
    """The prompt that is to be improved."""
    return _MATERIAL.findall(request.messages[-1].content)[0][1]


def with_rule(request: ModelRequest) -> str:
    """The prompt that it is shown, with the first rule that it lacks."""
    prompt = shown(request)
    lacking = next((rule for rule in RULES if rule not in prompt), RULES[0])
    head, _, rest = prompt.partition("\n")
    new = prompt if lacking in prompt else f"{head}\n{lacking}\n{rest}"
    return f"<cause>It does not say: {lacking}</cause>\n<new_prompt>\n{new}\n</new_prompt>"


def junk(_: ModelRequest) -> str:
    return "I would rather talk about the weather."


def install(patch: pytest.MonkeyPatch, answer: Say = by_rules, write: Say = with_rule) -> Fake:
    """`fake:a` answers and `fake:w` writes, in all commands of this process."""
    made = Fake(lambda request: (write if request.model.endswith("w") else answer)(request))
    before = built_in.models()
    patch.setattr(built_in, "models", lambda: [*before, made])
    return made


def mails(path: Path, count: int = 120) -> str:
    path.write_text("mail,expected\n" + "".join(f"mail {n},{right(n)}\n" for n in range(count)))
    return str(path)
