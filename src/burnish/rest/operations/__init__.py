"""Every operation that is served, a file for each noun."""

from msgspec import structs

from burnish.rest.operation import Operation
from burnish.rest.operations.accounts import ACCOUNTS
from burnish.rest.operations.audit import AUDIT
from burnish.rest.operations.catalogues import CATALOGUES
from burnish.rest.operations.compose import COMPOSE
from burnish.rest.operations.datasets import DATASETS
from burnish.rest.operations.experiments import EXPERIMENTS
from burnish.rest.operations.feedback import FEEDBACK
from burnish.rest.operations.keys import KEYS
from burnish.rest.operations.knowledge import KNOWLEDGE
from burnish.rest.operations.labels import LABELS
from burnish.rest.operations.measured import MEASURED
from burnish.rest.operations.projects import PROJECTS
from burnish.rest.operations.prompts import PROMPTS
from burnish.rest.operations.runs import RUNS
from burnish.rest.operations.versions import VERSIONS
from burnish.rest.operations.webhooks import WEBHOOKS
from burnish.rest.operations.work import WORK

OPERATIONS: tuple[Operation, ...] = (
    *COMPOSE,
    *VERSIONS,
    *LABELS,
    *PROMPTS,
    *DATASETS,
    *MEASURED,
    *EXPERIMENTS,
    *WORK,
    *RUNS,
    *FEEDBACK,
    *KNOWLEDGE,
    *CATALOGUES,
    *(structs.replace(each, is_central=True) for each in (*KEYS, *ACCOUNTS, *PROJECTS)),
    *AUDIT,
    *WEBHOOKS,
)
