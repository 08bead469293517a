"""`p.optimize_where` and its job: all weak prompts, none twice, none left behind by another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, RULES, by_rules, right, with_rule

import burnish
from burnish.errors import UsageError
from burnish.models.fake import Fake
from burnish.platform.optimizing_where import WhereLeft, WhereOptimized, WhereReport
from burnish.storage.job import Job

ROWS = [
    {"id": f"r{n}", "inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(120)
]
GOOD = PROMPT.replace("\n\n", f"\n{RULES[0]}\n{RULES[1]}\n\n", 1)
WEAK = "score < 0.6"
Options = dict[str, Any]
ASKED: Options = {"algorithm": "reflective", "writer": "fake:w", "budget": 250}
KEPT: Options = {"writer": "offline", "budget": 130, "algorithm": "bandit"}


class Given:
    """`fake:a` answers, `fake:w` writes."""

    def models(self) -> list[Fake]:
        return [Fake(lambda r: (with_rule if r.model.endswith("w") else by_rules)(r))]


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given()]) as opened:
        for name, text in (("mail/a", PROMPT), ("mail/b", f"{PROMPT}\n"), ("mail/good", GOOD)):
            opened.prompts.create(name, text)
            opened.evaluate(name, ROWS, models="fake:a", scorers=["exact"], dataset="rows")
        yield opened


def answers(p: burnish.Platform) -> int:
    return sum(p.optimizations.show(each.id).counts.answers for each in p.optimizations.list())


@pytest.mark.spec("OPT-10")
def test_each_weak_prompt_is_optimised_as_it_was_evaluated_last(p: burnish.Platform) -> None:
    heard: list[WhereOptimized | WhereLeft] = []
    shown: list[Job] = []
    report = p.optimize_where(WEAK, each=heard.append, progress=shown.append, **ASKED)
    assert [(e.prompt, e.dataset, e.model, e.best) for e in report.optimized] == [
        ("mail/a@1", "rows@1", "fake:a", "mail/a@2"),
        ("mail/b@1", "rows@1", "fake:a", "mail/b@2"),
    ]
    assert (tuple(heard), report.left, report.is_measured) == (report.optimized, (), True)
    assert RULES[0] in p.prompts.get("mail/a").version.text
    assert {each.progress.message for each in shown} == {"mail/a@1 (1 of 2)", "mail/b@1 (2 of 2)"}
    # The new versions were not evaluated yet: nobody knows them to be weak.
    assert p.optimize_where(WEAK, **ASKED) == WhereReport(where=WEAK)
