"""Requests that a program makes up from the document: none breaks the server, and every answer is
as the document says."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.rest.conftest import serving

import burnish
from burnish.rest.operations import OPERATIONS

# Of each operation: by whoever reaches the server, and by an editor of one with accounts.
OPEN, SIGNED_IN = 3, 2
WORDS = "nine white boats at dawn"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Any]]:
    schemathesis: Any = import_module("schemathesis")
    read: Any = schemathesis.openapi.from_url
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path_factory.mktemp("fuzz")))
        with serving() as address:
            home = str(tmp_path_factory.mktemp("accounts"))
            patch.setenv("BURNISH_HOME", home)
            patch.setenv("BURNISH_SERVER__AUTH", "accounts")
            patch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "0")
            patch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "100000")
            with burnish.open(home) as p:
                key = p.keys.create("fuzz", role="editor").key
            with serving() as other:
                signed_in = read(f"{other}/openapi.json")
                signed_in.config.update(headers={"authorization": f"Bearer {key}"})
                yield {OPEN: read(f"{address}/openapi.json"), SIGNED_IN: signed_in}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tag", sorted({each.group for each in OPERATIONS}))
@pytest.mark.parametrize("each", [OPEN, SIGNED_IN], ids=["open", "an editor"])
def test_made_up_requests_break_nothing(asked: dict[int, Any], tag: str, each: int) -> None:
    checks: Any = import_module("schemathesis.specs.openapi.checks")
    # A schema cannot say all: a name that nobody has given is refused though it is a text.
    left_out = [checks.positive_data_acceptance]
    statuses: set[int] = set()
    for found in asked[each].include(tag=tag).get_all_operations():

        def one(case: Any) -> None:
            statuses.add(case.call_and_validate(excluded_checks=left_out).status_code)

        run = settings(
            max_examples=each,
            deadline=None,
            database=None,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
            phases=[Phase.explicit, Phase.generate],
        )
        seed(7)(run(given(case=found.ok().as_strategy())(one)))()
    assert statuses
    assert 401 not in statuses or tag == "auth"
