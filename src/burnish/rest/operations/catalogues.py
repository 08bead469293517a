"""What there is to choose from: models, scorers, prompts to begin with, packs."""

from burnish.rest.operation import Operation

CATALOGUES = (
    Operation(call="catalog.list", method="GET", path="/techniques", right="read"),
    Operation(call="catalog.get", method="GET", path="/techniques/{name}", right="read"),
    Operation(call="personas", method="GET", path="/personas", right="read"),
    Operation(call="models.list", method="GET", path="/models", right="read"),
    Operation(call="models.providers", method="GET", path="/models/providers", right="read"),
    Operation(call="scorers.list", method="GET", path="/scorers", right="read"),
    Operation(call="scorers.describe", method="GET", path="/scorers/{name}", right="read"),
    Operation(call="starter.list", method="GET", path="/starter", right="read"),
    Operation(
        call="starter.install",
        method="POST",
        path="/starter/install",
        right="write",
        example={"names": ["code/review_diff"]},
    ),
    Operation(call="starter.show", method="GET", path="/starter/{name}", right="read"),
    Operation(call="packs.list", method="GET", path="/packs", right="read"),
    Operation(call="packs.show", method="GET", path="/packs/{name}", right="read"),
)
