"""A brief and an archetype become the sections of a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from burnish.generation.archetype import Archetype, Line, known_parts, lines
from burnish.generation.brief import Brief
from burnish.prompts.prompt import Variable
from burnish.prompts.sections import SectionKind, Sections
from burnish.prompts.template import escape, escape_all, find_variables

EXAMPLE = Variable(
    name="example",
    required=False,
    default="",
    description="One input with the output you expect; its section is left out while it is empty",
    example="Input: … Output: …",
)
_QUOTED = re.compile(r"\{% raw %\}.*?\{% endraw %\}", re.DOTALL)
_USED = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


_ONE_BY_ONE = "Give each result under a heading of its own, in the order of the request."


class Composed(msgspec.Struct, frozen=True):
    """`variables` are exactly those that the sections use, in the order a person fills them.
    `left_open` would make the prompt better, but no sensible value can be assumed for them."""

    sections: Sections
    variables: tuple[Variable, ...]
    left_open: tuple[Variable, ...] = ()


def compose(
    brief: Brief,
    archetype: Archetype,
    context: str = "",
    knowledge: str = "",
    others: Sequence[Archetype] = (),
) -> Composed:
    """The full prompt of one task. `context` is a text that stands beside the idea, `knowledge`
    one that was found for it; `others` serve what the idea asks for besides."""
    variables = _offered(brief, archetype)
    known = known_parts(brief, [v for v in variables if v in brief.variables])
    sections = Sections()
    for kind, items in _parts(brief, archetype, known, others):
        sections = sections.set(kind, "\n".join(items))
    sections = sections.set("context", _context(brief, archetype, sections, context))
    if knowledge:
        sections = sections.add("context", escape_all(knowledge))
    if archetype.example_slot:
        sections, variables = with_example(sections, variables)
    left_open = tuple(v for v in archetype.variables if is_open(v) and v.name not in known)
    return Composed(sections, used_variables(sections, variables), left_open)


def with_example(
    sections: Sections, variables: tuple[Variable, ...]
) -> tuple[Sections, tuple[Variable, ...]]:
    """With a place for an example; it takes no room in the prompt until one is given."""
    if sections.get("examples"):
        return sections, variables
    return sections.set("examples", "{{ example }}"), (*variables, EXAMPLE)


def is_open(variable: Variable) -> bool:
    """Whether the prompt works without it and has nothing to put in its place."""
    return not variable.required and variable.default is None


def used_variables(sections: Sections, offered: Iterable[Variable]) -> tuple[Variable, ...]:
    """The offered variables that the text uses, then any that the text alone names."""
    text = "\n".join(part.text for part in sections.parts)
    names = set(_USED.findall(_QUOTED.sub("", text)))
    return find_variables([text], tuple(v for v in offered if v.name in names))


def _offered(brief: Brief, archetype: Archetype) -> tuple[Variable, ...]:
    """What the idea gave wins over what the archetype brings, under the same name."""
    given = {variable.name for variable in brief.variables}
    brought = (v for v in _asked(brief, archetype) if v.name not in given)
    return (*brief.variables, *brought)


def _asked(brief: Brief, archetype: Archetype) -> list[Variable]:
    """The archetype's variables without its open points, and without a text to be brought where
    the idea brought one."""
    spare = archetype.documents if brief.brings_material else ()
    return [v for v in archetype.variables if not is_open(v) and v.name not in spare]


def _parts(
    brief: Brief, archetype: Archetype, known: frozenset[str], others: Sequence[Archetype]
) -> Iterable[tuple[SectionKind, list[str]]]:
    def read(items: Sequence[Line | str]) -> list[str]:
        return [_with_read_values(line, brief) for line in lines(items, known)]

    yield "role", [archetype.role] if archetype.role else []
    yield "task", [_task(brief)]
    asked = {variable.name for variable in _asked(brief, archetype)}
    documents = [name for name in archetype.documents if name in asked]
    names = dict.fromkeys([*(item.name for item in brief.inputs), *documents])
    yield "input", [_input(name) for name in names]
    yield "steps", [f"{n}. {line}" for n, line in enumerate(read(archetype.steps), start=1)]
    own = read(archetype.constraints)
    if not others:
        yield "constraints", _listed([*_stated(brief), *own, *_form(brief)])
        yield "format", _format(brief, read(archetype.format))
        yield "quality", _listed(read(archetype.quality))
        return
    each = [own, *(_without_places(read(other.constraints)) for other in others)]
    titles = [archetype.title, *(other.title for other in others)]
    yield (
        "constraints",
        [
            *_listed(_stated(brief)),
            *(line for pair in zip(titles, each, strict=True) for line in _grouped(*pair)),
            *_listed([f"Tone: {', '.join(brief.tone)}."] if brief.tone else []),
        ],
    )
    fields = [f"Fields: {', '.join(brief.fields)}."] if brief.fields else []
    yield "format", [_ONE_BY_ONE, *fields]
    checks = [read(archetype.quality), *(_without_places(read(o.quality)) for o in others)]
    yield "quality", _listed(line for some in checks for line in some)


def _task(brief: Brief) -> str:
    if brief.error_text:
        return f"Find the cause of this problem and fix it:\n\n{brief.task}"
    return brief.task


def _input(name: str) -> str:
    return f"<{name}>\n{{{{ {name} }}}}\n</{name}>"


def _listed(items: Iterable[str]) -> list[str]:
    return [f"- {item}" for item in dict.fromkeys(items)]


def _grouped(title: str, items: Sequence[str]) -> list[str]:
    """Under what they are about: a rule for one result may be wrong for another."""
    return [f"- {title}:", *(f"  - {item}" for item in dict.fromkeys(items))] if items else []


def _without_places(items: Sequence[str]) -> list[str]:
    """Lines that ask for nothing that the first task does not bring."""
    return [line for line in items if not _USED.search(line)]


def _stated(brief: Brief) -> list[str]:
    """The user's own conditions come first."""
    own = [c if _USED.search(c) else escape(c) for c in brief.constraints]
    return [*own, *(escape(length) for length in brief.lengths)]


