"""Answers of evaluations summed up by example, beside what others made of the same examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, RowMapping, case, cast, func, select

from burnish.storage.period import Beside, PromptResults
from burnish.storage.tables import evaluations, results

_r, _e = results.c, evaluations.c
_SQUARES = ("judged", "passed", "expected")


def results_query(since: datetime, until: datetime, limit: int) -> Any:
    """By the example, as a version's answers to one have something in common, and beside the others
    by the same model alone, as models are not equally able."""
    t = _by_example(_by_model(since, until)).c
    seen = case((t.beside_judged > 0, 1), else_=0)
    columns = [
        func.count().label("examples"),
        *(func.sum(t[name]).label(name) for name in ("judged", "passed")),
        *_products(t, "", ("judged", "passed")),
        func.sum(seen).label("beside_examples"),
        func.sum(t.others).label("others"),
        *(func.sum(t[f"beside_{name}"]).label(f"beside_{name}") for name in _SQUARES),
        *_products(t, "beside_", _SQUARES),
    ]
    query: Any = select(t.prompt, t.dataset, *columns).group_by(t.prompt, t.dataset)
    return query.order_by(func.count().desc(), t.prompt, t.dataset).limit(limit)


def results_of(row: RowMapping) -> PromptResults:
    counts = ("examples", "judged", "passed", "passed_squares", "judged_squares")
    own = {name: int(row[name]) for name in counts}
    beside = None
    if row["beside_examples"]:
        names = set(Beside.__struct_fields__) - {"examples", "others"}
        beside = Beside(
            examples=int(row["beside_examples"]),
            others=int(row["others"]),
            **{name: float(row[f"beside_{name}"]) for name in names},
        )
    return PromptResults(
        prompt=row["prompt"],
        dataset=row["dataset"],
        products=int(row["judged_passed"]),
        beside=beside,
        **own,
    )


def _by_model(since: datetime, until: datetime) -> Any:
    """Of each version's answers by one model to one example, and of all others' to the same."""
    passed = func.sum(case((_r.passed, 1), else_=0)).label("passed")
    judged = func.count(_r.passed).label("judged")
    own: Any = (
        select(_r.prompt, _e.dataset, _r.model, _r.example, passed, judged)
        .join(evaluations, _e.id == _r.evaluation_id)
        .where(_e.ended_at >= since, _e.ended_at < until, _r.passed.is_not(None))
        .group_by(_r.prompt, _e.dataset, _r.model, _r.example)
        .subquery()
    )
    o = own.c
    same = (o.dataset, o.model, o.example)
    rest = [
        (func.sum(o[name]).over(partition_by=same) - o[name]).label(f"others_{name}")
        for name in ("passed", "judged")
    ]
    return select(o, *rest).subquery()


def _by_example(answers: Any) -> Any:
    """`beside_expected` is how many would have passed had the others answered in its place."""
    a = answers.c
    there = a.others_judged > 0
    share = cast(a.judged * a.others_passed, Float) / a.others_judged
    return (
        select(
            a.prompt,
            a.dataset,
            func.sum(a.judged).label("judged"),
            func.sum(a.passed).label("passed"),
            func.sum(a.others_judged).label("others"),
            func.sum(case((there, a.judged), else_=0)).label("beside_judged"),
            func.sum(case((there, a.passed), else_=0)).label("beside_passed"),
            func.sum(case((there, share), else_=0.0)).label("beside_expected"),
        )
        .group_by(a.prompt, a.dataset, a.example)
        .subquery()
    )


def _products(of: Any, prefix: str, names: tuple[str, ...]) -> list[Any]:
    """Sums of the squares of all, and of each two multiplied."""
    made: list[Any] = []
    for at, one in enumerate(names):
        for other in names[at:]:
            label = f"{one}_squares" if one == other else f"{one}_{other}"
            product = of[f"{prefix}{one}"] * of[f"{prefix}{other}"]
            made.append(func.sum(product).label(f"{prefix}{label}"))
    return made
