"""What a prompt that a model wrote must keep, said in words that the model can act on."""

from __future__ import annotations

import re

import msgspec

from burnish.errors import TemplateRefused
from burnish.generation.families import layout_marks
from burnish.generation.phases.clean import clean, messages_of
from burnish.intents.language import detect_language
from burnish.prompts import preserve
from burnish.prompts.composition import has_includes
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.template import find_variables, read
from burnish.settings import Family

_SHORTEST, _LONGEST = 40, 12_000
_MOST_VARIABLES = 12
# Shorter texts are too short to tell a language by.
_LANGUAGE_CHARS = 200
# So many words in a row that come twice are a repeat; in short texts it may be chance.
_RUN, _MANY_RUNS = 4, 20
_BLANKS = re.compile(r"\s+")


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`outline` is the prompt composed offline, `variables` those that it has."""

    idea: str
    outline: str
    variables: tuple[Variable, ...]
    family: Family
    language: str

    def notes(self, answer: str) -> str:
        """What is wrong with the notes of the explore phase."""
        text = clean(answer)
        if not _SHORTEST <= len(text) <= _LONGEST:
            return "it says next to nothing" if len(text) < _SHORTEST else "it is far too long"
        return _repeats(text)

    def prompt(self, answer: str) -> str:
        """What is wrong with a prompt; the first fault is enough."""
        text = clean(answer)
        checks = (self._length, _repeats, self._variables_kept, self._parts_kept, self._layout)
        for check in checks:
            if fault := check(text):
                return fault
        return _template(messages_of(text)) or self._wrong_language(text)

    def _length(self, text: str) -> str:
        longest = max(_LONGEST, 4 * len(self.outline))
        if len(text) < _SHORTEST:
            return "it is too short to be a prompt"
        if len(text) > longest:
            return f"it is longer than {longest} characters"
        return ""

    def _parts_kept(self, text: str) -> str:
        """What the idea protects (law 2), as far as the outline carries it."""
        elsewhere = set(preserve.lost(self.idea, self.outline))
        lost = [
            loss
            for loss in preserve.lost(self.idea, text)
            if loss.kind != "line breaks" and loss not in elsewhere
        ]
        return f"it lost {', '.join(map(str, lost[:4]))}" if lost else ""

    def _variables_kept(self, text: str) -> str:
        try:
            names = {variable.name for variable in find_variables([text])}
        except TemplateRefused as error:
            return f"its template syntax is wrong ({error.what})"
        missing = [v.name for v in self.variables if v.name not in names]
        if missing:
            shown = ", ".join(f"{{{{ {name} }}}}" for name in missing[:4])
            return f"it lost the variable {shown}; write it exactly so"
        if len(names) > max(_MOST_VARIABLES, len(self.variables)):
            return "it has too many variables; keep those of the outline"
        return ""

    def _layout(self, text: str) -> str:
        """A family's structure is kept where the outline had one."""
        marks = layout_marks(self.outline, self.family)
        kept = layout_marks(text, self.family)
        if len(marks) >= 2 and not kept:
            return f"it lost the layout; mark its parts as the outline does, such as {marks[0]}"
        return ""

    def _wrong_language(self, text: str) -> str:
        if len(_BLANKS.sub("", text)) < _LANGUAGE_CHARS or self.language == "unknown":
            return ""
        found = detect_language(text)
        if found in ("en", "unknown", self.language):
            return ""
        return (
            f"it is written in another language ({found}); write it in {self.language} or English"
        )


def _repeats(text: str) -> str:
    """A weak model ends in a loop: the same few words again and again."""
    words = text.split()
    runs = [" ".join(words[at : at + _RUN]) for at in range(0, len(words) - _RUN, 2)]
    if len(runs) > _MANY_RUNS and len(set(runs)) < len(runs) / 2:
        return "it says the same again and again"
    return ""


def _template(messages: tuple[Message, ...]) -> str:
    for message in messages:
        try:
            read(message.content)
        except TemplateRefused as error:
            return f"its template syntax is wrong ({error.what})"
    if has_includes(messages):
        return "it asks for another prompt; write out what it needs"
    return ""
