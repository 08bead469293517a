"""Labels: where they stand, who moved them, and who may."""

from burnish.rest.operation import Operation

LABELS = (
    Operation(call="prompts.labels", method="GET", path="/prompts/{name}/labels", right="read"),
    Operation(
        call="prompts.label_log", method="GET", path="/prompts/{name}/labels/log", right="read"
    ),
    Operation(
        call="prompts.set_label",
        method="PUT",
        path="/prompts/{name}/labels/{label}",
        right="write",
        example={"revision": 1, "why": "won the experiment"},
    ),
    Operation(
        call="prompts.remove_label",
        method="DELETE",
        path="/prompts/{name}/labels/{label}",
        right="write",
    ),
    Operation(
        call="prompts.tag",
        method="PUT",
        path="/prompts/{name}/tags/{tag}",
        right="write",
        example={"revision": 1},
    ),
    Operation(call="prompts.label_requests", method="GET", path="/label-requests", right="read"),
    Operation(
        call="prompts.ask_label",
        method="POST",
        path="/prompts/{name}/label-requests",
        right="write",
        status=201,
        example={"label": "production", "revision": 1},
    ),
    Operation(
        call="prompts.approve",
        method="POST",
        path="/label-requests/{request_id}/approve",
        right="publish",
        example={},
    ),
    Operation(
        call="prompts.refuse",
        method="POST",
        path="/label-requests/{request_id}/refuse",
        right="publish",
        example={"because": "no measurement yet"},
    ),
)
