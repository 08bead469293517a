"""What stands in the document as an example, with a part of it made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

import burnish
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS
from fuzzing.place import Caller, Place, prepared
from fuzzing.told import LEFT_OUT, Told

TIMEOUT_S = 30
# Parameters that name the model that answers.
MODELLED = {"complete": "model", "evaluate": "models", "optimize": "model"}
# How often what is known is sent, and what was made up.
OFTEN, HALF = 0.8, 0.5
BY_CALL = {each.name: each for each in OPERATIONS}


def ask_near(schema: Any, told: Told, place: Place, chance: int, share: int) -> None:
    """What stands in the document as an example, with a part of it made up."""
    found = [each.ok() for each in schema.get_all_operations()]
    taken = [each for each in found if BY_CALL.get(each.definition.raw.get("operationId"))]
    run = settings(
        max_examples=max(1, share // len(taken)),
        deadline=None,
        database=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        phases=[Phase.generate],
    )
    with burnish.open(str(place.home), log__level="off") as platform:
        for operation in taken:
            prepared(platform)
            mixed = given(case=operation.as_strategy(), mix=st.randoms(use_true_random=False))
            seed(chance)(run(mixed(_asking(operation, told, place.caller))))()


def _asking(operation: Any, told: Told, caller: Caller | None) -> Callable[..., None]:
    example = answered_here(BY_CALL[operation.definition.raw["operationId"]])

    def one(case: Any, mix: Random) -> None:
        _mixed(case, mix, example, told)
        response = case.call(timeout=TIMEOUT_S)
        told.answered("near", operation.label, response)
        if caller is not None and response.status_code == HTTPStatus.UNAUTHORIZED:
            caller.refused()
        for failure in _failures(case, response):
            told.wrong(operation.label, type(failure).__name__, failure, str(case.body))

    return one


# How what is there is called, by the part of a path before it; and what stands at other places.
NAMES = {
    "prompts": "mail/kind",
    "datasets": "mails",
    "experiments": "shorter",
    "knowledge": "shipping.md",
    "scorers": "exact",
    "starter": "code/review_diff",
    "projects": "news",
    "members": "ann@example.com",
    "schedules": "nightly",
    "techniques": "analogical",
}
PLACES = {"branch": "shorter", "label": "staging", "tag": "v1"}


def named(path: str, place: str, told: Told, mix: Random) -> str:
    if place in PLACES:
        return PLACES[place]
    group = path.partition(f"/{{{place}}}")[0].rpartition("/")[2]
    if group in NAMES and not place.endswith("id"):
        return NAMES[group]
    ids = told.ids.get(group)
    return mix.choice(ids) if ids else "none"


def answered_here(operation: Operation) -> dict[str, Any]:
    """The example, with the model that needs no provider."""
    example = dict(operation.example)
    if operation.name in MODELLED:
        example[MODELLED[operation.name]] = "fake:echo"
    return example


def _mixed(case: Any, mix: Random, example: dict[str, Any], told: Told) -> None:
    path = case.operation.path
    if case.path_parameters:
        case.path_parameters = {
            name: named(path, name, told, mix) if mix.random() < OFTEN else value
            for name, value in case.path_parameters.items()
        }
    changed = 0 if mix.random() < HALF else 1 - OFTEN
    where = "body" if isinstance(case.body, dict) else "query"
    made_up: dict[str, Any] = getattr(case, where) or {}
    kept = {name: value for name, value in made_up.items() if mix.random() < changed}
    setattr(case, where, {**example, **kept})


def _left_out() -> list[Any]:
    return [getattr(checks, name) for name in LEFT_OUT]


def _failures(case: Any, response: Any) -> Iterator[BaseException]:
    try:
        case.validate_response(response, excluded_checks=_left_out())
    except BaseExceptionGroup as group:
        yield from group.exceptions
