"""Warm analyze, enhance and generate, on one core, over varied requests; and rendering.

python benchmarks/offline.py
"""

from __future__ import annotations

import os
import tempfile
import timeit
from functools import partial
from typing import Any

from _report import percentiles_ms, report, timed

import burnish
from burnish.intents.corpus import held_out
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer

# Beside what people sent in the classifier's held-out set: the shapes the guide shows.
SHAPES = (
    "extract name, email and order number from customer emails as json",
    "summarize this article in 5 bullets for my boss",
    "explain recursion to a 10 year old",
    "plan a 3 day trip to lisbon with kids, vegetarian, 600 euro",
    "TypeError: 'NoneType' object is not iterable in my flask app",
    "write a cold email to dentists about our scheduling app",
    "compare postgres and mysql for a small startup in a table",
    "translate this contract from English to French, keep the legal terms",
    "traduce esta nota de prensa al inglés, tono formal",
    "my dishwasher leaves white film on the glasses, what now",
    "Read the following notes and tell me what to do next.\n" + "- a note about things\n" * 60,
    "best three electric bikes for commuting under 2000 euro",
)


def one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def verbs(p: burnish.Platform) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def row(what: str, call: Any, target: float, texts: tuple[str, ...], repeat: int) -> None:
        times: list[float] = []
        for text in texts:
            call(text)
            times += timed(lambda text=text: call(text), repeat)
        figures = percentiles_ms(times)
        met = figures["p95_ms"] <= target
        rows.append({"what": what, **figures, "target": f"p95 <= {target:g} ms", "met": met})

    sent = tuple(e.text for e in held_out() if len(e.text) >= 10)
    row("analyze, warm", p.analyze, 20, (*SHAPES, *sent), 3)
    row(
        "analyze, rules only (budget_ms=2)", partial(p.analyze, budget_ms=2), 2, (*SHAPES, *sent), 3
    )
    row("enhance, warm", p.enhance, 40, (*SHAPES, *sent), 2)
    row("generate and store, warm", p.generate, 1000, SHAPES, 12)
    return rows


def rendering() -> list[dict[str, Any]]:
    from minijinja import Environment

    text = "word " * 100 + "{{ a }} and {{ b }} then {{ c }} so {{ d }}. " + "tail " * 120
    values = {"a": "x" * 20, "b": "yes", "c": "z", "d": "w" * 50}
    variables = [Variable(name=name) for name in values]
    bare = Environment()
    bare.add_template("t", text)
    with Renderer() as renderer:
        number = 20_000
        cases = {
            "render, text alone": lambda: renderer.text(text, values),
            "render, with checks of every value": lambda: renderer.messages(
                [Message("user", text)], variables, values
            ),
        }
        limit = min(
            timeit.repeat(lambda: bare.render_template("t", **values), number=number, repeat=5)
        )
        rows: list[dict[str, Any]] = []
        for what, call in cases.items():
            best = min(timeit.repeat(call, number=number, repeat=5))
            ratio = round(best / limit, 2)
            goal = (
                {"target": "<= 1.3 x bare minijinja", "met": ratio <= 1.3}
                if "alone" in what
                else {}
            )
            rows.append({"what": what, "ratio_to_minijinja": ratio, **goal})
    return rows


def main() -> None:
    one_core()
    # Nothing remembered: what is measured is the work, not the memory of it.
    forgetful: dict[str, Any] = {"cache__intent_ttl_s": 0.0, "cache__ranking_ttl_s": 0.0}
    with tempfile.TemporaryDirectory() as home, burnish.open(home, **forgetful) as p:
        report("offline", [*verbs(p), *rendering()])


if __name__ == "__main__":
    main()
