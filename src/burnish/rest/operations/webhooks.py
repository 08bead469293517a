"""Who wants to hear what happens."""

from burnish.rest.operation import Operation

WEBHOOKS = (
    Operation(call="webhooks.list", method="GET", path="/webhooks", right="admin"),
    Operation(
        call="webhooks.add",
        method="POST",
        path="/webhooks",
        right="admin",
        status=201,
        has_secret=True,
        example={"url": "https://example.com/hook", "events": ["label.moved"]},
    ),
    Operation(call="webhooks.deliveries", method="GET", path="/webhooks/deliveries", right="admin"),
    Operation(
        call="webhooks.redeliver",
        method="POST",
        path="/webhooks/deliveries/{delivery}/redeliver",
        right="admin",
    ),
    Operation(call="webhooks.get", method="GET", path="/webhooks/{webhook}", right="admin"),
    Operation(call="webhooks.remove", method="DELETE", path="/webhooks/{webhook}", right="admin"),
    Operation(
        call="webhooks.enable", method="POST", path="/webhooks/{webhook}/enable", right="admin"
    ),
    Operation(
        call="webhooks.disable", method="POST", path="/webhooks/{webhook}/disable", right="admin"
    ),
    Operation(call="webhooks.test", method="POST", path="/webhooks/{webhook}/test", right="admin"),
)
