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
        "analyze",
        "experiments:analyze",
        "Tell which variant is better, from a table of outcomes.",
        "burnish experiments analyze --csv outcomes.csv --metric rate",
    ),
    (
        "assign",
        "experiments_online:assign",
        "Tell which variant a unit gets, and log that it was shown.",
        "burnish experiments assign shorter user-42 --attribute country=de",
    ),
    (
        "record",
        "experiments_online:record",
        "Record what came of a unit.",
        "burnish experiments record shorter --unit user-42 --value 1",
    ),
)
