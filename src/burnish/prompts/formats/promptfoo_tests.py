"""The tests of a promptfoo configuration: values to try a prompt with, and what is asserted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from burnish.prompts.formats.document import ExampleFile
from burnish.prompts.formats.gather import Gathered, is_list, is_mapping, items, mapping, words
from burnish.prompts.formats.kept import without_keys
from burnish.prompts.formats.pieces import as_variable
from burnish.prompts.variables import NAME

_MOST_COMBINED = 100
_MOST_TESTS = 10_000


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`prompts` are the labels of those that it is for; none means all."""

    example: ExampleFile
    prompts: tuple[str, ...] = ()


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """`defaults` are the values that all of them share."""

    cases: tuple[Case, ...] = ()
    defaults: dict[str, Any] = {}


def read_tests(
    fields: Mapping[str, Any],
    root: tuple[str | int, ...],
    found: Gathered,
    notes: dict[str, None],
) -> Cases:
    """What is wrong with one test is a problem; the others go on."""
    shared = fields.get("defaultTest")
    if isinstance(shared, str):
        notes.setdefault(f"defaultTest is another file, {shared[:80]}, which is not read")
    defaults = mapping(mapping(shared).get("vars"))
    checks = [mapping(each) for each in items(mapping(shared).get("assert"))]
    given = fields.get("tests")
    if isinstance(given, str):
        notes.setdefault(f"the tests are in another file, {given[:80]}, which is not read")
    cases: list[Case] = []
    for index, item in enumerate(items(given)):
        place = (*root, "tests", index)
        if isinstance(item, str):
            notes.setdefault(f"tests are in another file, {item[:80]}, which is not read")
        elif isinstance(path := mapping(item).get("path"), str):
            notes.setdefault(f"tests are in another file, {path[:80]}, which is not read")
        elif not is_mapping(item):
            found.problem("a test has no keys", *place)
        else:
            cases += _cases(mapping(item), defaults, checks, notes)
        if len(cases) > _MOST_TESTS:
            found.problem(f"holds more than {_MOST_TESTS:,} tests; the others are left out", *place)
            break
    return Cases(cases=tuple(cases[:_MOST_TESTS]), defaults=without_keys(defaults, notes))


def _cases(
    test: dict[str, Any],
    defaults: Mapping[str, Any],
    shared: Sequence[dict[str, Any]],
    notes: dict[str, None],
) -> Iterator[Case]:
    given = test.get("vars")
    if given is not None and not is_mapping(given):
        notes.setdefault("the values of a test are in another file, which is not read")
    checks = [*(mapping(each) for each in items(test.get("assert"))), *shared]
    if mapping(test.get("options")) or test.get("provider"):
        notes.setdefault("options and providers of single tests are not read")
    about = without_keys({"checks": checks}, notes)["checks"]
    whole = {**defaults, **mapping(given)}
    named = {k if NAME.match(k) else as_variable(k): value for k, value in whole.items()}
    for values in _combined(named, notes):
        for name, value in values.items():
            if isinstance(value, str) and value.startswith("file://"):
                notes.setdefault(f"{name} is in another file, {value[:80]}, which is not read")
        yield Case(
            example=ExampleFile(
                inputs=without_keys(values, notes),
                expected=_expected(checks),
                checks=tuple(about),
                description=str(test.get("description") or ""),
                tags=words(mapping(test.get("metadata")).get("tags")),
            ),
            prompts=words(test.get("prompts")),
        )


def _combined(values: Mapping[str, Any], notes: dict[str, None]) -> list[dict[str, Any]]:
    """A list of values stands for a test with each of them."""
    axes = [
        [(name, each) for each in items(value)] if is_list(value) and value else [(name, value)]
        for name, value in values.items()
    ]
    combined = [
        dict(each) for each in itertools.islice(itertools.product(*axes), _MOST_COMBINED + 1)
    ]
    if len(combined) > _MOST_COMBINED:
        notes.setdefault(f"of a test's combinations the first {_MOST_COMBINED} are kept")
    return combined[:_MOST_COMBINED]


def _expected(checks: Sequence[dict[str, Any]]) -> Any:
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
    if example.expected is not None and _expected(checks) is None:
        checks.append({"type": "equals", "value": example.expected})
    test: dict[str, Any] = {
        "description": example.description,
        "vars": example.inputs,
        "assert": checks,
        "metadata": {"tags": list(example.tags)} if example.tags else None,
    }
    return {key: value for key, value in test.items() if value}
