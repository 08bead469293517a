from burnish.storage.tables.accounts import one_time_tokens, refresh_tokens, sessions, users
from burnish.storage.tables.api_keys import api_keys
from burnish.storage.tables.audit import audit, audit_names
from burnish.storage.tables.base import metadata
from burnish.storage.tables.buckets import buckets
from burnish.storage.tables.changes import prompt_changes
from burnish.storage.tables.counters import counters
from burnish.storage.tables.datasets import (
    dataset_contents,
    dataset_examples,
    dataset_versions,
    datasets,
)
from burnish.storage.tables.evaluations import evaluations, results
from burnish.storage.tables.experiments import (
    experiment_moves,
    experiments,
    exposures,
    outcomes,
)
from burnish.storage.tables.feedback import feedback
from burnish.storage.tables.identities import identities, sign_ins
from burnish.storage.tables.includes import includes
from burnish.storage.tables.jobs import jobs, schedules
from burnish.storage.tables.knowledge import (
    knowledge_chunks,
    knowledge_documents,
    knowledge_vectors,
)
from burnish.storage.tables.optimizations import (
    optimization_answers,
    optimization_steps,
    optimizations,
)
from burnish.storage.tables.packs import pack_prompts, packs
from burnish.storage.tables.projects import members, projects
from burnish.storage.tables.prompts import (
    branches,
    label_moves,
    label_requests,
    labels,
    prompt_versions,
    prompts,
    relations,
)
from burnish.storage.tables.requests import requests
from burnish.storage.tables.run_hours import run_hours
from burnish.storage.tables.runs import runs
from burnish.storage.tables.search import search_docs, search_leases, search_vectors
from burnish.storage.tables.techniques import technique_statistics
from burnish.storage.tables.webhooks import deliveries, happenings, webhooks

__all__ = [
    "api_keys",
    "audit",
    "audit_names",
    "branches",
    "buckets",
    "counters",
    "dataset_contents",
    "dataset_examples",
    "dataset_versions",
    "datasets",
    "deliveries",
    "evaluations",
    "experiment_moves",
    "experiments",
    "exposures",
    "feedback",
    "happenings",
    "identities",
    "includes",
    "jobs",
    "knowledge_chunks",
    "knowledge_documents",
    "knowledge_vectors",
    "label_moves",
    "label_requests",
    "labels",
    "members",
    "metadata",
    "one_time_tokens",
    "optimization_answers",
    "optimization_steps",
    "optimizations",
    "outcomes",
    "pack_prompts",
    "packs",
    "projects",
    "prompt_changes",
    "prompt_versions",
    "prompts",
    "refresh_tokens",
    "relations",
    "requests",
    "results",
    "run_hours",
    "runs",
    "schedules",
    "search_docs",
    "search_leases",
    "search_vectors",
    "sessions",
    "sign_ins",
    "technique_statistics",
    "users",
    "webhooks",
]
