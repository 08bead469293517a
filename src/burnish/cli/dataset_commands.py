"""The commands of `burnish datasets`."""

from __future__ import annotations

DATASETS: tuple[tuple[str, str, str, str], ...] = (
    (
        "add",
        "datasets:add",
        "Add the examples of a file, as a new version.",
        "burnish datasets add support/refunds refunds.csv",
    ),
    ("list", "datasets:list_", "List the datasets.", "burnish datasets list"),
    (
        "show",
        "datasets:show",
        "Show a dataset, its versions and its first examples.",
        "burnish datasets show support/refunds@2",
    ),
    (
        "diff",
        "datasets:diff",
        "Tell what differs between two versions.",
        "burnish datasets diff support/refunds@1 support/refunds@2",
    ),
    (
        "export",
        "datasets:export",
        "Write the examples as JSONL or CSV.",
        "burnish datasets export support/refunds --to refunds.csv",
    ),
    (
        "delete",
        "datasets:delete",
        "Delete a dataset for good.",
        "burnish datasets delete support/refunds --yes",
    ),
    (
        "from-runs",
        "datasets:from_runs",
        "Add what a prompt was asked in recorded runs.",
        "burnish datasets from-runs mail/seen --prompt mail/late --since 7d",
    ),
    (
        "generate",
        "datasets:generate",
        "Let a model write examples for a prompt.",
        "burnish datasets generate mail/try --prompt mail/late",
    ),
)
