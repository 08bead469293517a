"""What a better prompt is: one file for each goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from burnish.errors import UsageError
from burnish.optimizers.goals.goal import Goal
from burnish.storage.example import Example

GoalName = Literal["quality", "clarity", "efficiency", "specificity"]
GOALS: tuple[GoalName, ...] = get_args(GoalName)

__all__ = ["GOALS", "Goal", "GoalName", "goal_of", "no_goal"]


def goal_of(name: str, examples: Sequence[Example]) -> Goal:
    """Raises UsageError where there is none of that name, or it cannot be measured on these
    examples."""
    # With their numbers they take time that whoever asks for the names alone can do without.
    if name == "clarity":
        from burnish.optimizers.goals.clarity import Clarity

        return Clarity()
    if name == "efficiency":
        from burnish.optimizers.goals.efficiency import Efficiency

        return Efficiency()
    if name == "specificity":
        from burnish.optimizers.goals.specificity import Specificity

        return Specificity(examples)
    if name == "quality":
        from burnish.optimizers.goals.quality import Quality

        return Quality()
    raise no_goal(name)


def no_goal(name: str) -> UsageError:
    return UsageError(f"there is no goal {name!r}", hint=f"use {', '.join(GOALS)}", subject=name)
