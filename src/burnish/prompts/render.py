"""Templates and values in, messages out. A value is never read as template text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import msgspec

from burnish.errors import RenderLimit, TemplateRefused, VariableError
from burnish.prompts.isolated import IsolatedRenderer, Limits
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.template import FUEL, Template, read
from burnish.prompts.variables import fill
from burnish.shapes import convert

# What a list of messages brought by a variable may say. `system` is the prompt's own voice.
PLACEHOLDER_ROLES = ("user", "assistant", "tool")


class Renderer:
    """Renders templates within `limits`. Close it to end its child process.

    Safe for threads; a child process is started by the first template that needs one.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._isolated = IsolatedRenderer(self._limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._isolated.close()

    def messages(
        self,
        messages: Sequence[Message],
        variables: Sequence[Variable] = (),
        values: Mapping[str, Any] | None = None,
    ) -> list[Message]:
        """Every message with its variables filled in.

        Raises VariableError (missing, unknown, wrong type), TemplateRefused (syntax, with the
        line) and RenderLimit (time, memory or output bound passed).
        """
        filled = fill(variables, values or {})
        rendered: list[Message] = []
        for message in messages:
            if message.role == "placeholder":
                rendered += _placeholder(message.content, filled)
            else:
                rendered.append(Message(message.role, self.text(message.content, filled)))
        return rendered

    def text(self, text: str, values: Mapping[str, Any]) -> str:
        """One template filled with values that are already checked."""
        template = read(text)
        if template.kind == "plain":
            return self._join(template, values)
        if template.includes:
            raise TemplateRefused(
                f"the template includes {template.includes[0].asked!r}, which has not been put in",
                hint="store the prompt, and render it by its name",
            )
        if template.kind == "bounded" and self._fits(template, values):
            return _render_in_process(template, values, self._limits)
        return self._isolated.render(text, values)

    def needs_isolation(self, messages: Sequence[Message]) -> bool:
        return any(m.role != "placeholder" and read(m.content).kind == "isolated" for m in messages)

    def _join(self, template: Template, values: Mapping[str, Any]) -> str:
        parts = list(template.pieces)
        try:
            parts[1::2] = [as_text(values[name]) for name in parts[1::2]]
        except KeyError as error:
            raise _missing(str(error.args[0])) from None
        if sum(map(len, parts)) > self._limits.output_chars:
            raise too_long(self._limits)
        return "".join(parts)

    def _fits(self, template: Template, values: Mapping[str, Any]) -> bool:
        """Whether even all values in every tag stay below the output bound."""
        largest = sum(len(as_text(value)) for value in values.values())
        return len(template.text) + template.tags * largest <= self._limits.output_chars


def as_text(value: object) -> str:
    """How a value prints: text as it is, nothing for null, JSON for the rest."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return msgspec.json.encode(value).decode()


def too_long(limits: Limits) -> RenderLimit:
    return RenderLimit(
        f"the rendered text would pass {limits.output_chars:,} characters",
        hint="give shorter values, or raise render.output_chars",
    )


def _render_in_process(template: Template, values: Mapping[str, Any], limits: Limits) -> str:
    from minijinja import TemplateError

    try:
        text = environment().render_str(template.text, **values)
    except TemplateError as error:
        raise refused(error.kind, error.line, error.detail) from None
    if len(text) > limits.output_chars:
        raise too_long(limits)
    return text


def environment() -> Any:
    from minijinja import Environment

    env = Environment()
    env.fuel = FUEL
    env.undefined_behavior = "strict"
    env.keep_trailing_newline = True
    env.auto_escape_callback = lambda name: False  # noqa: ARG005
    env.finalizer = _finalize
    return env


def _finalize(value: object) -> object:
    printed_otherwise = value is None or type(value) in (bool, list, dict)
    return as_text(value) if printed_otherwise else value


def refused(kind: str, line: int | None, detail: str | None) -> TemplateRefused:
    where = f"line {line}: " if line else ""
    if kind == "UndefinedError":
        return TemplateRefused(
            f"{where}{detail or 'a value is undefined'}",
            hint="declare the variable and give it a value, or use | default(…)",
        )
    if kind == "OutOfFuel":
        return RenderLimit(
            f"{where}the template does not end within {FUEL:,} steps",
            hint="loop over fewer items",
        )
    return TemplateRefused(f"{where}{detail or kind}", hint="mend the template")


def _missing(name: str) -> VariableError:
    return VariableError(
        f"variable {name!r} is missing", hint="give it a value or a default", subject=name
    )


def _placeholder(name: str, values: Mapping[str, Any]) -> list[Message]:
    """The messages that a variable brings, verbatim: never rendered, never a system message."""
    brought = values.get(name)
    if not isinstance(brought, list):
        raise VariableError(
            f"placeholder {name!r} needs a list of messages",
            hint='give [{"role": "user", "content": "…"}, …]',
            subject=name,
        )
    return [_brought(name, item) for item in cast("list[object]", brought)]


def _brought(name: str, item: object) -> Message:
    try:
        message = convert(item, Message)
    except msgspec.ValidationError as error:
        raise VariableError(
            f"placeholder {name!r} holds something that is no message: {error}",
            hint='each item is {"role": …, "content": …}',
            subject=name,
        ) from None
    if message.role not in PLACEHOLDER_ROLES:
        raise VariableError(
            f"placeholder {name!r} brings a message with role {message.role!r}",
            hint=f"use {', '.join(PLACEHOLDER_ROLES)}",
            subject=name,
        )
    return message
