"""The kinds of scorers that there must be, on one answer, through a platform."""

from __future__ import annotations

import json

import pytest
from tests.evals.scorers.conftest import answered

import burnish

ANSWER = '{"city": "Rome", "why": "It is the capital of Italy."}'
SCHEMA = {"type": "object", "required": ["city"]}


@burnish.scorer
def names_a_reason(output: str) -> bool:
    return len(json.loads(output)["why"]) > 10


@pytest.mark.spec("TST-05")
async def test_texts_patterns_schemas_meaning_judges_and_a_function_of_ones_own() -> None:
    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [burnish.Fake(['{"reason": "It says why.", "score": 5}'])]

    spec = burnish.ScorerSpec
    given: list[object] = [
        spec(name="exact", value={"why": "It is the capital of Italy.", "city": "Rome"}),
        spec(name="contains", value="Rome"),
        spec(name="regex", value=r"capital of \w+"),
        spec(name="json-schema", value=SCHEMA),
        spec(name="similar", value="Rome, as it is Italy's capital city.", threshold=0.3),
        spec(name="rubric", value="Names a city and why.", parameters={"model": "fake:judge"}),
        names_a_reason,
    ]
    other = '{"town": "Boil the rice for ten minutes.", "why": ""}'
    async with burnish.open_async(plugins=[Plugin]) as p:
        for each in given:
            scorer = p.scorers.take(each)
            found = await scorer.score(answered(ANSWER))
            assert (found.passed, found.error) == (True, ""), found
            if scorer.spec.name != "rubric":
                assert not (await scorer.score(answered(other))).passed
