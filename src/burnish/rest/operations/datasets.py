"""Examples to try prompts on."""

from typing import Any

from burnish.rest.operation import Operation

ROWS = list[dict[str, Any]]

DATASETS = (
    Operation(call="datasets.list", method="GET", path="/datasets", right="read"),
    Operation(
        call="datasets.add",
        method="POST",
        path="/datasets",
        right="write",
        status=201,
        left_out=("format",),
        shapes={"examples": ROWS},
        example={"name": "mails", "examples": [{"mail": "It broke.", "expected": "bug"}]},
    ),
    Operation(
        call="datasets.diff",
        method="GET",
        path="/datasets/diff",
        right="read",
        example={"old": "mails@1", "new": "mails@2"},
    ),
    Operation(
        call="datasets.from_runs",
        method="POST",
        path="/datasets/from-runs",
        right="write",
        status=201,
        example={"name": "asked", "prompt": "mail/kind"},
    ),
    Operation(call="datasets.show", method="GET", path="/datasets/{reference}", right="read"),
    Operation(call="datasets.delete", method="DELETE", path="/datasets/{name}", right="write"),
    Operation(
        call="datasets.versions", method="GET", path="/datasets/{name}/versions", right="read"
    ),
    Operation(call="datasets.tags", method="GET", path="/datasets/{reference}/tags", right="read"),
)
