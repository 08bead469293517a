"""Every mistake in files and environment at once, and the mends that cannot change a meaning."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import yaml

from burnish.errors import SettingsError
from burnish.settings.load import (
    KEYS_HINT,
    check_value,
    fields,
    generic,
    groups,
    is_key,
    read_yaml,
)
from burnish.settings.vendor import VendorEnvironment

_reader: Any = yaml  # its types are incomplete
_ALIASES = {"prima-materia": "explore", "solutio": "draft", "coagulatio": "refine"}
# What stands in examples where a key belongs.
_PLACEHOLDER = re.compile(
    r".*(?:your|change[-_ ]?me|placeholder|dummy|example|\.\.\.|…|[<>${}*]).*"
    r"|(?:\w{2,4}[-_])?(?:x+|0+|1+|123456789?0?|abc(?:def)?|key|api[-_]?key|secret|todo|none)",
    re.IGNORECASE,
)
_SHORTEST_KEY = 8


class Span(msgspec.Struct, frozen=True):
    """A place in a file's text, and what to write there."""

    start: int
    end: int
    text: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`mend` says in words what `--fix` writes, empty where a person has to decide."""

    key: str
    where: str
    what: str
    hint: str = ""
    mend: str = ""
    span: Span | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it stands in a file."""

    key: str
    value: Any
    key_span: Span
    value_span: Span


def file_problems(path: Path) -> list[Problem]:
    """Raises SettingsError for a file that is no YAML or cannot be read."""
    found = entries(path)
    times = Counter(entry.key for entry in found)
    twice = [
        Problem(
            key=key,
            where=str(path),
            what=f"{path} sets {key!r} {n} times",
            hint="keep the one that is meant",
        )
        for key, n in times.items()
        if n > 1
    ]
    problems = [problem for entry in found for problem in _of_entry(entry, str(path))]
    return [*twice, *(_without_clash(problem, times) for problem in problems)]


def _without_clash(problem: Problem, present: Mapping[str, int]) -> Problem:
    """A key is not given a name that the file, or another mend, uses already."""
    target = problem.mend.partition(" instead of ")[0]
    if problem.span is None or target == problem.mend or target not in present:
        return problem
    return msgspec.structs.replace(problem, mend="", span=None)


def environment_problems(environment: Mapping[str, str]) -> Iterator[Problem]:
    """Keys that are placeholders: a call with one would fail."""
    vendor = VendorEnvironment(environment)
    for name in environment:
        value = vendor.get(name)
        if name.endswith("_API_KEY") and value and _is_placeholder(value):
            yield Problem(
                key=name,
                where=f"env {name}",
                what=f"{name} holds a placeholder, not a key",
                hint=f"set {name} to the key, or unset it",
            )


def mended(path: Path, problems: list[Problem]) -> str:
    """The file's text with every mend in place; comments and order stay."""
    text = path.read_text(encoding="utf-8")
    spans = [p.span for p in problems if p.span is not None and p.where == str(path)]
    for span in sorted(spans, key=lambda span: -span.start):
        text = text[: span.start] + span.text + text[span.end :]
    return text


def entries(path: Path) -> list[Entry]:
    root = read_yaml(
        path, lambda text: _reader.compose(text, Loader=yaml.SafeLoader), yaml.MappingNode
    )
    return [] if root is None else list(_walk(root, ""))


def _walk(node: yaml.MappingNode, prefix: str) -> Iterator[Entry]:
    known = groups()
    for key_node, value_node in node.value:
        key = f"{prefix}{key_node.value}"
        is_provider = prefix == "models." and key not in fields()
        if (key in known or is_provider) and isinstance(value_node, yaml.MappingNode):
            yield from _walk(value_node, f"{key}.")
            continue
        value: Any = _reader.SafeLoader("").construct_object(value_node, deep=True)
        yield Entry(key=key, value=value, key_span=_span(key_node), value_span=_span(value_node))


def _span(node: yaml.Node) -> Span:
    return Span(node.start_mark.index, node.end_mark.index, "")


def _of_entry(entry: Entry, where: str) -> Iterator[Problem]:
    if generic(entry.key) not in fields():
        yield _unknown(entry, where)
        return
    try:
        check_value(entry.key, entry.value, where)
    except SettingsError as error:
        value = _near_value(entry)
        text = "" if value is None else _yaml(value)
        yield Problem(
            key=entry.key,
            where=where,
            what=error.what,
            hint=error.hint,
            mend=f"{entry.key}: {text}" if text else "",
            span=_replaced(entry.value_span, text) if text else None,
        )


def _unknown(entry: Entry, where: str) -> Problem:
    what = f"{where} sets {entry.key!r}, which is no setting"
    if is_key(entry.key):
        # Taking it out could lose somebody's only copy.
        return Problem(key=entry.key, where=where, what=what, hint=KEYS_HINT)
    near = difflib.get_close_matches(entry.key, [*fields()], n=1, cutoff=0.8)
    if not near:
        return Problem(
            key=entry.key, where=where, what=what, hint="see `burnish config show` for all of them"
        )
    group, _, name = near[0].rpartition(".")
    same_group = group == entry.key.rpartition(".")[0]
    return Problem(
        key=entry.key,
        where=where,
        what=what,
        hint=f"did you mean {near[0]}?",
        mend=f"{near[0]} instead of {entry.key}" if same_group else "",
        span=_replaced(entry.key_span, name) if same_group else None,
    )


def _near_value(entry: Entry) -> Any:
    """What a name in a value must mean: one that is nearly right, or known under another name."""
    choices = _choices(fields()[generic(entry.key)].type)
    if not choices:
        return None
    if isinstance(entry.value, str) and "," not in entry.value and not _is_list(entry.key):
        return _near_name(entry.value, choices)
    given = entry.value.split(",") if isinstance(entry.value, str) else entry.value
    if not isinstance(given, list):
        return None
    names: list[Any] = given  # pyright: ignore[reportUnknownVariableType]
    found = [_near_name(str(name), choices) for name in names]
    return list(dict.fromkeys(name for name in found if name)) or None


def _near_name(name: str, choices: tuple[str, ...]) -> str | None:
    plain = name.strip().lower()
    if plain in choices:
        return plain
    if _ALIASES.get(plain) in choices:
        return _ALIASES[plain]
    near = difflib.get_close_matches(plain, choices, n=1, cutoff=0.7)
    return near[0] if near else None


def _is_list(key: str) -> bool:
    return "tuple" in str(fields()[generic(key)].type)


def _choices(kind: Any) -> tuple[str, ...]:
    """The names that a setting's type allows, as far as it is a choice."""
    values: list[str] = []
    for each in get_args(kind):
        values += [each] if isinstance(each, str) else _choices(each)
    return tuple(values)


def _replaced(span: Span, text: str) -> Span:
    return Span(span.start, span.end, text)


def _yaml(value: Any) -> str:
    return (
        f"[{', '.join(map(str, cast('list[Any]', value)))}]"
        if isinstance(value, list)
        else str(value)
    )


def _is_placeholder(value: str) -> bool:
    return len(value) < _SHORTEST_KEY or bool(_PLACEHOLDER.fullmatch(value))
