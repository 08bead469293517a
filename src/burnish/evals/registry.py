"""All scorers of a platform, by name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from burnish.errors import MissingExtra, UsageError
from burnish.evals.custom import PREFIX, kind_of, load_function
from burnish.evals.datasets.checks import UNSUPPORTED
from burnish.evals.made import MadeScorer
from burnish.evals.scorers.json_text import parsed
from burnish.evals.scorers.kind import Needs, Options, ScorerKind
from burnish.evals.scorers.tools import Tools
from burnish.shapes import convert
from burnish.storage.example import ScorerSpec

NOT = "not-"


class ScorerParameter(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str
    default: Any = None
    required: bool = False
    description: str = ""


class ScorerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a scorer. `takes` is what its value is, `needs` where that comes from
    (`value` of the spec, what is `expected` unless the spec has one, `optional`, `nothing`).
    `threshold` is the least score that passes; `inverts` says that there is a `not-` form."""

    name: str
    summary: str
    takes: str
    needs: Needs
    threshold: float
    aliases: tuple[str, ...] = ()
    parameters: tuple[ScorerParameter, ...] = ()
    inverts: bool = True
    asks_model: bool = False
    example: ScorerSpec


class Scorers:
    """`kinds` are those of the plug-ins, built-in ones first; a later one replaces an earlier one
    of the same name. `close` ends the process that patterns are tried in."""

    def __init__(self, kinds: Iterable[ScorerKind], tools: Tools | None = None) -> None:
        self._tools = tools or Tools()
        self._kinds = {kind.name: kind for kind in kinds}
        aliases = {alias: kind for kind in self._kinds.values() for alias in kind.aliases}
        self._by_name = {**aliases, **self._kinds}

    def names(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    def list(self) -> tuple[ScorerInfo, ...]:
        """All scorers: what each looks at, and its parameters."""
        return tuple(map(_info, self._kinds.values()))

    def describe(self, name: str) -> ScorerInfo:
        """Of a scorer or an alias of it. Raises UsageError for an unknown name."""
        return _info(self._kind(name.removeprefix(NOT)))

    def make(self, spec: ScorerSpec) -> MadeScorer:
        """A scorer that is ready for use. Raises UsageError for an unknown name, and for a value,
        threshold, weight or parameter that it cannot work with; MissingExtra."""
        return self._made(spec, self._kind(spec.name.removeprefix(NOT)))

    def take(self, given: object, *, files: bool = False) -> MadeScorer:
        """What a caller names in any way: a `ScorerSpec`, a mapping of its fields, a function, or
        a text as `spec` reads it. With `files`, `python:FILE.py:FUNCTION` runs that file; nothing
        that comes from data may set it. Raises UsageError."""
        if isinstance(given, ScorerSpec):
            return self.make(given)
        if isinstance(given, Mapping):
            return self.make(_converted(cast("Mapping[str, Any]", given)))
        if isinstance(given, str):
            bare = given.removeprefix(NOT)
            if not bare.startswith(PREFIX):
                return self.make(self.spec(given))
            if not files:
                raise UsageError(
                    f"{given!r} would run a file", hint="give the function itself instead"
                )
            kind = load_function(bare)
            return self._made(ScorerSpec(name=given.replace(bare, kind.name)), kind)
        return self.made_of(given)

    def made_of(self, given: object, parameters: Mapping[str, Any] | None = None) -> MadeScorer:
        """A function, or what `@burnish.scorer` made of one, with parameters. Raises
        UsageError."""
        kind = kind_of(given)
        return self._made(ScorerSpec(name=kind.name, parameters=dict(parameters or {})), kind)

    def spec(self, text: str) -> ScorerSpec:
        """`exact`, `contains:some text`, `numeric:{"value": 3, "parameters": {…}}`: a name, with
        a value or fields of a spec as JSON behind a colon. Raises UsageError."""
        name, _, rest = text.strip().partition(":")
        self._kind(name.removeprefix(NOT))
        is_json = rest.lstrip().startswith("{") and not rest.lstrip().startswith("{{")
        fields, problem = parsed(rest) if is_json else (None, "")
        if problem:
            hint = 'correct the JSON; a text that begins with { goes into {"value": "…"}'
            raise UsageError(f"what stands after {name}: is {problem}", hint=hint)
        if isinstance(fields, dict) and fields.keys() & set(ScorerSpec.__struct_fields__):
            return _converted({**cast("dict[str, Any]", fields), "name": name})
        if isinstance(fields, dict):
            return ScorerSpec(name=name, value=fields)
        return ScorerSpec(name=name, value=_value(rest) if rest else None)

    def knows(self, spec: ScorerSpec) -> bool:
        """Whether `make` finds it by its name: not so a function that was given in code."""
        return spec.name.removeprefix(NOT) in self._by_name

    def means_other(self, made: MadeScorer) -> bool:
        """Whether its name stands for another scorer here."""
        known = self._by_name.get(made.kind.name)
        return known is not None and known.function is not made.kind.function

    def refusal(self, spec: ScorerSpec) -> str:
        """Why an example's own scorer scores nothing; empty where it does."""
        if spec.name == UNSUPPORTED:
            return str(spec.value)
        try:
            self.make(spec)
        except (UsageError, MissingExtra) as error:
            return error.what
        return ""

    def judges(self, specs: Iterable[ScorerSpec]) -> tuple[str, ...]:
        """The models that those among them ask which judge."""
        found: dict[str, None] = {}
        for spec in specs:
            kind = self._by_name.get(spec.name.removeprefix(NOT))
            if kind is not None and kind.asks_model:
                found[str(spec.parameters.get("model") or self._tools.judge_model())] = None
        return tuple(name for name in found if name)

    def questions(self, specs: Iterable[ScorerSpec]) -> dict[str, int]:
        """How many questions about one answer they put to each model that judges, as long as what
        it says can be used."""
        found: dict[str, int] = {}
        for spec in specs:
            kind = self._by_name.get(spec.name.removeprefix(NOT))
            if kind is not None and kind.asks_model and not self.refusal(spec):
                for judge in self.judges([spec]):
                    found[judge] = found.get(judge, 0) + kind.questions(_checked(spec, kind))
        return found

    def close(self) -> None:
        self._tools.close()

    def _kind(self, name: str) -> ScorerKind:
        found = self._by_name.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self._by_name, n=1)
            hint = f"did you mean {near[0]}?" if near else "see: burnish scorers"
            raise UsageError(f"no scorer is called {name!r}", hint=hint, subject=name)
        return found

    def _made(self, spec: ScorerSpec, kind: ScorerKind) -> MadeScorer:
        try:
            options = _checked(spec, kind)
            if kind.check_options is not None:
                kind.check_options(options, self._tools)
            # A value that an example's inputs complete can be looked at only then.
            if kind.check is not None and spec.value is not None and not options.fill:
                kind.check(spec.value, options, self._tools)
        except UsageError as error:
            what = f"the scorer {spec.name}: {error.what}"
            raise UsageError(what, hint=error.hint, subject=spec.name) from None
        return MadeScorer(spec, kind, options, self._tools)


