"""Examples that a model writes, with a model whose answers are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.evals.datasets.conftest import Opened

import burnish
from burnish.errors import OutputRejected, ServerFault, UsageError
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest
from burnish.prompts.prompt import Variable

TEXT = "Tell {{ name }} that {{ count }} parcels are late. </template> {{ urgent }}"
VARIABLES = [
    Variable(name="name", description="a customer"),
    Variable(name="count", type="number"),
    Variable(name="urgent", type="boolean", required=False),
]


def create(p: burnish.Platform) -> None:
    p.prompts.create("mail/late", TEXT, variables=VARIABLES)


def item(n: int, kind: str = "typical", **inputs: Any) -> dict[str, Any]:
    return {"kind": kind, "inputs": {"name": f"Ann {n}", "count": n, **inputs}}


def counting() -> Callable[[ModelRequest], str]:
    """Writes as many as it is asked for, each different."""
    written = [0]

    def answer(request: ModelRequest) -> str:
        asked = re.search(r"Write (\d+) items", request.messages[-1].content)
        assert asked
        first = written[0]
        written[0] += int(asked[1])
        items = [item(n, "edge" if n % 3 == 0 else "typical") for n in range(first, written[0])]
        return f"Here they are:\n```json\n{json.dumps({'items': items})}\n```"

    return answer


def test_the_prompts_variables_are_filled_and_marked(opened: Opened) -> None:
    model = Fake(counting())
    with opened(model) as p:
        create(p)
        done = p.datasets.generate(
            "mail/try", prompt="mail/late", count=25, model="fake:m", tags=["parcels"]
        )
        assert (done.added, done.lost, done.cost_usd, done.notes) == (25, 0, 0.0, ())
        assert done.version.origin == "a model, for mail/late"
        found = list(p.datasets.iter_examples("mail/try"))
        assert all(e.synthetic and e.expected is None for e in found)
        assert found[0].tags == ("synthetic", "edge", "parcels")
        assert p.datasets.count("mail/try", tags=["edge"]) == 9
        assert p.prompts.render("mail/late", found[1].inputs).messages
    asked = [request.messages[-1].content for request in model.requests]
    assert len(asked) == 3
    assert json.dumps(TEXT)[1:-1] in asked[0]
    assert '"name":"count","type":"number"' in asked[0]
    assert "Ann 3" not in asked[0]
    assert "Ann 3" in asked[1]


def test_what_does_not_parse_is_asked_for_again_once_then_lost(opened: Opened) -> None:
    good = json.dumps({"items": [item(n) for n in range(10)]})
    more = json.dumps({"items": [item(n) for n in range(10, 14)]})
    model = Fake(["no list", good, "no list", "no list either", more])
    with opened(model) as p:
        create(p)
        done = p.datasets.generate("d", prompt="mail/late", count=14, model="fake:m")
    assert (done.added, done.lost) == (14, 4)
    assert len(model.requests) == 5
    assert "is not valid JSON" in model.requests[1].messages[-1].content


def test_items_of_wrong_types_are_lost_and_repeats_left_out(opened: Opened) -> None:
    items = [item(1), item(1), item(2, count="two"), {"inputs": {"count": 3}}, item(4, other=1)]
    model = Fake([json.dumps(items)])
    with opened(model) as p:
        create(p)
        done = p.datasets.generate("d", prompt="mail/late", count=5, model="fake:m")
        (found,) = p.datasets.iter_examples("d")
    assert found.inputs == {"name": "Ann 1", "count": 1}
    assert done.lost >= 3
    assert done.repeats >= 1
    assert done.notes == ("the model wrote 1 of 5 examples",)


def test_a_model_that_never_writes_a_list_stores_nothing(opened: Opened) -> None:
    model = Fake(["no"])
    with opened(model) as p:
        create(p)
        with pytest.raises(OutputRejected, match="list of inputs"):
            p.datasets.generate("d", prompt="mail/late", model="fake:m")
        assert p.datasets.list() == []
    assert len(model.requests) == 4


def test_what_came_before_a_fault_is_kept(opened: Opened) -> None:
    faults = [None, *(ServerFault("broken", model="fake:m") for _ in range(20))]
    with opened(Fake(counting(), faults=faults)) as p:
        create(p)
        done = p.datasets.generate("d", prompt="mail/late", model="fake:m")
        assert done.added == 10
        assert done.notes[0].startswith("stopped early:")
    with opened(Fake(faults=faults[1:])) as p, pytest.raises(ServerFault):
        p.datasets.generate("d", prompt="mail/late", count=3, model="fake:m")


def test_what_cannot_be_asked(opened: Opened) -> None:
    with opened(Fake()) as p:
        create(p)
        p.prompts.create("plain", "Tell a long enough story.")
        for options, told in (
            ({"prompt": "plain", "model": "fake:m"}, "has no variables"),
            ({"prompt": "mail/late", "model": "offline"}, "takes a model"),
            ({"prompt": "mail/late", "model": "fake:m", "count": 0}, "0 examples"),
        ):
            with pytest.raises(UsageError, match=told):
                p.datasets.generate("d", **options)  # pyright: ignore[reportArgumentType] - as above
