"""A small task whose answers follow from the prompt's lines, and may be killed on the way."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence

from tests.optimizers.playing import KilledError

from burnish.optimizers.ask import Measured, Pair, Propose
from burnish.optimizers.auto import Auto
from burnish.optimizers.bandit import Bandit
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Budget, Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted
from burnish.optimizers.fewshot import FewShot
from burnish.optimizers.genetic import Genetic
from burnish.optimizers.gepa_peer import Gepa
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.problem import Problem
from burnish.optimizers.reflective import Reflective
from burnish.prompts.prompt import Message

GOOD, BAD = tuple("abcdef"), tuple("uvwxyz")
BASE, GAIN, LOSS, SHOWN = 0.3, 0.1, 0.08, 0.1
PAID = frozenset({"reflect", "crossover"})
FREE = frozenset({"merge", "add", "drop", "unite", "demonstrate"})
ARMS = ("reflect", "crossover", "merge", "add", "drop")
TRAIN, VALIDATION, TEST = range(100, 130), range(40), range(40, 60)
Score = Callable[[float, float], float | None]
"""From the chance of a right answer and what was drawn, the score."""


def right(chance: float, drawn: float) -> float | None:
    return float(drawn < chance)


def families() -> dict[str, Optimizer]:
    several = [Reflective(), Genetic(), Bandit(), FewShot()]
    peers = [Gepa()]
    return {**{each.name: each for each in (*several, *peers)}, "auto": Auto(several)}


def candidate(lines: Iterable[str], ask: Propose | None = None) -> Candidate:
    shown = ask.examples if ask is not None and ask.operator == "demonstrate" else ()
    text = "\n".join(["Answer.", *sorted(lines), *(f"example {each}" for each in shown)])
    return Candidate(
        messages=(Message("user", text),),
        demonstrations=tuple(map(str, shown)),
        parents=() if ask is None else ask.parents,
        operator="original" if ask is None else ask.operator,
    )


def problem(budget: Budget, seed: int = 0, *, able: bool = True, whole: bool = False) -> Problem:
    """`whole`: each prompt is one edit of the original, and no two go together."""
    book, original = Book(), candidate(())
    book.add(original)
    found = Problem(
        original=original.id,
        train=TRAIN,
        validation=VALIDATION,
        book=book,
        ledger=Ledger(budget),
        seed=seed,
        paid=PAID if able else frozenset(),
        free=FREE if able else frozenset(),
        arms=ARMS,
    )
    found.edits = lambda one: edits_of(book.candidates[one], whole=whole)
    if able:
        found.words = lambda number: frozenset({f"w{number}", f"of {number % 5}"})
    return found


def lines_of(one: Candidate) -> tuple[str, ...]:
    return tuple(each for each in one.messages[0].content.split("\n")[1:] if len(each) == 1)


def edits_of(one: Candidate, *, whole: bool) -> tuple[str, ...]:
    lines = lines_of(one)
    return ("".join(lines),) if whole and lines else lines


def chance(one: Candidate) -> float:
    """Of a right answer; examples with even numbers teach something."""
    lines = lines_of(one)
    helpful = sum(int(each) % 2 == 0 for each in one.demonstrations)
    gain = GAIN * sum(each in GOOD for each in lines) + SHOWN * helpful
    return BASE + gain - LOSS * sum(each in BAD for each in lines)


class SmallWorld:
    """`pairs` and `asks` are those that it was really asked. With `kill` it raises at that many."""

    def __init__(
        self,
        of: Problem,
        score: Score = right,
        kill: int | None = None,
        *,
        whole: bool = False,
    ) -> None:
        self._whole = whole
        self._problem = of
        self._score = score
        self._left = kill
        self.pairs: list[Pair] = []
        self.asks: list[Propose] = []
        self.leaders: list[str] = []

    @property
    def paid(self) -> list[Propose]:
        return [each for each in self.asks if each.operator in PAID]

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        for pair in pairs:
            self._act()
            self.pairs.append(pair)
            one = self._problem.book.candidates[pair.candidate]
            value = self._score(chance(one), _drawn(one.id, pair.example))
            keep(pair, Measured(value=value, error="" if value is not None else "metric: none"))
        return ""

    async def propose(self, ask: Propose) -> Drafted:
        self._act()
        self.asks.append(ask)
        self.leaders.append(self._problem.leader)
        made = candidate(self._lines(ask), ask)
        calls = 1 if ask.operator in PAID else 0
        if made.id == ask.parents[0]:
            return Drafted(rejected=("gives nothing new",), calls=calls)
        return Drafted(candidates=(made,), calls=calls)

    def _lines(self, ask: Propose) -> set[str]:
        """The same for the same question."""
        book = self._problem.book
        first, *others = (set(lines_of(book.candidates[each])) for each in ask.parents)
        random_ = random.Random(
            repr((ask.operator, ask.parents, ask.options, len(book.candidates)))
        )
        missing = sorted({*GOOD, *BAD} - first)
        match ask.operator:
            case "unite":
                # Of several that are whole prompts, the first.
                edits: list[str] = ask.options["edits"]
                return set(edits[0] if self._whole and edits else edits)
            case "merge" | "crossover":
                return first | others[0]
            case "drop":
                return first - set(random_.sample(sorted(first), min(1, len(first))))
            case "reflect":
                likely = [*missing, *(each for each in missing if each in GOOD)]
                return first | set(random_.sample(likely, min(1, len(likely))))
            case "add":
                return first | set(random_.sample(missing, min(1, len(missing))))
            case _:
                return first

    def _act(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KilledError


def _drawn(one: str, example: int) -> float:
    digest = hashlib.blake2b(f"{one} {example}".encode(), digest_size=6).hexdigest()
    return int(digest, 16) / 16**12
