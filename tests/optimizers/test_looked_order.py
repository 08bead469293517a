"""What a plan of a file says of its examples is what holds of the version that they become."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.cli.optimizing import PROMPT, by_rules, right

import burnish
from burnish.models.fake import Fake


class Given:
    def models(self) -> list[Fake]:
        return [Fake(by_rules)]


def written(file: Path, numbers: list[int]) -> None:
    rows = [f"mail {n},{right(n)},{'test' if n % 3 == 0 else 'train'}\n" for n in numbers]
    file.write_text("mail,expected,split\n" + "".join(rows))


@pytest.mark.parametrize("stored", ["never", "unchanged", "in another order", "changed"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_of_a_file_divides_its_examples_as_the_run_does(
    tmp_path: Path, stored: str, seed: int
) -> None:
    file, draw = tmp_path / "mails.csv", random.Random(seed)
    numbers = list(range(90))
    asked = {"model": "fake:a", "writer": "offline", "limit": 60, "budget": 200, "seed": seed}
    with burnish.open(plugins=[Given()]) as p:
        p.prompts.create("mail/kind", PROMPT)
        if stored != "never":
            written(file, numbers)
            p.datasets.add("mails", file)
        if stored == "changed":
            numbers = draw.sample(numbers, 80) + list(range(200, 230))
        if stored in ("changed", "in another order"):
            draw.shuffle(numbers)
        written(file, numbers)
        planned = p.plan_optimization("mail/kind", str(file), **asked)
        p.datasets.add("mails", file, replace=True)
        done = p.plan_optimization("mail/kind", "mails", **asked)
    assert planned.optimization.dataset == done.optimization.dataset
    for name in ("train", "validation", "test", "search", "final"):
        assert getattr(planned, name) == getattr(done, name)