def _converted(fields: Mapping[str, Any]) -> ScorerSpec:
    unknown = fields.keys() - set(ScorerSpec.__struct_fields__)
    if unknown:
        raise UsageError(
            f"a scorer has no field {min(unknown)!r}",
            hint=f"it has {', '.join(ScorerSpec.__struct_fields__)}",
        )
    try:
        return convert(dict(fields), ScorerSpec)
    except msgspec.ValidationError as error:
        raise UsageError(f"a scorer is wrong: {error}", hint="correct it") from None


def _checked(spec: ScorerSpec, kind: ScorerKind) -> Options:
    if spec.name.startswith(NOT) and not kind.inverts:
        raise UsageError("it has no form with not-", hint=f"use {kind.name}")
    if kind.needs == "value" and spec.value is None:
        raise UsageError("it has no value", hint=f"give it one: {kind.takes}")
    if spec.threshold is not None and not 0 <= spec.threshold <= 1:
        raise UsageError(f"its threshold is {spec.threshold:g}", hint="a score is 0 to 1")
    if not (math.isfinite(spec.weight) and spec.weight >= 0):
        raise UsageError(f"its weight is {spec.weight:g}", hint="give 0 or more")
    try:
        options = convert(spec.parameters, kind.options)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.options.__struct_fields__)
        raise UsageError(f"a parameter is wrong: {error}", hint=f"it takes {known}") from None
    if options.timeout_s is not None and not 0 < options.timeout_s <= 3600:
        raise UsageError("its timeout is no time", hint="give seconds, up to 3600")
    return options


def _value(text: str) -> Any:
    """A list is one; anything else is text, as scorers that want numbers read them from it."""
    if text.lstrip().startswith("["):
        value, problem = parsed(text)
        return text if problem else value
    return text


def _info(kind: ScorerKind) -> ScorerInfo:
    return ScorerInfo(
        name=kind.name,
        summary=kind.summary,
        takes=kind.takes if kind.needs != "nothing" else "",
        needs=kind.needs,
        threshold=kind.threshold,
        aliases=kind.aliases,
        parameters=tuple(_parameters(kind.options)),
        inverts=kind.inverts,
        asks_model=kind.asks_model,
        example=kind.example or ScorerSpec(name=kind.name),
    )


def _parameters(options: type[Options]) -> Iterable[ScorerParameter]:
    schema: dict[str, Any] = msgspec.json.schema(options)["$defs"][options.__name__]
    required: list[str] = schema.get("required", [])
    for name, about in schema["properties"].items():
        yield ScorerParameter(
            name=name,
            type=_type(about),
            default=about.get("default"),
            required=name in required,
            description=about.get("description", ""),
        )


def _type(about: dict[str, Any]) -> str:
    if "enum" in about:
        return " | ".join(map(str, about["enum"]))
    if "anyOf" in about:
        return " | ".join(_type(each) for each in about["anyOf"] if each.get("type") != "null")
    if about.get("type") == "array":
        return "list of texts"
    names = {"string": "text", "integer": "whole number", "boolean": "true | false"}
    kind = str(about.get("type", "any"))
    return names.get(kind, kind)
