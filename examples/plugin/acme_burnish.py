"""What Acme adds to Burnish. `pip install .` in this folder makes it known to every command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import burnish
from burnish.optimizers.problem import Problem, Search
from burnish.techniques.technique import Evidence, TechniqueExample

HOUSE_RULES = {
    "acme_parcel_first": "Name the parcel's number in the first sentence.",
    "acme_no_excuse": "Say what happens next before you say why.",
}


@burnish.scorer
def names_parcel(output: str, expected: str) -> bool:
    """The answer names the parcel that was asked about."""
    return expected.lower() in output.lower()


@burnish.scorer(name="acme-tone", threshold=0.6)
def tone(output: str, banned: str = "unfortunately,sadly") -> float:
    """How few of the words stand in the answer that Acme does not write."""
    words = [word for word in banned.split(",") if word]
    found = sum(word in output.lower() for word in words)
    return 1 - found / max(1, len(words))


def scorers() -> Iterable[object]:
    return [names_parcel, tone]


def personas() -> Iterable[burnish.Persona]:
    yield burnish.Persona(
        name="acme",
        purpose="Letters of Acme; friendly, short and exact",
        system="You write for Acme.",
    )


def techniques() -> Iterable[burnish.Technique]:
    """The rules of the house, each a line that fits any prompt."""
    for name, rule in HOUSE_RULES.items():
        yield burnish.Technique(
            name=name,
            title=f"Acme: {rule.partition(' ')[2].rstrip('.')}",
            category="structure",
            complexity=1,
            suits=("all",),
            section="constraints",
            template=f"- {rule}",
            examples=(TechniqueExample(before="Answer the customer.", after=f"- {rule}"),),
            evidence=(Evidence(source="Acme's style guide"),),
            harm="None known.",
            summary=rule,
            why="Every letter of Acme keeps to it.",
            priority=100,
        )


def archetypes() -> Iterable[burnish.Archetype]:
    """What a prompt for a letter about a parcel is made of."""
    yield burnish.Archetype(
        name="acme_parcel_letter",
        title="Letter about a parcel",
        intent="creative_writing",
        match=(r"\bletter\b.*\bparcel\b",),
        priority=9,
        role="You write letters to customers of Acme.",
        steps=("Say where the parcel {{ parcel_number }} is.", "Say when it will come."),
        variables=(burnish.Variable(name="parcel_number", description="Such as AB-1"),),
    )


def models() -> Iterable[burnish.Preset]:
    """Acme's own server; BURNISH_MODELS__ACME__BASE_URL says where else it is."""
    yield burnish.Preset(
        name="acme",
        title="Acme",
        base_url="http://127.0.0.1:8700/v1",
        needs_key=False,
        local=True,
    )


class HouseRules:
    """Tries the rules of the house one after another, and keeps those that seem to help."""

    name = "acme-house"

    def search(self, problem: Problem) -> Search:
        examples = problem.validation[:20]
        yield from problem.measure([problem.original], examples)
        for rule in HOUSE_RULES:
            made = yield from problem.propose("add", [problem.leader], technique=rule)
            yield from problem.measure(made, examples)
            for one in made:
                if sum(problem.book.differences(one, problem.leader, examples)) > 0:
                    problem.lead(one)


def optimizers() -> Iterable[burnish.Optimizer]:
    return [HouseRules()]


def call_observers() -> list[Callable[[burnish.CallEvent], None]]:
    """Each call of a model becomes a line of calls.tsv, where the working folder has one."""
    path = Path("calls.tsv").absolute()

    def tell(event: burnish.CallEvent) -> None:
        if event.kind == "end" and path.exists():
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{event.model}\t{event.latency_ms:.0f}\t{event.error}\n")

    return [tell]
