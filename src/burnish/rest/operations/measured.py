"""What was measured: evaluations and optimisations."""

from burnish.rest.begun import BegunEvaluation, BegunOptimization
from burnish.rest.operation import Operation
from burnish.storage.example import ScorerSpec

_SCORERS = list[str | ScorerSpec]

MEASURED = (
    Operation(
        call="evaluate",
        method="POST",
        path="/evaluations",
        right="run",
        status=202,
        left_out=("dataset", "files"),
        shapes={"data": str, "scorers": _SCORERS},
        answer=BegunEvaluation,
        example={"prompts": ["mail/kind"], "data": "mails", "models": ["openai:gpt-5-mini"]},
    ),
    Operation(
        call="optimize",
        method="POST",
        path="/optimizations",
        right="write",
        status=202,
        left_out=("dataset", "files"),
        shapes={"data": str, "scorers": _SCORERS},
        answer=BegunOptimization,
        example={"prompt": "mail/kind", "data": "mails", "budget": 300},
    ),
    Operation(call="evaluations.list", method="GET", path="/evaluations", right="read"),
    Operation(
        call="evaluations.report",
        method="GET",
        path="/evaluations/{evaluation_id}",
        right="read",
    ),
    Operation(
        call="evaluations.delete",
        method="DELETE",
        path="/evaluations/{evaluation_id}",
        right="write",
    ),
    Operation(call="optimizations.list", method="GET", path="/optimizations", right="read"),
    Operation(
        call="optimizations.show",
        method="GET",
        path="/optimizations/{optimization_id}",
        right="read",
    ),
    Operation(
        call="optimizations.candidates",
        method="GET",
        path="/optimizations/{optimization_id}/candidates",
        right="read",
    ),
    Operation(
        call="optimizations.delete",
        method="DELETE",
        path="/optimizations/{optimization_id}",
        right="write",
    ),
    Operation(
        call="weak_prompts",
        method="GET",
        path="/weak-prompts",
        right="read",
        example={"where": "rating < 0.6"},
    ),
)
