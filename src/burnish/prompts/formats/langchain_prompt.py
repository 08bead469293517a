"""One prompt of LangChain: templates, chats, chains that begin with one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from burnish.prompts.formats.assemble import as_name, complete, prompt, version
from burnish.prompts.formats.chat import text_of
from burnish.prompts.formats.document import Fault, PromptFile
from burnish.prompts.formats.gather import is_list, items, mapping, translated, words
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.langchain_shots import few_shot_text, is_few_shot
from burnish.prompts.formats.models import model_name, split_parameters, usable_config
from burnish.prompts.formats.pieces import as_variable, renamed
from burnish.prompts.formats.source import Source
from burnish.prompts.formats.templates import Dialect
from burnish.prompts.prompt import Message, Variable

_DIALECTS: dict[str, Dialect] = {"f-string": "f-string", "mustache": "mustache", "jinja2": "jinja2"}
_ROLES = {
    "SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant",
    "SystemMessagePromptTemplate": "system", "HumanMessagePromptTemplate": "user",
    "AIMessagePromptTemplate": "assistant",
}  # fmt: skip
_OLD_ROLES = {
    "human": "user",
    "ai": "assistant",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
_CHATS = ("ChatPromptTemplate", "StructuredPrompt")
_PROVIDERS = {
    "ChatOpenAI": "openai", "OpenAI": "openai", "ChatAnthropic": "anthropic", "ChatGroq": "groq",
    "ChatGoogleGenerativeAI": "gemini", "ChatMistralAI": "mistral", "ChatOllama": "ollama",
    "ChatDeepSeek": "deepseek",
}  # fmt: skip
_MAX_STEPS = 200
# What an answer of the hub, and files made of such, have around the prompt.
WRAPS = ("manifest", "committed_prompt")

Place = tuple[str | int, ...]


def read_langchain(
    source: Source, value: dict[str, Any], place: Place, fallback: str
) -> PromptFile:
    """Raises Fault."""
    return _Reader(source, fallback).prompt(value, place)


class _Reader:
    def __init__(self, source: Source, fallback: str) -> None:
        self._source = source
        self._fallback = fallback
        self._notes: dict[str, None] = {}
        self._variables: dict[str, Variable] = {}
        self._partial: dict[str, Any] = {}

    def prompt(self, value: dict[str, Any], place: Place) -> PromptFile:
        inner, at = value, place
        if wrap := next((key for key in WRAPS if mapping(value.get(key))), ""):
            inner, at = mapping(value[wrap]), (*place, wrap)
        found = _find_prompt(inner, at)
        if found is None:
            raise Fault("holds no prompt template", self._source.line(*at))
        kind, kwargs, at = found
        messages = self._messages(kind, kwargs, at)
        self._take_partial(kwargs)
        about = mapping(kwargs.get("metadata"))
        config, kept = self._config(inner, about)
        if "schema_" in kwargs:
            kept["schema"] = kwargs["schema_"]
            self._notes.setdefault("the schema of the answer is kept in the metadata")
        if kwargs.get("output_parser"):
            self._notes.setdefault("output_parser is not read")
        return prompt(
            self._name(value, about),
            [
                version(
                    messages,
                    self._declared(messages),
                    config,
                    metadata=without_keys(kept, self._notes),
                    number=str(value.get("commit_hash") or about.get("lc_hub_commit_hash") or ""),
                )
            ],
            "langchain",
            tags=words(value.get("tags", about.get("tags")))
            if "tags" in value or "tags" in about
            else None,
            description=_text_or_none(value.get("description", about.get("description"))),
            notes=self._notes,
            line=self._source.known_line(*place) if place else 1,
        )

    def _name(self, value: dict[str, Any], about: dict[str, Any]) -> str:
        keys = ("repo_handle", "repo", "prompt_name")
        given = (*(value.get(key) for key in keys), about.get("lc_hub_repo"))
        own = next((name for name in (*given, value.get("name")) if isinstance(name, str)), "")
        # Without a name of its own a serialised value has that of its class.
        if not own or own.endswith(("PromptTemplate", "StructuredPrompt", "RunnableSequence")):
            return self._fallback
        owner = value.get("owner") or about.get("lc_hub_owner")
        is_owned = isinstance(owner, str) and owner not in ("", "-") and "/" not in own
        return as_name(f"{owner}/{own}" if is_owned else own, self._fallback)

    def _messages(self, kind: str, kwargs: dict[str, Any], at: Place) -> list[Message]:
        if kind in _CHATS:
            return [
                message
                for key in ("messages", "template")
                for index, item in enumerate(items(kwargs.get(key)))
                for message in self._message(item, (*at, key, index))
            ]
        if is_few_shot(kind):
            return [Message("user", few_shot_text(self._source, at, kwargs, self._template))]
        return [Message("user", self._template(kwargs, at))]

    def _message(self, item: Any, at: Place) -> list[Message]:
        fields = mapping(item)
        if is_list(item) and len(items(item)) == 2:
            return self._pair(str(items(item)[0]), items(item)[1], at)
        kind, kwargs, inner = _opened(fields, at)
        line = self._source.line(*at)
        if kind == "MessagesPlaceholder" or (not kind and "variable_name" in fields):
            return [self._placeholder(kwargs, line)]
        if kind in _CHATS:
            return self._messages(kind, kwargs, inner)
        role = _ROLES.get(kind.removesuffix("Chunk"), "")
        if kind in ("ChatMessagePromptTemplate", "ChatMessage") or "role" in kwargs:
            role = str(kwargs.get("role", ""))
        role = _OLD_ROLES.get(role.lower(), role.lower())
        if not role:
            role = _OLD_ROLES.get(str(kwargs.get("type", "")), "")
        if not role:
            raise Fault(f"a message of the kind {kind[:60] or 'unknown'} is not known", line)
        given = kwargs.get("prompt", fields.get("prompt"))
        if given is not None:
            return [Message(role, self._prompts(given, (*inner, "prompt")))]
        if not kind and isinstance(kwargs.get("content"), str):
            return [Message(role, self._template({"template": kwargs["content"]}, inner))]
        # A finished message is text, whatever braces it has.
        text = text_of(
            kwargs.get("content", mapping(kwargs.get("data")).get("content")), self._notes
        )
        return [Message(role, translated(self._source, inner, text, "literal").text)]

    def _pair(self, role: str, text: Any, at: Place) -> list[Message]:
        name = _OLD_ROLES.get(role, role)
        if not isinstance(text, str):
            raise Fault("a message is no text", self._source.line(*at))
        if role == "placeholder":
            return [self._placeholder({"variable_name": text.strip("{} "), "optional": True}, 0)]
        return [Message(name, self._template({"template": text}, at))]

    def _placeholder(self, kwargs: dict[str, Any], line: int) -> Message:
        given = kwargs.get("variable_name")
        if not isinstance(given, str) or not given:
            raise Fault("a placeholder has no variable_name", line)
        name = as_variable(given)
        if name != given:
            self._notes.setdefault(renamed(given, name))
        optional = kwargs.get("optional") is True
        self._variables[name] = Variable(
            name=name,
            type="list",
            required=not optional,
            default=[] if optional else None,
            description="Messages that stand here",
        )
        return Message("placeholder", name)

    def _prompts(self, given: Any, at: Place) -> str:
        """The templates of a message; those of images are named in the notes."""
        if not is_list(given):
            kind, kwargs, inner = _opened(mapping(given), at)
            return self._few_or_one(kind, kwargs, inner)
        texts: list[str] = []
        for index, item in enumerate(items(given)):
            kind, kwargs, inner = _opened(mapping(item), (*at, index))
            if kind in ("ImagePromptTemplate", "DictPromptTemplate"):
                self._notes.setdefault(f"a part of a message is no text ({kind}) and is left out")
            else:
                texts.append(self._few_or_one(kind, kwargs, inner))
        return "\n".join(texts)

    def _few_or_one(self, kind: str, kwargs: dict[str, Any], at: Place) -> str:
        if is_few_shot(kind):
            return few_shot_text(self._source, at, kwargs, self._template)
        return self._template(kwargs, at)

    def _template(self, kwargs: dict[str, Any], at: Place) -> str:
        line = self._source.line(*at)
        text = kwargs.get("template")
        if isinstance(path := kwargs.get("template_path"), str):
            try:
                text = self._source.beside.read(path)
            except Fault as fault:
                raise Fault(fault.what, line) from None
        if not isinstance(text, str):
            raise Fault("a template has no text", line)
        word = kwargs.get("template_format") or "f-string"
        dialect = _DIALECTS.get(str(word))
        if dialect is None:
            raise Fault(f"template_format {str(word)[:40]!r} is not known", line)
        found = translated(self._source, (*at, "template"), text, dialect)
        self._notes |= dict.fromkeys(found.notes)
        for variable in found.variables:
            self._variables.setdefault(variable.name, variable)
        self._take_partial(kwargs)
        return found.text

    def _take_partial(self, kwargs: dict[str, Any]) -> None:
        for name, value in mapping(kwargs.get("partial_variables")).items():
            if isinstance(value, str):
                self._partial[as_variable(name)] = value
            elif is_list(value) and not value:
                self._variables.setdefault(
                    as_variable(name),
                    Variable(name=as_variable(name), type="list", required=False, default=[]),
                )
            else:
                self._notes.setdefault(f"the value of {name} is no text and is left out")

    def _declared(self, messages: list[Message]) -> list[Variable]:
        found = complete(messages, self._variables.values())
        return [
            msgspec.structs.replace(v, default=self._partial[v.name], required=False)
            if v.name in self._partial and v.type == "string"
            else v
            for v in found
        ]

    def _config(
        self, value: dict[str, Any], about: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        own = {
            k: v
            for k, v in about.items()
            if not k.startswith("lc_hub_")
            and k not in ("tags", "description", "config", "metadata")
        }
        config, others = usable_config(mapping(about.get("config")))
        kept = {**own, **mapping(about.get("metadata")), **({"config": others} if others else {})}
        for kind, kwargs in _models(value):
            model = kwargs.get("model", kwargs.get("model_name"))
            name = model_name(_PROVIDERS.get(kind, ""), model) if isinstance(model, str) else ""
            if name:
                settings, _ = split_parameters(kwargs)
                config = {**config, "model": name, **settings}
            elif isinstance(model, str):
                self._notes.setdefault(f"the model {model[:80]} of {kind} has no counterpart here")
            break
        return config, kept


def _opened(fields: dict[str, Any], at: Place) -> tuple[str, dict[str, Any], Place]:
    """A value's class, its fields, and where they stand."""
    if fields.get("type") == "constructor" or "kwargs" in fields:
        ids = items(fields.get("id"))
        return str(ids[-1]) if ids else "", mapping(fields.get("kwargs")), (*at, "kwargs")
    return str(fields.get("_type") or ""), fields, at


