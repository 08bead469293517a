"""Chats as OpenAI's interfaces take them: message lists, requests, batches, training lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name, complete, prompt, version
from burnish.prompts.formats.chat import Part, is_chat, read_part, text_of
from burnish.prompts.formats.document import ExampleFile, Fault, PromptFile, Reading, VersionFile
from burnish.prompts.formats.gather import Gathered, items, mapping, translated
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.models import model_name, split_parameters
from burnish.prompts.formats.source import Source, read_json
from burnish.prompts.formats.templates import Dialect
from burnish.prompts.formats.unwritten import named_only
from burnish.prompts.prompt import Message

_LINES = (".jsonl", ".ndjson")
# In `metadata`, which a request may carry: that the texts are templates with logic.
_TEMPLATE = "burnish_template"
_NAME = "burnish_name"
_TEXT_KEYS = (
    "messages",
    "sample",
    "ideal",
    "input",
    "instructions",
    "system",
    "prompt",
    "completion",
    "body",
    "metadata",
    "description",
    "testData",
)


class OpenAIChat:
    name = "openai"
    suffixes = (".json", ".jsonl")
    describes = "OpenAI chat JSON or JSONL: message lists, requests, batches, training lines"
    loses = (
        "categories, tags, descriptions, labels and earlier versions",
        "types and defaults of variables",
    )

    def claims(self, source: Source) -> bool:
        if source.suffix in _LINES:
            # One line may be broken; of the first few one tells.
            return any(_is_line(line) for line in source.text.split("\n", 20)[:20] if line.strip())
        value = source.peek()
        several = items(value)
        return is_chat(value) or _is_request(several[0] if several else value)

    def read(self, source: Source) -> Reading:
        found = Gathered(source)
        if source.suffix in _LINES:
            for number, line in enumerate(source.text.split("\n"), start=1):
                if line.strip():
                    found.try_(lambda number=number, line=line: _line(source, line, number))
            return found.reading()
        value = source.value()
        several = items(value)
        if is_chat(value):
            found.try_(lambda: _prompt(source, {"messages": value}, "", ()))
        elif several:
            for index, item in enumerate(several):
                found.try_(
                    lambda item=item, index=index: _prompt(
                        source, mapping(item), f"-{index + 1}", (index,)
                    ),
                    index,
                )
        else:
            found.try_(lambda: _prompt(source, mapping(value), "", ()))
        return found.reading()

    def write(self, prompts: Sequence[PromptFile]) -> dict[str, str]:
        lines = [msgspec.json.encode(_request(each)).decode() for each in prompts]
        return {"prompts.jsonl": "".join(f"{line}\n" for line in lines)}


def _is_line(line: str) -> bool:
    try:
        value = read_json(line)
    except Fault:
        return False
    return is_chat(value) or _is_request(value)


def _is_request(value: object) -> bool:
    fields = mapping(value)
    body = mapping(fields.get("body")) or fields
    if is_chat(body.get("messages")) or is_chat(body.get("sample")):
        return True
    if isinstance(body.get("instructions"), str) or is_chat(body.get("input")):
        return True
    answered = isinstance(body.get("prompt"), str) and (
        isinstance(body.get("completion"), str) or isinstance(body.get("model"), str)
    )
    return answered or (
        ("model" in body or "ideal" in body) and isinstance(body.get("input"), str | list)
    )


def _line(source: Source, line: str, number: int) -> PromptFile:
    value = read_json(line, number)
    fields = {"messages": value} if is_chat(value) else mapping(value)
    try:
        return _prompt(source, fields, f"-{number}", None, number)
    except Fault as fault:
        raise Fault(fault.what, number) from None


def _prompt(
    source: Source,
    given: dict[str, Any],
    suffix: str,
    place: tuple[str | int, ...] | None,
    line: int = 0,
) -> PromptFile:
    notes: dict[str, None] = {}
    body = mapping(given.get("body")) or given
    parts, answer = _parts(body, notes)
    if not parts:
        raise Fault("has no messages", line)
    about = mapping(body.get("metadata"))
    dialect: Dialect = "jinja2" if about.get(_TEMPLATE) == "jinja" else "names"
    messages: list[Message] = []
    for part in parts:
        if part.role == "placeholder":
            messages.append(Message("placeholder", part.content))
            continue
        found = translated(source, place or (), part.content, dialect)
        notes |= dict.fromkeys(found.notes)
        messages.append(Message(part.role, found.text))
    config, metadata = _settings(body, parts, notes)
    custom = given.get("custom_id")
    own = about.get(_NAME) or given.get("name") or custom
    fallback = as_name(source.name) + suffix
    told = body.get("description")
    return prompt(
        as_name(own, fallback) if isinstance(own, str) else fallback,
        [version(messages, complete(messages, ()), config, metadata=metadata)],
        OpenAIChat.name,
        description=told if isinstance(told, str) else None,
        examples=_tests(body) or (() if answer is None else (ExampleFile(expected=answer),)),
        notes=notes,
        line=line or (source.known_line(*place) if place else 1),
    )


def _parts(body: dict[str, Any], notes: dict[str, None]) -> tuple[list[Part], Any]:
    """The messages, and the answer that a training line wants."""
    parts: list[Part] = []
    for key, role in (("instructions", "system"), ("system", "system")):
        if text := text_of(body.get(key), notes):
            parts.append(Part(role=role, content=text))
    keys = ("messages", "sample", "input", "prompt")
    given = next((body[key] for key in keys if body.get(key) is not None), None)
    if isinstance(given, str):
        parts.append(Part(role="user", content=given))
    for item in items(given):
        fields = mapping(item)
        if fields.get("type") in (None, "message") or "role" in fields:
            parts.append(read_part(item, notes))
        else:
            notes.setdefault(f"an item of the kind {str(fields['type'])[:40]} is left out")
    if "ideal" in body:
        # A list holds answers that are all as good.
        return parts, body["ideal"]
    completion = body.get("completion")
    if isinstance(completion, str):
        return parts, completion
    last = parts[-1] if parts else None
    own = _NAME in mapping(body.get("metadata"))
    if (
        not own
        and last
        and last.role == "assistant"
        and _NAME not in mapping(body.get("metadata"))
        and len(parts) > 1
        and last.content
        and not body.get("model")
    ):
        notes.setdefault("the last answer is the one wanted: it is an example, no message")
        return parts[:-1], last.content
    return parts, None


def _tests(body: dict[str, Any]) -> tuple[ExampleFile, ...]:
    """The rows that GitHub's prompt files have to try a prompt with."""
    rows = [mapping(row) for row in items(body.get("testData"))]
    return tuple(
        ExampleFile(
            inputs={key: value for key, value in row.items() if key != "expected"},
            expected=row.get("expected"),
        )
        for row in rows
        if row
    )