def _form(brief: Brief) -> list[str]:
    found: list[str] = []
    if brief.tone:
        found.append(f"Tone: {', '.join(brief.tone)}.")
    if brief.answer_language and brief.intent != "translation":
        found.append(f"Write the answer in {brief.answer_language}.")
    return found


_BARE_FORMATS = {
    "json": "Return one valid JSON value and nothing else, without a code fence.",
    "csv": "Return CSV with a header row and nothing else. Quote values that hold commas.",
    "yaml": "Return valid YAML and nothing else.",
    "xml": "Return well-formed XML and nothing else.",
    "html": "Return the HTML alone.",
    "markdown": "Return Markdown.",
    "bullets": "Give the answer as bullet points.",
}


def _format(brief: Brief, defaults: list[str]) -> list[str]:
    """What the idea asks for, else what the archetype would; keys that it names stand in either."""
    wanted = brief.format
    if wanted == "only":
        # The request's own words say what stands in the answer.
        return [_json_skeleton(brief.fields)] if brief.fields else []
    if brief.fields and wanted == "json":
        return [_json_skeleton(brief.fields)]
    if brief.fields:
        keys = ", ".join(brief.fields)
        if not wanted and defaults:
            return [*defaults, f"Use exactly these fields: {keys}."]
        return (
            [f"A {wanted} with exactly these columns: {keys}."]
            if wanted
            else [_json_skeleton(brief.fields)]
        )
    if wanted in _BARE_FORMATS:
        return [_BARE_FORMATS[wanted]]
    named_already = any(wanted.split()[-1] in line.lower() for line in defaults) if wanted else True
    return defaults if named_already else [f"Give the answer as a {wanted}.", *defaults]


def _json_skeleton(fields: Sequence[str]) -> str:
    rows = ",\n".join(f'  "{field}": null' for field in fields)
    return (
        "Return only JSON in this form, without a code fence and without other text. "
        f"`null` marks where a value goes:\n\n{{\n{rows}\n}}"
    )


def _context(brief: Brief, archetype: Archetype, sections: Sections, context: str) -> str:
    used = set(_USED.findall("\n".join(part.text for part in sections.parts)))
    known = known_parts(brief, brief.variables)
    stated = [_with_read_values(line, brief) for line in lines(archetype.context, known)]
    if brief.audience and brief.audience.lower() not in brief.task.lower() and "age" not in used:
        stated.append(_reader(brief))
    given = {variable.name for variable in brief.variables}
    stated += [
        f"{_title(variable.name)}: {{{{ {variable.name} }}}}"
        for variable in _asked(brief, archetype)
        if variable.name not in used and variable.name not in given
    ]
    parts = ["\n".join(f"- {line}" for line in stated)] if stated else []
    if context:
        parts.append(f"<context>\n{escape_all(context)}\n</context>")
    return "\n\n".join(parts)


def _reader(brief: Brief) -> str:
    if brief.language == "en":
        return f"The answer is for {escape(brief.audience)}."
    return f"The answer is for: {escape(brief.audience)}"  # no English sentence can hold it


def _with_read_values(line: str, brief: Brief) -> str:
    budget = next((v.name for v in brief.variables if v.name.startswith("budget_")), "")
    values = {
        "audience": (escape(brief.audience) if brief.language == "en" else "") or "the reader",
        "language": brief.answer_language or "the language asked for",
        "source_language": brief.source_language or "the original language",
        "budget": f"{{{{ {budget} }}}} {budget[7:].upper()}" if budget else "the budget",
    }
    return re.sub(
        r"\{\{\s*(audience|language|source_language|budget)\s*\}\}", lambda m: values[m[1]], line
    )


def _title(name: str) -> str:
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]
