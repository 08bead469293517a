"""The tests of a promptfoo configuration: values to try a prompt with, and what is asserted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.document import ExampleFile, Fault
from burnish.prompts.formats.gather import Gathered, is_list, items, mapping, words
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.pieces import as_variable
from burnish.prompts.formats.promptfoo_files import value_of
from burnish.prompts.formats.promptfoo_parts import (
    expands,
    resolved,
    templates_in,
    unused_of_test,
)
from burnish.prompts.formats.source import MAX_TEXT_BYTES, Source
from burnish.prompts.variables import NAME

_MOST_COMBINED = 100
_MOST_TESTS = 10_000

Place = tuple[str | int, ...]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`prompts` and `providers` are the labels of those that it is for; none means all."""

    example: ExampleFile
    prompts: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """`defaults` are the values that all of them share."""

    cases: tuple[Case, ...] = ()
    defaults: dict[str, Any] = {}


class _Values:
    """Values of tests, those in files among them, as long as these hold no more than a prompt
    file may."""

    def __init__(self, source: Source, notes: dict[str, None]) -> None:
        self._source = source
        self._notes = notes
        self._read: dict[str, Any] = {}
        self._left = MAX_TEXT_BYTES

    def of(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("file://"):
            return value
        if value not in self._read:
            self._read[value] = self._text(name, value)
        return self._read[value]

    def _text(self, name: str, address: str) -> Any:
        try:
            text = self._source.beside.read(address)
            data = address.lower().endswith((".json", ".yaml", ".yml"))
            value = value_of(self._source, address) if data else text
        except Fault as fault:
            self._notes.setdefault(f"the value of {name} stays the name of a file: {fault.what}")
            return address
        if len(text) > self._left:
            self._notes.setdefault(f"the value of {name} stays the name of a file: it is too long")
            return address
        self._left -= len(text)
        return value


def read_tests(
    fields: Mapping[str, Any],
    root: Place,
    source: Source,
    found: Gathered,
    notes: dict[str, None],
) -> Cases:
    """What is wrong with one test is a problem; the others go on. Those of other files are read
    where they are data."""
    shared = _from_file(source, fields.get("defaultTest"), "defaultTest is", notes)
    values = _Values(source, notes)
    defaults = {k: values.of(k, v) for k, v in mapping(mapping(shared).get("vars")).items()}
    notes |= dict.fromkeys(unused_of_test(mapping(shared), "defaultTest"))
    checks = [resolved(each, fields) for each in items(mapping(shared).get("assert"))]
    cases: list[Case] = []
    for place, item in _given(fields, root, source, notes):
        test = _whole(item, source, notes)
        if not test and item != {}:
            found.problem("a test has no keys", *place)
        else:
            own = [resolved(each, fields) for each in items(test.get("assert"))]
            cases += _cases({**test, "assert": own}, defaults, checks, values, notes)
        if len(cases) > _MOST_TESTS:
            found.problem(f"holds more than {_MOST_TESTS:,} tests; the others are left out", *place)
            break
    return Cases(cases=tuple(cases[:_MOST_TESTS]), defaults=without_keys(defaults, notes))


def _given(
    fields: Mapping[str, Any], root: Place, source: Source, notes: dict[str, None]
) -> Iterator[tuple[Place, Any]]:
    """The tests of the configuration, then those of its scenarios."""
    for index, item in _listed(source, fields.get("tests"), "tests are", notes):
        yield (*root, "tests", index), item
    for index, item in _listed(source, fields.get("scenarios"), "scenarios are", notes):
        scenario = mapping(item)
        tests = list(_listed(source, scenario.get("tests"), "tests are", notes))
        for _, config in _listed(source, scenario.get("config"), "scenarios are", notes):
            for _, test in tests:
                yield (*root, "scenarios", index), _merged(mapping(config), mapping(test))


def _whole(item: Any, source: Source, notes: dict[str, None]) -> dict[str, Any]:
    """A test, with its values where these are in a file of their own."""
    test = mapping(item)
    if isinstance(test.get("vars"), str):
        held = _from_file(source, test["vars"], "the values of a test are", notes)
        test = {**test, "vars": mapping(held)}
    return test


def _merged(config: dict[str, Any], test: dict[str, Any]) -> dict[str, Any]:
    """A test of a scenario, with the values of one of its configurations."""
    merged = {**config, **test}
    merged["vars"] = {**mapping(config.get("vars")), **mapping(test.get("vars"))}
    merged["assert"] = [*items(config.get("assert")), *items(test.get("assert"))]
    return merged


def _listed(
    source: Source, given: Any, what: str, notes: dict[str, None]
) -> Iterator[tuple[int, Any]]:
    """The items of a list, and in their place those of files that it names."""
    for index, item in enumerate(items(given) if is_list(given) else [given]):
        path = mapping(item).get("path")
        address = path if isinstance(path, str) else item
        held = _from_file(source, address, what, notes) if isinstance(address, str) else item
        if held is not None:
            for inner in items(held) if is_list(held) else [held]:
                yield index, inner


def _from_file(source: Source, given: Any, what: str, notes: dict[str, None]) -> Any:
    """What a file says where one is named, else the value as it is."""
    if not isinstance(given, str):
        return given
    try:
        return value_of(source, given)
    except Fault as fault:
        notes.setdefault(f"{what} left out: {fault.what}")
        return None


def _cases(
    test: dict[str, Any],
    defaults: Mapping[str, Any],
    shared: Sequence[dict[str, Any]],
    texts: _Values,
    notes: dict[str, None],
) -> Iterator[Case]:
    given = test.get("vars")
    checks = [*(mapping(each) for each in items(test.get("assert"))), *shared]
    notes |= dict.fromkeys(unused_of_test(test, "tests"))
    about = without_keys({"checks": checks}, notes)["checks"]
    whole = {**defaults, **mapping(given)}
    named = {k if NAME.match(k) else as_variable(k): value for k, value in whole.items()}
    notes |= dict.fromkeys(templates_in(named))
    for values in _combined(named, notes) if expands(test) else [named]:
        inputs = {name: texts.of(name, value) for name, value in values.items()}
        yield Case(
            example=ExampleFile(
                inputs=without_keys(inputs, notes),
                expected=whole_answer(checks),
                checks=tuple(about),
                description=str(test.get("description") or ""),
                tags=words(mapping(test.get("metadata")).get("tags")),
            ),
            prompts=words(test.get("prompts")),
            providers=words(test.get("providers")),
        )


def _combined(values: Mapping[str, Any], notes: dict[str, None]) -> list[dict[str, Any]]:
    """A list of texts stands for a test with each of them; any other is one value."""
    axes = [
        [(name, each) for each in items(value)]
        if is_list(value) and value and isinstance(value[0], str)
        else [(name, value)]
        for name, value in values.items()
    ]
    combined = [
        dict(each) for each in itertools.islice(itertools.product(*axes), _MOST_COMBINED + 1)
    ]
    if len(combined) > _MOST_COMBINED:
        notes.setdefault(f"of a test's combinations the first {_MOST_COMBINED} are kept")
    return combined[:_MOST_COMBINED]


def whole_answer(checks: Sequence[dict[str, Any]]) -> Any:
    """The whole answer that a test wants, where it names one."""
    for check in checks:
        value = check.get("value")
        if check.get("type") == "equals" and isinstance(value, str) and "{{" not in value:
            return value
    return None


def written_tests(examples: Sequence[ExampleFile]) -> list[dict[str, Any]]:
    return [_written(example) for example in examples]


def _written(example: ExampleFile) -> dict[str, Any]:
    checks = list(example.checks)
    if example.expected is not None and whole_answer(checks) is None:
        checks.append({"type": "equals", "value": example.expected})
    test: dict[str, Any] = {
        "description": example.description,
        "vars": example.inputs,
        "assert": checks,
        "metadata": {"tags": list(example.tags)} if example.tags else None,
    }
    return {key: value for key, value in test.items() if value}
