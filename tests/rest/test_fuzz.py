"""Requests that a program makes up from the document: none breaks the server, and every answer is
as the document says."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.rest.conftest import serving

from burnish.rest.operations import OPERATIONS

EACH = 5


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path_factory.mktemp("fuzz")))
        with serving() as url:
            schemathesis: Any = import_module("schemathesis")
            yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tag", sorted({each.group for each in OPERATIONS}))
def test_made_up_requests_break_nothing(schema: Any, tag: str) -> None:
    checks: Any = import_module("schemathesis.specs.openapi.checks")
    # A schema cannot say all: a name that nobody has given is refused though it is a text.
    left_out = [checks.positive_data_acceptance]
    for found in schema.include(tag=tag).get_all_operations():

        def one(case: Any) -> None:
            case.call_and_validate(excluded_checks=left_out)

        run = settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
            phases=[Phase.explicit, Phase.generate],
        )
        seed(7)(run(given(case=found.ok().as_strategy())(one)))()
