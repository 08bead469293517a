"""Who changed what."""

from burnish.rest.operation import Operation

AUDIT = (
    Operation(call="audit.list", method="GET", path="/audit", right="admin"),
    Operation(call="audit.verify", method="GET", path="/audit/verify", right="admin"),
)
