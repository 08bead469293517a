"""The options of `optimize`, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.optimizers.wanted import Wanted

OPTIONS = frozenset(
    {
        "prompt",
        "data",
        "algorithm",
        "goal",
        "budget",
        "model",
        "writer",
        "scorers",
        "tags",
        "limit",
        "target",
        "rounds",
        "unchanged",
        "vary",
        "temperature",
        "max_tokens",
        "concurrency",
        "seed",
        "fresh",
        "variant",
        "branch",
        "dataset",
    }
)


def wanted_of(prompt: str, data: Any, options: dict[str, Any]) -> Wanted:
    """Raises UsageError for a name that is none of `optimize`'s, and would do nothing."""
    from burnish.evals.wanted import PARAMETERS
    from burnish.optimizers.budget import Budget
    from burnish.optimizers.varied import checked_vary
    from burnish.optimizers.wanted import Wanted

    given = {name: value for name, value in options.items() if value is not None}
    parameters = {name: given.pop(name) for name in PARAMETERS if name in given and name != "seed"}
    if strange := sorted(set(given) - (set(Wanted.__struct_fields__) - {"prompt", "data"})):
        raise UsageError(
            f"optimize has no option {strange[0]!r}",
            hint=f"use {', '.join(sorted(OPTIONS))}",
            subject=strange[0],
        )
    budget = given.pop("budget", None)
    if isinstance(budget, int):
        budget = Budget(calls=budget)
    if budget is not None:
        if not isinstance(budget, Budget):
            raise UsageError(
                f"a budget of {budget!r}", hint="give a number of calls, or a burnish.Budget"
            )
        given["budget"] = budget
    if "vary" in given:
        given["vary"] = checked_vary(given["vary"])
    for name in ("scorers", "tags"):
        value = given.get(name, ())
        given[name] = (value,) if isinstance(value, str) else tuple(value)
    return Wanted(prompt=prompt, data=data, parameters=parameters, **given)
