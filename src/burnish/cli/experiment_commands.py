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
        "create",
        "experiment_plan:create",
        "Plan an experiment.",
        "burnish experiments create brief a@1 a@2 --metric solved",
    ),
    (
        "start",
        "experiment_moves:start",
        "Begin an experiment, or go on with one that was paused.",
        "burnish experiments start shorter",
    ),
    (
        "pause",
        "experiment_moves:pause",
        "Assign nobody any more; `start` goes on.",
        "burnish experiments pause shorter --why 'complaints'",
    ),
    (
        "stop",
        "experiment_moves:stop",
        "End an experiment for good, and keep its verdict.",
        "burnish experiments stop shorter",
    ),
    (
        "shares",
        "experiment_moves:shares",
        "Change the shares of variants; whom one was shown to keeps it.",
        "burnish experiments shares shorter A=90,short=10",
    ),
    (
        "check",
        "experiment_moves:check",
        "Do what is due: guardrails, ramps, stop rules, promotions.",
        "burnish experiments check",
    ),
    (
        "promote",
        "experiment_moves:promote",
        "Move the label to the winner, with the evidence in the log.",
        "burnish experiments promote shorter",
    ),
    (
        "rollback",
        "experiment_moves:rollback",
        "Take a promotion back.",
        "burnish experiments rollback shorter",
    ),
    (
        "list",
        "experiment_moves:list_",
        "List experiments, newest first.",
        "burnish experiments list --state running",
    ),
    (
        "delete",
        "experiment_moves:delete",
        "Delete an experiment with all that was recorded of it.",
        "burnish experiments delete shorter",
    ),
    (
        "show",
        "experiments_show:show",
        "Show what one has come to: verdict, figures, intervals over time.",
        "burnish experiments show shorter --report page.html",
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
