"""The commands about this installation: cache, database, settings, shell."""

from __future__ import annotations

CACHE: tuple[tuple[str, str, str, str], ...] = (
    (
        "stats",
        "stats:cache_stats",
        "How full it is and how often it helped.",
        "burnish cache stats",
    ),
    ("clear", "stats:cache_clear", "Forget all answers of models.", "burnish cache clear"),
)
DB: tuple[tuple[str, str, str, str], ...] = (
    ("backup", "db:backup", "Copy the database while it is in use.", "burnish db backup --keep 7"),
    ("vacuum", "db:vacuum", "Give room back to the disk.", "burnish db vacuum"),
    ("migrate", "db:migrate", "Bring the tables to the newest revision.", "burnish db migrate"),
)
CONFIG: tuple[tuple[str, str, str, str], ...] = (
    (
        "show",
        "config:show",
        "Print each setting, its value and where it came from.",
        "burnish config show",
    ),
    (
        "validate",
        "validate:validate",
        "Check files and environment for mistakes, and mend them.",
        "burnish config validate --fix",
    ),
    ("init", "config:init", "Write a settings file to begin from.", "burnish config init --here"),
)
COMPLETION: tuple[tuple[str, str, str, str], ...] = (
    (
        "install",
        "machine:install_completion",
        "Write the completion script where your shell looks for it.",
        "burnish completion install",
    ),
    (
        "show",
        "machine:show_completion",
        "Print the completion script.",
        "burnish completion show bash > burnish.bash",
    ),
)
