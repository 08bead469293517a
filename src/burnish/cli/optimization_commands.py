"""`burnish optimize`, and the commands of `burnish optimizations`."""

from __future__ import annotations

OPTIMIZE: tuple[tuple[str, str, str, str], ...] = (
    (
        "optimize",
        "optimize:optimize",
        "Look for a better text of a prompt by trying others on examples.",
        "burnish optimize mail/late --data cases.csv --budget 300",
    ),
)
OPTIMIZATIONS: tuple[tuple[str, str, str, str], ...] = (
    (
        "list",
        "optimizations:list_",
        "List optimisations, newest first.",
        "burnish optimizations list --prompt mail/late",
    ),
    (
        "show",
        "optimizations:show",
        "Show one with its outcome and all that it has tried.",
        "burnish optimizations show 0197 --report report.html",
    ),
    (
        "delete",
        "optimizations:delete",
        "Delete one with its answers and candidates.",
        "burnish optimizations delete 0197",
    ),
)
