"""Documents that prompts may draw on."""

from burnish.rest.operation import Operation

KNOWLEDGE = (
    Operation(call="knowledge.list", method="GET", path="/knowledge", right="read"),
    Operation(
        call="knowledge.add_text",
        method="POST",
        path="/knowledge",
        right="write",
        status=201,
        left_out=("embed",),
        shapes={"text": str},
        example={"text": "Parcels take three days.", "name": "shipping.md"},
    ),
    Operation(
        call="knowledge.search",
        method="GET",
        path="/knowledge/search",
        right="read",
        example={"query": "parcels"},
    ),
    Operation(call="knowledge.show", method="GET", path="/knowledge/{name}", right="read"),
)
