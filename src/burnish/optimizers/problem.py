"""What an optimizer is given."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from burnish.optimizers.ask import Ask, Drafts, Measure, Pair, Propose
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Ledger

if TYPE_CHECKING:
    from burnish.optimizers.goals.goal import Goal

# Of so many examples is the mean of all, in that of one candidate.
_DRAWN = 4.0
# A leader that was measured on so many scores what it seems to.
ENOUGH = 16
Search = Generator[Ask, Drafts | None, None]
"""Yields what it asks for. It is sent the Drafts of a Propose; scores are in the book."""


def _quality() -> Goal:
    # Goals know problems.
    from burnish.optimizers.goals.quality import Quality

    return Quality()


@dataclass(kw_only=True)
class Problem:
    """`original` is the id of the candidate to improve. Examples are numbers: those of `train` may
    be shown in prompts, and candidates are compared on `validation`, in the order given, whose
    failures are what our own searches reflect on (gepa on those of `train`); those that judge the
    result in the end are not among them. `paid` operators ask a model, `free` ones do not. `edits`
    are the keys of what a candidate changes in the original, part by part, and `words`
    those of an example that can be shown in a prompt (none of one that cannot). `vary` has the
    values that the model's parameters may have. `arms` are ways to
    change it (an operator, `operator:technique`, or `demonstrate:form`) and `beliefs` what is
    thought of them: the parameters of a Beta distribution of the chance that the result is
    better; `tried` counts how often each was, and how often the result was better. The `goal` says
    what better means. The search may end once its leader is known to score the `target`."""

    original: str
    train: Sequence[int]
    validation: Sequence[int]
    book: Book
    ledger: Ledger
    seed: int = 0
    name: str = ""
    paid: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    edits: Callable[[str], tuple[str, ...]] = lambda _: ()
    words: Callable[[int], frozenset[str]] = lambda _: frozenset()
    arms: tuple[str, ...] = ()
    vary: dict[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    beliefs: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    tried: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    goal: Goal = field(default_factory=_quality)
    target: float | None = None
    leader: str = ""
    expected: float = 0.0
    rounds: int = 0
    changed_at: int = 0
    turned_down: Counter[str] = field(default_factory=Counter[str])
    notes: list[str] = field(default_factory=list[str])
    _sums: dict[str, tuple[int, float, int]] = field(
        default_factory=dict[str, tuple[int, float, int]], init=False, repr=False
    )

    def __post_init__(self) -> None:
        self.leader = self.leader or self.original

    @cached_property
    def searched(self) -> frozenset[int]:
        """The numbers of the examples that candidates are told apart by."""
        return frozenset(self.validation)

    @cached_property
    def showable(self) -> list[int]:
        """The numbers of the examples that can be shown in a prompt."""
        return [each for each in self.train if self.words(each)]

    @property
    def left(self) -> int:
        """How many more measurements the search may make."""
        return self.ledger.left

    @property
    def proposals_left(self) -> int:
        """How many more candidates models may be asked for."""
        return self.ledger.proposals_left

    def lead(self, candidate: str, expected: float | None = None) -> None:
        """From now on it is the best that is known; it is `expected` to score so much."""
        self.expected = self.fitness(candidate) if expected is None else expected
        if candidate != self.leader:
            self.leader, self.changed_at = candidate, self.rounds

    def confirm(self) -> Search:
        """A leader that is expected to score the target is measured until that is known."""
        mean, n = self.standing(self.leader)
        seems = mean if n and self.goal.own is not None else self.expected
        if self.target is None or seems < self.target or n >= ENOUGH:
            return
        known = self.book.values(self.leader)
        rest = [each for each in self.validation if each not in known]
        yield from self.measure([self.leader], rest[: ENOUGH - n])

    def fitness(self, candidate: str) -> float:
        """Its shrunken value, less what the goal counts against it."""
        return self.shrunken(candidate) - self.goal.costs(self, candidate)

    def shrunken(self, candidate: str) -> float:
        """Its mean value on the validation list, drawn to that of all measurements as if by a few
        examples more."""
        total, n = self._sum(candidate)
        return (total + _DRAWN * self.book.overall) / (n + _DRAWN)

    def valued(self, candidate: str) -> tuple[float, int]:
        """Its mean value over those examples of the validation list that it was measured on, and
        how many they are."""
        total, n = self._sum(candidate)
        return (total / n if n else 0.0), n

    def standing(self, candidate: str) -> tuple[float, int]:
        """As `valued`, of its scores."""
        if self.book.scores(candidate) is self.book.values(candidate):
            return self.valued(candidate)
        scores = self.book.scores(candidate)
        known = [scores[each] for each in self.validation if each in scores]
        return (sum(known) / len(known) if known else 0.0), len(known)

    def _sum(self, candidate: str) -> tuple[float, int]:
        """Of its values on the validation list, added up again when there are more."""
        measured = len(self.book.measured(candidate))
        found = self._sums.get(candidate)
        if found is None or found[0] != measured:
            values = self.book.values(candidate)
            known = [value for each, value in values.items() if each in self.searched]
            found = self._sums[candidate] = (measured, sum(known), len(known))
        return found[1:]

    def random(self, *purpose: object) -> random.Random:
        """A stream of its own for each purpose: what one part draws changes nothing in another,
        and a search that goes on draws what it would have drawn."""
        key = repr((self.seed, self.name, purpose)).encode()
        return random.Random(hashlib.blake2b(key, digest_size=16).digest())  # noqa: S311

    def measure(
        self, candidates: Iterable[str], examples: Iterable[int], repeat: int = 0
    ) -> Search:
        """Of each candidate in turn, so that the last ones lack scores where the budget ends."""
        several = tuple(examples)
        pairs = [Pair(each, example, repeat) for each in candidates for example in several]
        yield Measure(tuple(pairs))

    def propose(
        self,
        operator: str,
        parents: Sequence[str],
        *,
        examples: Sequence[int] = (),
        count: int = 1,
        **options: object,
    ) -> Generator[Ask, Drafts | None, tuple[str, ...]]:
        """The ids of what came of it."""
        drafts = yield Propose(
            operator=operator,
            parents=tuple(parents),
            examples=tuple(examples),
            count=count,
            options=options,
        )
        return () if drafts is None else drafts.made
