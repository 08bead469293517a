"""Keys that programs show."""

from burnish.rest.operation import Operation

KEYS = (
    Operation(call="keys.list", method="GET", path="/keys", right="admin"),
    Operation(
        call="keys.create",
        method="POST",
        path="/keys",
        right="admin",
        status=201,
        has_secret=True,
        example={"name": "ci", "role": "editor", "days": 90},
    ),
    Operation(call="keys.revoke", method="DELETE", path="/keys/{key}", right="admin"),
)
