"""Worlds that break what a search may take for granted: that rules add up, and that more do no
harm. Everything else is as in the plain ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .worlds import CONSTANTS, Constants, Rules, World

CANCELLING = 2  # pairs of useful rules that both do nothing where both are there
JOINT = 2  # pairs of useful rules that help together alone
FREE_RULES, DILUTION = 6, 0.12  # rules beyond so many take so much log odds from all types
AIM = 0.1  # of the reflections of a poor writer, .55 of those of others


class Interacting(World):
    """Pairs of rules that cancel each other, and pairs of which one alone does nothing."""

    def __init__(self, seed: int, constants: Constants = CONSTANTS) -> None:
        super().__init__(seed, constants)
        drawn = random.Random(f"pairs {seed}").sample(sorted(self.oracle), 2 * (CANCELLING + JOINT))
        pairs = [frozenset(drawn[at : at + 2]) for at in range(0, len(drawn), 2)]
        self.cancelling, self.joint = pairs[:CANCELLING], pairs[CANCELLING:]

    def odds(self, rules: Rules) -> list[float]:
        known = self._odds.get(rules)
        if known is None:
            idle = {
                *(each for pair in self.cancelling if pair <= rules for each in pair),
                *(each for pair in self.joint if not pair <= rules for each in pair),
            }
            active = (rules & self.rules) - idle
            total = self.base + sum(self.effects[rule] for rule in sorted(active))
            known = self._odds[rules] = np.asarray(total).tolist()
        return known


class Diluted(World):
    """A long prompt is heeded less."""

    def odds(self, rules: Rules) -> list[float]:
        known = self._odds.get(rules)
        if known is None:
            longer = max(0, len(rules & self.rules) - FREE_RULES)
            whole = super().odds(rules)
            known = self._odds[rules] = [each - DILUTION * longer for each in whole]
        return known


class Misled(World):
    """The model that writes hardly ever sees what failures have in common."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, replace(CONSTANTS, aim=AIM))


WHOLE, UNWRITTEN = "whole rewrites", "no model writes"
WORLDS: dict[str, Callable[[int], World]] = {
    "plain": World,
    "interactions": Interacting,
    "dilution": Diluted,
    WHOLE: World,
    UNWRITTEN: World,
    "a poor writer": Misled,
}
