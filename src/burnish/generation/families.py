"""How a prompt is laid out for a family of models.

Claude: XML tags, documents before instructions. GPT: Markdown headings, instructions first.
Gemini: headings with the input before the closing instruction. Open models: plain labels in a
single message, since many chat templates drop or weaken a system message. The text inside the
sections is the same in all of them; `compose` and the techniques wrote it once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from burnish.prompts.prompt import Message
from burnish.prompts.sections import Section, SectionKind, Sections
from burnish.settings import Family

_TITLES: Mapping[SectionKind, str] = {
    "role": "Role",
    "task": "Task",
    "context": "Context",
    "examples": "Example",
    "input": "Input",
    "steps": "Steps",
    "constraints": "Constraints",
    "format": "Format",
    "quality": "Before you answer, check that",
}
_TAGS: Mapping[SectionKind, str] = {
    "role": "role",
    "task": "task",
    "context": "background",
    "examples": "example_slot",
    "input": "documents",
    "steps": "steps",
    "constraints": "constraints",
    "format": "output_format",
    "quality": "final_check",
}


# A section that begins with such a variable is there only when the variable is filled.
_OPTIONAL = re.compile(r"\{\{ (example) \}\}")


def lay_out(sections: Sections, family: Family) -> tuple[Message, ...]:
    """The messages of a prompt: system (role) and user, or user alone."""
    return _LAYOUTS[family](sections)


def _joined(parts: Iterable[Section], show: Callable[[Section], str]) -> str:
    text = ""
    for part in parts:
        shown = f"\n\n{show(part)}"
        if found := _OPTIONAL.match(part.text):
            shown = f"\n{{%- if {found[1]} %}}{shown}\n{{%- endif %}}"
        text += shown
    return text.removeprefix("\n\n").removeprefix("\n")


def show_section(part: Section, family: Family) -> str:
    """One section as it stands among others in a prompt of this family."""
    return _SECTIONS[family](part)


_SECTIONS: Mapping[Family, Callable[[Section], str]] = {
    "generic": lambda part: f"## {_TITLES[part.kind]}\n{part.text}",
    "claude": lambda part: f"<{_TAGS[part.kind]}>\n{part.text}\n</{_TAGS[part.kind]}>",
    "gpt": lambda part: f"# {_TITLES[part.kind]}\n{part.text}",
    "gemini": lambda part: f"**{_TITLES[part.kind]}**\n\n{part.text}",
    "open": lambda part: (
        part.text if part.kind == "role" else f"### {_TITLES[part.kind]}:\n{part.text}"
    ),
}


def _generic(sections: Sections) -> tuple[Message, ...]:
    return _with_system(sections, sections.parts, _SECTIONS["generic"])


def _claude(sections: Sections) -> tuple[Message, ...]:
    parts = sections.move_first("input").parts if sections.get("input") else sections.parts
    return _with_system(sections, parts, _SECTIONS["claude"])


def _gpt(sections: Sections) -> tuple[Message, ...]:
    parts = _last(sections.parts, "input")
    return _with_system(sections, parts, _SECTIONS["gpt"])


def _gemini(sections: Sections) -> tuple[Message, ...]:
    first: tuple[SectionKind, ...] = ("context", "input", "examples")
    parts = tuple(p for p in sections.parts if p.kind in first)
    rest = tuple(p for p in sections.parts if p.kind not in first)
    return _with_system(sections, (*parts, *rest), _SECTIONS["gemini"])


def _open(sections: Sections) -> tuple[Message, ...]:
    parts = _last(sections.parts, "input")
    return (Message("user", _joined(parts, _SECTIONS["open"])),)


_LAYOUTS: Mapping[Family, Callable[[Sections], tuple[Message, ...]]] = {
    "generic": _generic,
    "claude": _claude,
    "gpt": _gpt,
    "gemini": _gemini,
    "open": _open,
}


def _with_system(
    sections: Sections, parts: tuple[Section, ...], show: Callable[[Section], str]
) -> tuple[Message, ...]:
    shown = [part for part in parts if part.kind != "role"]
    text = shown[0].text if len(shown) == 1 else _joined(shown, show)
    user = Message("user", text)
    role = sections.get("role")
    return (Message("system", role), user) if role else (user,)


def _last(parts: tuple[Section, ...], kind: SectionKind) -> tuple[Section, ...]:
    return (*(p for p in parts if p.kind != kind), *(p for p in parts if p.kind == kind))


_MARKS: Mapping[Family, re.Pattern[str]] = {
    "claude": re.compile(r"^</?[a-z_]+>$", re.MULTILINE),
    "gemini": re.compile(r"^\*\*[^*\n]+\*\*$", re.MULTILINE),
    "gpt": re.compile(r"^# .+$", re.MULTILINE),
    "generic": re.compile(r"^## .+$", re.MULTILINE),
    "open": re.compile(r"^### .+$", re.MULTILINE),
}


def layout_marks(text: str, family: Family) -> list[str]:
    """The headings or tags by which a prompt of this family is divided."""
    return _MARKS[family].findall(text)
