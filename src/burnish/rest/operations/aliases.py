"""Short paths under /api, which are the same operations."""

from msgspec.structs import replace

from burnish.rest.operation import Operation
from burnish.rest.operations.compose import COMPOSE
from burnish.rest.operations.feedback import FEEDBACK
from burnish.rest.operations.measured import MEASURED
from burnish.rest.operations.prompts import PROMPTS
from burnish.rest.operations.runs import RUNS

_CALLED = {each.call: each for each in (*COMPOSE, *FEEDBACK, *MEASURED, *PROMPTS, *RUNS)}
_SHORT = (
    ("generate", "/generate"),
    ("optimize", "/optimize"),
    ("evaluate", "/test"),
    ("prompts.list", "/templates"),
    ("prompts.list", "/templates/{category}"),
    ("stats", "/stats"),
    ("export_", "/export"),
    ("feedback", "/learn"),
)

ALIASES: tuple[Operation, ...] = tuple(replace(_CALLED[call], path=path) for call, path in _SHORT)
