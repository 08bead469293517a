"""Our own optimisers on a simulated world: what answers, and what changes prompts there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from burnish.optimizers.ask import Measured, Pair, Propose
from burnish.optimizers.book import Book
from burnish.optimizers.budget import Budget, Ledger
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted, Unwritten, play
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.parts import Parts, afforded
from burnish.optimizers.problem import Problem
from burnish.optimizers.settle import course
from burnish.prompts.prompt import Message

from .gepa_runs import TRAIN, VALIDATION_FROM
from .worlds import Rules, World, paraphrase, rules_of, text_of

VALIDATION = 60
PAID = frozenset({"reflect", "critique_edit", "crossover", "difference", "paraphrase"})
FREE = frozenset({"merge", "add", "drop", "swap", "take", "unite"})
ARMS = (
    "reflect",
    "critique_edit",
    "crossover",
    "difference",
    "merge",
    "add",
    "drop",
    "swap",
    "take",
)


@dataclass(frozen=True, kw_only=True)
class Run:
    true_score: float
    calls: int
    reflections: int
    rules: Rules


class WorldBench:
    """Operators that ask a model use the world's own reflector; those that do not put in, take out
    or replace rules blindly. Where rewrites are `whole`, no two edits go together: each prompt is
    one edit of the original."""

    def __init__(self, world: World, book: Book, seed: int = 0, *, whole: bool = False) -> None:
        self._world = world
        self._book = book
        self._whole = whole
        self._random = random.Random(f"bench {world.seed} {seed}")

    async def measure(self, pairs: Sequence[Pair], keep: Callable[[Pair, Measured], None]) -> str:
        for pair in pairs:
            value = self._world.score(self.text(pair.candidate), pair.example, pair.repeat)
            keep(pair, Measured(value=value))
        return ""

    async def propose(self, ask: Propose) -> Drafted:
        made = [self._made(ask) for _ in range(ask.count)]
        candidates = tuple(each for each in made if each is not None and each.id != ask.parents[0])
        calls = ask.count if ask.operator in PAID else 0
        rejected = ("gives nothing new",) * (ask.count - len(candidates))
        return Drafted(candidates=candidates, rejected=rejected, calls=calls)

    def text(self, candidate: str) -> str:
        return self._book.candidates[candidate].messages[0].content

    def edits(self, candidate: str) -> tuple[str, ...]:
        rules = sorted(rules_of(self.text(candidate)))
        return (" ".join(rules),) if self._whole and rules else tuple(rules)

    def _made(self, ask: Propose) -> Candidate | None:
        if ask.operator == "paraphrase":
            return candidate_of(paraphrase(self.text(ask.parents[0]), self._random), ask)
        make = {"unite": self._united, "reflect": self._reflected, "critique_edit": self._reflected}
        rules = make.get(ask.operator, self._changed)(ask)
        return None if rules is None else candidate_of(text_of(rules), ask)

    def _united(self, ask: Propose) -> Rules | None:
        """Of edits that exclude each other, the first."""
        keys: Sequence[str] = ask.options["edits"]
        return frozenset(keys[0].split() if self._whole and keys else keys)

    def _reflected(self, ask: Propose) -> Rules:
        values = self._book.values(ask.parents[0])
        records = [(each, values[each] >= 1) for each in ask.examples]
        return self._world.reflect(rules_of(self.text(ask.parents[0])), records, self._random)

    def _changed(self, ask: Propose) -> Rules | None:
        first, *others = (rules_of(self.text(each)) for each in ask.parents)
        left, has = sorted(self._world.rules - first), sorted(first)
        match ask.operator:
            case "crossover":
                return first | others[0]
            case "difference":
                return first | (others[0] ^ others[1])
            case "merge":
                return None if self._whole else first | others[0]
            case "add":
                return first | {self._random.choice(left)} if left else None
            case "drop" | "take":
                return first - {self._random.choice(has)} if has else None
            case "swap":
                out, new = (self._random.choice(each) if each else "" for each in (has, left))
                return (first - {out}) | {new} if out and new else None
            case _:
                raise ValueError(f"no operator {ask.operator}")


def candidate_of(text: str, ask: Propose | None = None) -> Candidate:
    messages = (Message("user", text),)
    if ask is None:
        return Candidate(messages=messages)
    return Candidate(messages=messages, parents=ask.parents, operator=ask.operator)


def problem_on(calls: int, seed: int = 0, *, written: bool = True) -> Problem:
    """`written`: a model is there to write."""
    book = Book()
    original = candidate_of(text_of(()))
    book.add(original)
    return Problem(
        original=original.id,
        train=tuple(range(TRAIN)),
        validation=tuple(range(VALIDATION_FROM, VALIDATION_FROM + VALIDATION)),
        book=book,
        ledger=Ledger(Budget(metric_calls=calls)),
        seed=seed,
        paid=PAID if written else frozenset(),
        free=FREE,
        arms=ARMS,
    )


def run_ours(
    world: World,
    optimizer: Optimizer,
    *,
    calls: int,
    seed: int = 0,
    whole: bool = False,
    written: bool = True,
) -> Run:
    """With the final choice that a real search has, and without a comparison in the end."""
    problem = problem_on(calls, seed, written=written)
    bench = WorldBench(world, problem.book, seed, whole=whole)
    problem.edits = bench.edits
    final = final_of(problem.validation, calls)
    asyncio.run(play(course(problem, optimizer, (), final=final), problem, bench, Unwritten()))
    rules = rules_of(bench.text(problem.leader))
    return Run(
        true_score=world.true_score(rules),
        calls=problem.ledger.metric_calls,
        reflections=problem.ledger.proposals,
        rules=rules,
    )


def final_of(validation: Iterable[int], calls: int) -> int:
    parts = Parts(train=(), validation=tuple(validation), test=())
    return afforded(parts, Budget(metric_calls=calls)).final
