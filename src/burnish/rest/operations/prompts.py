"""Prompts themselves. Those that a name in the path alone tells apart come last: a name has
slashes of its own."""

from burnish.rest.operation import Operation

PROMPTS = (
    Operation(call="prompts.list", method="GET", path="/prompts", right="read"),
    Operation(
        call="prompts.create",
        method="POST",
        path="/prompts",
        right="write",
        status=201,
        example={"name": "mail/kind", "content": "Is this a bug or praise? {{ mail }}"},
    ),
    Operation(
        call="prompts.update",
        method="POST",
        path="/prompts/{name}/versions",
        right="write",
        status=201,
        example={"content": "Bug, praise or question? {{ mail }}", "message": "Add questions"},
    ),
    Operation(
        call="prompts.edit",
        method="PATCH",
        path="/prompts/{name}",
        right="write",
        example={"tags": ["mail"]},
    ),
    Operation(call="prompts.delete", method="DELETE", path="/prompts/{name}", right="write"),
    Operation(
        call="prompts.get",
        method="GET",
        path="/prompts/{reference}",
        right="read",
        left_out=("fallback",),
    ),
)