def _settings(
    body: dict[str, Any], parts: Sequence[Part], notes: dict[str, None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    settings = {key: value for key, value in body.items() if key not in (*_TEXT_KEYS, "name")}
    model = settings.pop("model", None)
    settings |= mapping(settings.pop("modelParameters", None))
    if "max_output_tokens" in settings:
        settings.setdefault("max_tokens", settings.pop("max_output_tokens"))
    config, others = split_parameters(settings)
    if isinstance(model, str) and model.strip():
        provider, _, name = model.partition("/")
        own = model if ":" in model and "ft:" not in model else model_name(provider, name)
        config["model"] = own or model_name("openai", model)
    about = mapping(body.get("metadata"))
    own = {key: value for key, value in about.items() if key not in (_TEMPLATE, _NAME)}
    if own:
        others["metadata"] = own
    extras = {str(index): part.extra for index, part in enumerate(parts) if part.extra}
    if extras:
        others["messages"] = extras
    return config, without_keys(others, notes)


def _request(each: PromptFile) -> dict[str, Any]:
    latest: VersionFile = each.latest
    texts = [named_only(message) for message in latest.messages]
    logic = any(text is None for text in texts)
    messages = [
        {"role": message.role, "content": message.content if logic else text}
        for message, text in zip(latest.messages, texts, strict=True)
    ]
    about = {_NAME: each.name, **({_TEMPLATE: "jinja"} if logic else {})}
    provider, _, model = str(latest.config.get("model", "")).partition(":")
    request: dict[str, Any] = {"messages": messages, "metadata": about}
    if model:
        request = {"model": model if provider == "openai" else f"{provider}:{model}", **request}
    for key in ("temperature", "max_tokens"):
        if key in latest.config:
            request[key] = latest.config[key]
    return request
