"""The commands of `burnish experiments`."""

from __future__ import annotations

EXPERIMENTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "plan",
        "experiments:plan",
        "Tell how many units an experiment needs.",
        "burnish experiments plan 0.10 0.02 --traffic 500",
    ),
    (
        "show",
        "experiments_show:show",
        "Show what one has come to: verdict, figures, intervals over time.",
        "burnish experiments show late-mails --report page.html",
    ),
    (
        "analyze",
        "experiments:analyze",
        "Tell which variant is better, from a table of outcomes.",
        "burnish experiments analyze --csv outcomes.csv --metric rate",
    ),
)