def _find_prompt(value: dict[str, Any], at: Place) -> tuple[str, dict[str, Any], Place] | None:
    """The first template in it: itself, or the one that a chain begins with."""
    for fields, place in _inside(value, at):
        kind, kwargs, inner = _opened(fields, place)
        if kind in _CHATS or is_few_shot(kind) or kind in ("PromptTemplate", "prompt"):
            return kind, kwargs, inner
        if kind == "chat":
            return "ChatPromptTemplate", kwargs, inner
    return None


def _models(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for fields, place in _inside(value, ()):
        kind, kwargs, _ = _opened(fields, place)
        if (
            kind in _PROVIDERS
            or ("model" in kwargs and kind.startswith("Chat"))
            or "model_name" in kwargs
        ):
            yield kind, kwargs


def _inside(value: dict[str, Any], at: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    """The value and the steps in it, outer ones first."""
    waiting: list[tuple[dict[str, Any], Place]] = [(value, at)]
    for _ in range(_MAX_STEPS):
        if not waiting:
            return
        fields, place = waiting.pop(0)
        yield fields, place
        kwargs, inner = mapping(fields.get("kwargs")), (*place, "kwargs")
        waiting += [
            (mapping(kwargs[key]), (*inner, key))
            for key in ("first", "bound", "prompt", "last")
            if mapping(kwargs.get(key))
        ]
        waiting += [
            (mapping(step), (*inner, key, index))
            for key in ("middle", "steps")
            for index, step in enumerate(items(kwargs.get(key)))
        ]


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
