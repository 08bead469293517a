"""`burnish evaluate`, and the commands of `burnish evaluations`."""

from __future__ import annotations

EVALUATE: tuple[tuple[str, str, str, str], ...] = (
    (
        "evaluate",
        "evaluate:evaluate",
        "Try prompts on examples and models, and tell how good they are.",
        "burnish evaluate mail/late --data cases.csv --min-score 0.8",
    ),
)
EVALUATIONS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "evaluations:list_", "List evaluations.", "burnish evaluations list --limit 5"),
    (
        "show",
        "evaluations:show",
        "Show what one came to, also while it runs.",
        "burnish evaluations show 0197 --report report.html",
    ),
    (
        "results",
        "evaluations:results",
        "Take out its results, one for each answer.",
        "burnish evaluations results 0197 > results.jsonl",
    ),
    (
        "pairs",
        "evaluation_pairs:pairs",
        "Take out accepted answers to fine-tune a model with.",
        "burnish evaluations pairs 0197 pairs/",
    ),
    (
        "delete",
        "evaluations:delete",
        "Delete one with its results.",
        "burnish evaluations delete 0197",
    ),
)
