"""The commands of `burnish optimizations`."""

from __future__ import annotations

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
        "burnish optimizations show 0197",
    ),
    (
        "delete",
        "optimizations:delete",
        "Delete one with its answers and candidates.",
        "burnish optimizations delete 0197",
    ),
)
