"""Which examples a search chooses by, and which judge what it has chosen."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import msgspec

from burnish.errors import UsageError
from burnish.optimizers.budget import Budget, Ledger
from burnish.storage.example import Example

# Fewer that judge show a gain only where nearly all turn right.
_JUDGES = 20
# Of few examples, so large a part judges; of the rest, so large a part may be shown in prompts.
_TEST, _TRAIN = 0.35, 0.3
_MOST_TEST, _MOST_SEARCHED = 200, 500
# What the comparison in the end may take of all calls.
_SHARE = 0.3
_FINAL = 0.08
LEAST_EXAMPLES = 16
LEAST_SEARCH = 24


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of examples. `train` may be shown in prompts, `validation` tells candidates apart,
    and `test` is seen by neither: it compares the best one with the original in the end. `final`
    measurements are kept for a last choice among the best."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    final: int = 0

    @property
    def kept(self) -> int:
        """Measurements that the search leaves for what follows it."""
        return self.final + 2 * len(self.test)


def divided(examples: Sequence[Example], seed: int = 0) -> Parts:
    """Those of the split `test` judge, where they are enough; else a part that is drawn. Raises
    UsageError where there are too few to show anything."""
    if len(examples) < LEAST_EXAMPLES:
        raise UsageError(
            f"{len(examples)} examples are too few to optimise with: some must be left to judge",
            hint=f"give {LEAST_EXAMPLES} at least, and about 200 to show a gain of 0.2; "
            "burnish datasets generate writes some to begin with",
        )
    order = list(range(len(examples)))
    random.Random(f"parts {seed}").shuffle(order)  # noqa: S311 - the same again for a seed
    test = [n for n in order if examples[n].split == "test"]
    rest = [n for n in order if examples[n].split != "test"]
    if len(test) < _JUDGES or len(rest) < _JUDGES:
        count = round(len(order) * _TEST)
        test, rest = order[:count], order[count:]
    rest = rest[:_MOST_SEARCHED]
    shown = round(len(rest) * _TRAIN)
    return Parts(
        train=tuple(rest[:shown]), validation=tuple(rest[shown:]), test=tuple(test[:_MOST_TEST])
    )


def afforded(parts: Parts, budget: Budget, calls_each: int = 1, answers_each: int = 1) -> Parts:
    """With no more examples to judge than the budget has room for beside the search, where each
    takes so many answers of a prompt. Raises UsageError where that leaves too little for either."""
    whole = Ledger(budget, calls_each=calls_each, answers_each=answers_each).left
    test = parts.test[: max(_JUDGES, int(whole * _SHARE) // 2)]
    needed = 2 * len(test) + LEAST_SEARCH
    if whole < needed:
        each = f", {calls_each} calls each" if calls_each > 1 else ""
        calls = needed * calls_each * answers_each
        raise UsageError(
            f"a budget for {whole * answers_each} answers leaves nothing to search with: comparing "
            f"the best prompt with the original over {len(test)} examples takes "
            f"{2 * len(test) * answers_each}",
            hint=f"give {calls} calls at least{each}; 300 is a good beginning",
        )
    final = int((whole - 2 * len(test)) * _FINAL)
    return msgspec.structs.replace(parts, test=test, final=final)


def calls_for(test: int, calls_each: int = 1, answers_each: int = 1) -> int:
    """The budget that has room for so many examples to judge."""
    return math.ceil(2 * test / _SHARE) * calls_each * answers_each
