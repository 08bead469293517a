"""From an idea or a text to a prompt."""

from burnish.rest.files import import_files
from burnish.rest.operation import Operation

_WRITTEN = ("optimize",)

COMPOSE = (
    Operation(
        call="analyze",
        method="POST",
        path="/analyze",
        right="read",
        example={"text": "translate this letter into French, then summarise it"},
    ),
    Operation(
        call="redact",
        method="POST",
        path="/redact",
        right="read",
        example={"text": "Ann, ann@example.org, asks for a call."},
    ),
    Operation(
        call="enhance",
        method="POST",
        path="/enhance",
        right="run",
        left_out=(*_WRITTEN, "save"),
        example={"text": "Tell Ann that the parcel is late.", "variations": 2},
    ),
    Operation(
        call="generate",
        method="POST",
        path="/generate",
        right="write",
        left_out=_WRITTEN,
        example={"idea": "summarise support tickets for the weekly report"},
    ),
    Operation(
        call="select_techniques",
        method="POST",
        path="/techniques/select",
        right="read",
        example={"text": "find the bug in this function"},
    ),
    Operation(
        call="search",
        method="GET",
        path="/search",
        right="read",
        example={"query": "support tickets"},
    ),
    Operation(
        call="import_",
        method="POST",
        path="/import",
        right="write",
        by=import_files,
        example={"files": {"mail/late.md": "Tell {{ name }} that the parcel is late."}},
    ),
    Operation(
        call="export_",
        method="GET",
        path="/export",
        right="read",
        left_out=("replace",),
        example={"prefix": "mail/"},
    ),
    Operation(
        call="complete",
        method="POST",
        path="/complete",
        right="run",
        example={"reference": "mail/kind", "values": {"mail": "It does not start."}},
    ),
)
