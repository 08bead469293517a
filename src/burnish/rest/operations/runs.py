"""Runs, and the numbers made of them."""

from burnish.rest.operation import Operation
from burnish.storage.stats import RunStat, StatBy

RUNS = (
    Operation(
        call="runs.page",
        method="GET",
        path="/runs",
        right="read",
    ),
    Operation(call="runs.get", method="GET", path="/runs/{run_id}", right="read"),
    Operation(
        call="stats",
        method="GET",
        path="/stats",
        right="read",
        shapes={"by": StatBy},
        answer=list[RunStat],
    ),
    Operation(call="report", method="GET", path="/reports", right="read"),
    Operation(call="cache_stats", method="GET", path="/cache", right="read"),
    Operation(call="cache_clear", method="DELETE", path="/cache", right="admin"),
)
