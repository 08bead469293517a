"""The optimizers that Burnish brings."""

from __future__ import annotations

from burnish.optimizers.auto import Auto
from burnish.optimizers.bandit import Bandit
from burnish.optimizers.fewshot import FewShot
from burnish.optimizers.genetic import Genetic
from burnish.optimizers.optimizer import Optimizer
from burnish.optimizers.reflective import Reflective


def optimizers() -> list[Optimizer]:
    own: list[Optimizer] = [Reflective(), FewShot(), Genetic(), Bandit()]
    return [Auto(own), *own]
