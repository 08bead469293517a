"""The commands of jobs and of schedules."""

from __future__ import annotations

JOBS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "jobs:list_", "List jobs, newest first.", "burnish jobs list --state failed"),
    ("show", "jobs:show", "Show a job and its result.", "burnish jobs show 019a"),
    ("watch", "jobs:watch", "Follow a job until it ends.", "burnish jobs watch 019a"),
    ("cancel", "jobs:cancel", "End a job, running or not.", "burnish jobs cancel 019a"),
    ("resume", "jobs:resume", "Go on with a job that was broken off.", "burnish jobs resume 019a"),
    (
        "forget",
        "jobs:forget",
        "Delete old jobs that have ended.",
        "burnish jobs forget --older-than 30d",
    ),
)
KEYS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "keys:list_", "List keys, the newest first.", "burnish keys list"),
    ("create", "keys:create", "Make a key for a program.", "burnish keys create ci --role editor"),
    ("revoke", "keys:revoke", "Refuse a key from now on.", "burnish keys revoke ci"),
)
PROJECTS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "projects:list_", "List projects.", "burnish projects list"),
    ("create", "projects:create", "Make a project.", "burnish projects create news"),
    ("members", "projects:members", "List who belongs to it.", "burnish projects members news"),
    (
        "grant",
        "projects:grant",
        "Let somebody in.",
        "burnish projects grant news ann@example.com --role editor",
    ),
    (
        "withdraw",
        "projects:withdraw",
        "Let somebody in no more.",
        "burnish projects withdraw news ann@example.com",
    ),
)
USERS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "users:list_", "List people.", "burnish users list"),
    ("show", "users:show", "Show one of them.", "burnish users show ann@example.com"),
    (
        "create",
        "users:create",
        "Make an account.",
        "burnish users create ann@example.com --role editor < password.txt",
    ),
    (
        "invite",
        "users:invite",
        "Let somebody register.",
        "burnish users invite bob@example.com --role editor",
    ),
    (
        "change",
        "users:change",
        "Change a role, or keep somebody out.",
        "burnish users change bob@example.com --disabled",
    ),
    (
        "reset",
        "users:reset",
        "Let somebody choose another password.",
        "burnish users reset bob@example.com",
    ),
    (
        "verify",
        "users:verify",
        "Say that an address is theirs.",
        "burnish users verify bob@example.com",
    ),
    (
        "mail-test",
        "users:mail_test",
        "Send one letter, to see that mail works.",
        "burnish users mail-test ann@example.com",
    ),
    ("remove", "users:remove", "Take an account away.", "burnish users remove bob@example.com"),
    (
        "data",
        "users:data",
        "Write all that is kept of a person.",
        "burnish users data bob@example.com bob.json",
    ),
    (
        "erase",
        "users:erase",
        "Take a person out of everything.",
        "burnish users erase bob@example.com",
    ),
)
WEBHOOKS: tuple[tuple[str, str, str, str], ...] = (
    ("list", "webhooks:list_", "List who hears what happens.", "burnish webhooks list"),
    (
        "add",
        "webhooks:add",
        "Tell an address what happens.",
        "burnish webhooks add https://example.com/hook --event label.moved",
    ),
    (
        "test",
        "webhooks:send_ping",
        "Send a ping now.",
        "burnish webhooks test https://example.com/hook",
    ),
    (
        "deliveries",
        "webhooks:deliveries",
        "List what was sent.",
        "burnish webhooks deliveries --state failed",
    ),
    (
        "redeliver",
        "webhooks:redeliver",
        "Send something again.",
        "burnish webhooks redeliver 01a208a0-3a12-7655-85e7-59a7ea7ddf02",
    ),
    (
        "enable",
        "webhooks:enable",
        "Tell it what happens again.",
        "burnish webhooks enable https://example.com/hook",
    ),
    (
        "disable",
        "webhooks:disable",
        "Tell it nothing for now.",
        "burnish webhooks disable https://example.com/hook",
    ),
    (
        "remove",
        "webhooks:remove",
        "Take it away.",
        "burnish webhooks remove https://example.com/hook",
    ),
)
AUDIT: tuple[tuple[str, str, str, str], ...] = (
    ("list", "audit:list_", "Who changed what, the newest first.", "burnish audit list"),
    ("verify", "audit:verify", "Check that nothing in it was changed.", "burnish audit verify"),
    ("export", "audit:export", "Write it as JSON, one a line.", "burnish audit export log.jsonl"),
)
SCHEDULE: tuple[tuple[str, str, str, str], ...] = (
    ("list", "schedule:list_", "List what begins when.", "burnish schedule list"),
    (
        "add",
        "schedule:add",
        "Begin a job from time to time.",
        "burnish schedule add nightly backup '0 3 * * *' --set keep=7",
    ),
    (
        "begin",
        "schedule:begin",
        "Begin the job of a schedule now, and follow it.",
        "burnish schedule begin nightly",
    ),
    (
        "cron",
        "schedule:cron",
        "Print lines for the system's cron.",
        "burnish schedule cron nightly",
    ),
    ("remove", "schedule:remove", "Take a schedule away.", "burnish schedule remove nightly"),
    ("pause", "schedule:pause", "Begin nothing for now.", "burnish schedule pause nightly"),
    ("resume", "schedule:resume", "Begin again after a pause.", "burnish schedule resume nightly"),
)
