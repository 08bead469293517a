"""What is told of an optimisation: to those who watch its job, in its result, with its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from burnish.optimizers.problem import Problem
    from burnish.optimizers.verdict import Verdict
    from burnish.platform.searching import Searched
    from burnish.storage.optimization import Optimization


def progress_of(problem: Problem) -> tuple[int, int]:
    ledger = problem.ledger
    left = (ledger.left + ledger.reserved) * ledger.answers_each
    return ledger.metric_calls + ledger.came, ledger.metric_calls + left


def facts_of(problem: Problem) -> dict[str, float | str]:
    ledger = problem.ledger
    mean, n = problem.standing(problem.leader)
    facts: dict[str, float | str] = {
        "calls": ledger.calls + ledger.came_calls,
        "proposals": ledger.proposals,
        "candidates": len(problem.book.candidates) - 1,
        "cost_usd": round(ledger.cost_usd, 6),
    }
    if n:
        facts |= {"best": problem.leader, "best_score": round(mean, 4)}
    return facts


def record_of(of: Optimization, problem: Problem) -> dict[str, Any]:
    best = problem.book.candidates[problem.leader]
    return {
        "optimization": of.id,
        "original": of.prompt,
        "model": of.model,
        "dataset": of.dataset,
        "scorers": [each.name for each in of.scorers],
        "techniques": list(best.techniques),
        "demonstrations": list(best.demonstrations),
    }


def fields_of(found: Searched, verdict: Verdict) -> dict[str, Any]:
    from burnish.optimizers.report.kept import kept_of

    kept = kept_of(found.problem, found.parts, verdict, found.examples)
    fields = msgspec.to_builtins(kept)
    del fields["seconds"]  # told apart, for each attempt
    return fields


def summary_of(of: Optimization) -> dict[str, Any]:
    return {"id": of.id, "outcome": of.outcome, "text": of.text, "best": of.best}
