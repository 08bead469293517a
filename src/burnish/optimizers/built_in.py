"""The optimizers that Burnish brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burnish.optimizers.optimizer import Optimizer


def optimizers() -> list[Optimizer]:
    # With their numbers they take memory that whoever asks for another hook can do without.
    from burnish.optimizers.auto import Auto
    from burnish.optimizers.bandit import Bandit
    from burnish.optimizers.fewshot import FewShot
    from burnish.optimizers.genetic import Genetic
    from burnish.optimizers.gepa_peer import Gepa
    from burnish.optimizers.reflective import Reflective

    own: list[Optimizer] = [Reflective(), FewShot(), Genetic(), Bandit()]
    return [Auto(own), *own, Gepa()]
