"""Simulated tasks whose best prompt is known: a prompt is a set of rules, some help, some hurt.

A world is made by its seed alone. Items are of eight types, a useful rule helps one to three of
them and a harmful one hurts as many; the chance of a right answer is logistic in the sum. There is
no end of items: an item is a number. The reflector that proposes rules from failures errs as often
as a small model does. It is a simulation: it gives directions, not promises.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

TUNING = range(40)  # constants, of the worlds and of our optimisers, are chosen on these alone
HELD_OUT = range(1000, 1150)  # what is published comes from these

Rules = frozenset[str]
Record = tuple[int, bool]  # an item, and whether the answer to it was right

NORMAL = NormalDist()
MASK = (1 << 64) - 1
HEADLINES = (
    "Answer the request.",
    "Reply to the request.",
    "Give an answer to the request below.",
    "Please answer what is asked.",
    "Respond to the request that follows.",
    "Answer what the request asks for.",
)
RULE = re.compile(r"^- rule ([uhn]\d\d)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Constants:
    """Fitted on the tuning worlds, so that gepa 0.1.4 climbs as it did where it was first measured
    (benchmarks/optimizing/gepa_runs.py)."""

    types: int = 8  # kinds of items: few enough that three failures point somewhere
    useful: int = 12  # rules worth finding
    harmful: int = 12  # as many that mislead
    neutral: int = 6  # advice that changes nothing, as models like to give
    skew: float = 1.0  # frequency of the k-th type ~ k^-skew: the rarest an eighth of the first
    base: float = -0.5  # log odds of the seed prompt on an item of middle difficulty: .39 right
    base_spread: float = 0.55  # types differ in how hard they are to begin with
    difficulty: float = 1.35  # standard deviation of items within a type
    helps: tuple[float, float] = (1.1, 2.0)  # log odds that a useful rule gives: oracle at .92
    hurts: tuple[float, float] = (0.35, 1.35)  # log odds that a harmful rule takes
    shared: float = 0.4  # share of the luck that all prompts have on one item and repeat
    aim: float = 0.55  # how often a reflection names a rule that would help a failure it saw


CONSTANTS = Constants()


def mixed(key: int) -> int:
    """The finaliser of splitmix64."""
    key = (key + 0x9E3779B97F4A7C15) & MASK
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & MASK
    return key ^ (key >> 31)


def uniform(*keys: int) -> float:
    """Strictly between 0 and 1, always the same for the same keys."""
    state = 0
    for key in keys:
        state = mixed(state ^ key)
    return ((state >> 11) + 0.5) / (1 << 53)


def normal(*keys: int) -> float:
    return NORMAL.inv_cdf(uniform(*keys))


def key_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


@cache
def rules_of(text: str) -> Rules:
    """What other lines say has no effect."""
    return frozenset(RULE.findall(text))


def text_of(rules: Iterable[str], headline: str = HEADLINES[0]) -> str:
    return "\n".join([headline, *(f"- rule {rule}: {WORDS[rule]}" for rule in sorted(rules))])


def paraphrase(text: str, rng: random.Random) -> str:
    """The same rules under another headline: as good, but not as lucky."""
    now = text.split("\n", 1)[0]
    return text_of(rules_of(text), rng.choice([line for line in HEADLINES if line != now]))


class World:
    """`score` is what an optimiser may ask; `true_score`, `oracle` and `effects` are for judges."""

    def __init__(self, seed: int, constants: Constants = CONSTANTS) -> None:
        self.seed = seed
        self.constants = constants
        rng = random.Random(f"world {seed}")
        self.frequencies = frequencies(constants, rng)
        self.base = np.array(
            [rng.gauss(constants.base, constants.base_spread) for _ in range(constants.types)]
        )
        self.effects = effects(constants, rng)
        self.rules: Rules = frozenset(self.effects)
        self.oracle: Rules = frozenset(rule for rule in self.rules if rule[0] == "u")
        self._cumulative: list[float] = np.cumsum(self.frequencies).tolist()
        self._items: dict[int, tuple[int, float]] = {}
        self._luck: dict[tuple[int, int], float] = {}
        self._prompts: dict[str, tuple[int, Rules]] = {}
        self._odds: dict[Rules, list[float]] = {}
        self._answers: dict[tuple[str, int, int], bool] = {}
        self._true: dict[Rules, float] = {}

    def item(self, number: int) -> tuple[int, float]:
        """Its type, and its difficulty in log odds."""
        known = self._items.get(number)
        if known is None:
            drawn = uniform(self.seed, 1, number)
            kind = sum(drawn > edge for edge in self._cumulative[:-1])
            known = (kind, self.constants.difficulty * normal(self.seed, 2, number))
            self._items[number] = known
        return known

    def odds(self, rules: Rules) -> list[float]:
        """Log odds of a right answer by type, on an item of middle difficulty."""
        known = self._odds.get(rules)
        if known is None:
            total = self.base + sum(self.effects[rule] for rule in rules & self.rules)
            known = self._odds[rules] = total.tolist()
        return known

    def chance(self, rules: Rules, item: int) -> float:
        kind, difficulty = self.item(item)
        return 1 / (1 + exp(difficulty - self.odds(rules)[kind]))

    def correct(self, text: str, item: int, repeat: int = 0) -> bool:
        """Always the same for the same text, item and repeat."""
        key = (text, item, repeat)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._drawn(text, item, repeat)
        return known

    def score(self, text: str, item: int, repeat: int = 0) -> float:
        return float(self.correct(text, item, repeat))

    def true_score(self, rules: Rules) -> float:
        """The expected share of right answers over all items, exact to 1e-6."""
        known = self._true.get(rules)
        if known is None:
            odds = np.array(self.odds(rules))[:, None] - self.constants.difficulty * NODES
            known = float(self.frequencies @ (1 / (1 + np.exp(-odds))) @ WEIGHTS)
            self._true[rules] = known
        return known

    def reflect(self, rules: Rules, records: Sequence[Record], rng: random.Random) -> Rules:
        """One rule more, whatever is shown: more failures improve the aim alone."""
        failures = [self.item(number)[0] for number, correct in records if not correct]
        missing = sorted(self.oracle - rules)
        helped = [sum(self.effects[rule][kind] > 0 for kind in failures) for rule in missing]
        if rng.random() < self.constants.aim and any(helped):
            return rules | {rng.choices(missing, helped)[0]}
        idle = sorted(self.rules - self.oracle - rules)
        return rules | {rng.choice(idle)} if idle else rules

    def _drawn(self, text: str, item: int, repeat: int) -> bool:
        prompt = self._prompts.get(text)
        if prompt is None:
            prompt = self._prompts[text] = (key_of(text), rules_of(text))
        luck = self._luck.get((item, repeat))
        if luck is None:
            luck = self._luck[item, repeat] = normal(self.seed, 3, item, repeat)
        own = normal(self.seed, 4, prompt[0], item, repeat)
        share = self.constants.shared
        drawn = NORMAL.cdf(sqrt(share) * luck + sqrt(1 - share) * own)
        return drawn < self.chance(prompt[1], item)


def frequencies(constants: Constants, rng: random.Random) -> Any:
    weights = [(k + 1) ** -constants.skew for k in range(constants.types)]
    rng.shuffle(weights)
    return np.array(weights) / sum(weights)


def effects(constants: Constants, rng: random.Random) -> dict[str, Any]:
    """By rule, what it adds to the log odds of each type. Each type has a rule that helps it."""
    found: dict[str, Any] = {}
    for letter, count, (low, high), sign in (
        ("u", constants.useful, constants.helps, 1),
        ("h", constants.harmful, constants.hurts, -1),
    ):
        first = rng.sample(range(constants.types), constants.types)
        for number in range(count):
            row = np.zeros(constants.types)
            kinds = {first[number]} if number < constants.types else set[int]()
            wanted = rng.randint(1, 3)
            while len(kinds) < wanted:
                kinds.add(rng.randrange(constants.types))
            for kind in sorted(kinds):
                row[kind] = sign * rng.uniform(low, high)
            found[f"{letter}{number + 1:02}"] = row
    for number in range(constants.neutral):
        found[f"n{number + 1:02}"] = np.zeros(constants.types)
    return found


def quadrature(points: int) -> tuple[Any, Any]:
    """Nodes and weights of the mean of a function of a standard normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return nodes, weights / weights.sum()


