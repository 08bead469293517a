"""The text of a technique: what it may contain, and how it is rendered.

The outcome becomes part of a prompt, which is template text itself. So what a parameter brings
is written such that the prompt's own rendering prints it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.errors import TemplateRefused, UsageError
from burnish.intents.intent import Intent
from burnish.techniques.technique import Parameter, Technique

FUEL = 20_000
_MARKS = re.compile(r"\{[{%#]")
_OPENING = re.compile(r"\{(?=[{%#]|\Z)")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
}


def render_addition(
    technique: Technique, values: Mapping[str, Any], intent: Intent | None = None
) -> str:
    """The text that the technique adds, with `values` in place of its parameters' defaults.

    Raises `UsageError` for a parameter that is unknown or of a wrong type, `TemplateRefused` for
    a template that cannot be rendered."""
    bound = _bind(technique, values)
    template = technique.template
    if intent is not None:
        template = technique.variants.get(intent, template)
    if not _MARKS.search(template):
        return template.strip("\n")
    from minijinja import TemplateError

    try:
        text: str = _environment().render_str(template, **bound)
    except TemplateError as error:
        raise TemplateRefused(
            f"the template of {technique.name} cannot be rendered: {error.message}",
            hint="correct the technique's template or its parameters",
            subject=technique.name,
        ) from error
    return text.strip("\n")


def template_problem(text: str, technique: Technique) -> str:
    """Why the text cannot serve as a template of the technique, empty when it can."""
    if not _MARKS.search(text):
        return ""
    from minijinja import TemplateError

    try:
        used = _environment().undeclared_variables_in_str(text)
    except TemplateError as error:
        return f"is not a valid template: {error.message}"
    unknown = sorted(used - {parameter.name for parameter in technique.parameters})
    return f"uses {', '.join(unknown)}, which parameters does not declare" if unknown else ""


def _environment() -> Any:
    from minijinja import Environment

    return Environment(
        fuel=FUEL,
        undefined_behavior="strict",
        auto_escape_callback=lambda _: False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _bind(technique: Technique, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in technique.parameters}
    for name in values:
        if name not in known:
            raise UsageError(
                f"{technique.name} has no parameter {name!r}",
                hint=f"it has: {', '.join(known) or 'none'}",
                subject=technique.name,
            )
    return {
        name: _literal(_checked(technique, parameter, values.get(name, parameter.default)))
        for name, parameter in known.items()
    }


def _checked(technique: Technique, parameter: Parameter, value: Any) -> Any:
    fits = isinstance(value, _TYPES[parameter.type])
    if parameter.type == "number" and isinstance(value, bool):
        fits = False
    if not fits and value != parameter.default:
        raise UsageError(
            f"parameter {parameter.name!r} of {technique.name} must be a {parameter.type}",
            hint=f"it got {msgspec.json.encode(value, enc_hook=repr).decode()}",
            subject=technique.name,
        )
    return value


def _literal(value: Any) -> Any:
    """The value with template marks written as literal text, in lists as well."""
    if isinstance(value, str):
        return _OPENING.sub('{{ "{" }}', value)
    if isinstance(value, list | tuple):
        return [_literal(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value
