"""Templates that show worked examples: written out, as the tool would write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping
from burnish.prompts.formats.pieces import as_variable, literal
from burnish.prompts.formats.source import Source, read_value
from burnish.prompts.template import read

Place = tuple[str | int, ...]
Translate = Callable[[dict[str, Any], Place], str]


def is_few_shot(kind: str) -> bool:
    return kind in ("few_shot", "FewShotPromptTemplate", "FewShotPromptWithTemplates")


def few_shot_text(source: Source, at: Place, kwargs: dict[str, Any], template: Translate) -> str:
    """Prefix, examples and suffix as one template. Raises Fault for examples in another file, or
    such as are chosen anew each time."""
    line = source.line(*at)
    examples = beside(source, kwargs.get("examples"), line)
    if not is_list(examples):
        raise Fault("its examples are chosen by a program, which no file holds", line)
    form = mapping(beside(source, kwargs.get("example_prompt_path"), line))
    form = form or mapping(kwargs.get("example_prompt"))
    place = (*at, "example_prompt")
    if "kwargs" in form:
        form, place = mapping(form["kwargs"]), (*place, "kwargs")
    shown = template(form, place)
    parts = [_outer(kwargs, "prefix", at, template)]
    parts += [_filled(shown, mapping(example), line) for example in items(examples)]
    parts.append(_outer(kwargs, "suffix", at, template))
    separator = kwargs.get("example_separator")
    return (separator if isinstance(separator, str) else "\n\n").join(filter(None, parts))


def beside(source: Source, given: Any, line: int) -> Any:
    """What the file says that is named; what is no name is itself. Raises Fault."""
    if not isinstance(given, str):
        return given
    try:
        return read_value(given, source.beside.read(given))
    except Fault as fault:
        where = f"{given[:200]}, line {fault.line}: " if fault.line else ""
        raise Fault(f"{where}{fault.what}", line) from None


def _outer(kwargs: dict[str, Any], key: str, at: Place, template: Translate) -> str:
    text = kwargs.get(key)
    if is_mapping(text):
        inner = mapping(text)
        return template(mapping(inner.get("kwargs")) or inner, (*at, key))
    if not isinstance(text, str) or not text:
        return ""
    return template({"template": text, "template_format": kwargs.get("template_format")}, at)


def _filled(shown: str, example: dict[str, Any], line: int) -> str:
    found = read(shown)
    if found.kind != "plain":
        raise Fault("the template of its examples has logic, which cannot be written out", line)
    values = {as_variable(name): value for name, value in example.items()}
    missing = [name for name in found.names if not isinstance(values.get(name), str | int | float)]
    if missing:
        raise Fault(f"an example has no text for {missing[0]!r}", line)
    parts = list(found.pieces)
    parts[1::2] = [str(values[name]) for name in parts[1::2]]
    return literal("".join(parts))