NODES, WEIGHTS = quadrature(40)
WORDS = {
    **{
        f"u{number + 1:02}": words
        for number, words in enumerate(
            (
                "read the whole request before the first word of the answer",
                "name the unit of each amount",
                "check the sum of the parts against the whole",
                "put the answer itself on the last line",
                "write dates as year, month, day",
                "quote the passage on which the answer rests",
                "keep to the options that are offered",
                "work through the steps in order",
                "count the entries one by one",
                "say so when the request cannot be answered",
                "mind negations and exceptions",
                "keep names as they are spelled in the request",
            )
        )
    },
    **{
        f"h{number + 1:02}": words
        for number, words in enumerate(
            (
                "answer with the first thing that comes to mind",
                "use no digits",
                "always agree with the request",
                "write at least five hundred words",
                "round each amount to the next hundred",
                "leave out what seems obvious",
                "turn the question into a story",
                "translate the names",
                "give two answers and let the reader choose",
                "avoid lists of any kind",
                "end with a question",
                "use a rare word in each sentence",
            )
        )
    },
    **{
        f"n{number + 1:02}": words
        for number, words in enumerate(
            (
                "be helpful",
                "take care",
                "aim for a good answer",
                "think of the reader",
                "do what is asked",
                "write well",
            )
        )
    },
}
