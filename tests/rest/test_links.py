"""What the document says of where an answer leads, and of what may be sent."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.rest.asking import Reply, ask

from burnish.rest.openapi import document
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS

DOCUMENT = document()
BY_NAME = {each.name: each for each in OPERATIONS}


class Link(NamedTuple):
    source: Operation
    target: Operation
    parameters: dict[str, str]


def links() -> Iterator[Link]:
    for source in OPERATIONS:
        told = DOCUMENT["paths"][source.path][source.method.lower()]
        for each in told["responses"][str(source.status)].get("links", {}).values():
            yield Link(source, BY_NAME[each["operationId"]], each["parameters"])


def leads(source: str, target: str) -> dict[str, str]:
    found = [each for each in links() if (each.source.call, each.target.call) == (source, target)]
    assert found, (source, target)
    return found[0].parameters


def test_a_link_gives_all_that_stands_in_the_path_that_it_leads_to() -> None:
    found = list(links())
    assert len(found) > 100
    for link in found:
        assert set(link.parameters) == set(re.findall(r"\{(\w+)\}", link.target.path)), link


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("prompts.create", "prompts.update", {"name": "$response.body#/prompt/name"}),
        ("prompts.create", "prompts.record_use", {"prompt_id": "$response.body#/prompt/id"}),
        ("prompts.list", "prompts.delete", {"name": "$response.body#/items/0/name"}),
        ("experiments.create", "experiments.assign", {"name": "$response.body#/name"}),
        ("evaluate", "jobs.cancel", {"job_id": "$response.body#/job/id"}),
        ("evaluate", "evaluations.report", {"evaluation_id": "$response.body#/evaluation/id"}),
        ("schedules.begin", "jobs.get", {"job_id": "$response.body#/id"}),
        ("keys.create", "keys.revoke", {"key": "$response.body#/about/id"}),
        ("users.create", "users.change", {"user": "$response.body#/id"}),
        ("webhooks.add", "webhooks.test", {"webhook": "$response.body#/webhook/id"}),
        (
            "prompts.branch",
            "prompts.delete_branch",
            {"name": "$request.path.name", "branch": "$response.body#/name"},
        ),
    ],
)
def test_what_is_made_leads_to_what_is_done_with_it(
    source: str, target: str, said: dict[str, str]
) -> None:
    assert leads(source, target) == said


def follow(address: str, link: Link, answer: Reply) -> Reply:
    path = link.target.path
    for name, where in link.parameters.items():
        value: Any = answer.json
        for part in where.partition("#/")[2].split("/"):
            value = value[int(part)] if part.isdigit() else value[part]
        path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe=""))
    return ask(link.target.method, f"{address}/api/v1{path}")


def test_whoever_follows_a_link_finds_what_was_made(address: str) -> None:
    root = f"{address}/api/v1"
    made = [ask("POST", f"{root}/prompts", {"name": "mail/kind", "content": "{{ a }}"})]
    ask("POST", f"{root}/prompts/mail/kind/versions", {"content": "{{ a }}, shorter"})
    body = {"name": "shorter", "variants": ["mail/kind@1", "mail/kind@2"], "metric": "solved"}
    rows = [{"mail": "It broke.", "expected": "bug"}]
    made += [ask("POST", f"{root}/datasets", {"name": "mails", "examples": rows})]
    made += [ask("POST", f"{root}/experiments", body)]
    made += [ask("GET", f"{root}/{each}") for each in ("prompts", "datasets", "scorers", "starter")]
    asked = 0
    sources = ("prompts.create", "datasets.add", "experiments.create")
    sources += ("prompts.list", "datasets.list", "scorers.list", "starter.list")
    for source, answer in zip(sources, made, strict=True):
        for link in links():
            if link.source.call == source and link.target.method == "GET":
                assert follow(address, link, answer).status == 200, link
                asked += 1
    assert asked > 20


def test_a_key_that_does_a_request_once_is_told_where_it_is_heard(address: str) -> None:
    """Answers with secrets are never kept, so that nothing could be answered again."""
    for operation in OPERATIONS:
        told = DOCUMENT["paths"][operation.path][operation.method.lower()]["parameters"]
        has_key = "idempotency-key" in {each["name"].lower() for each in told}
        assert has_key == (not operation.in_query and not operation.has_secret), operation.call
    body = {"name": "a", "content": "x"}
    wrong = ask("POST", f"{address}/api/v1/prompts", body, raw=None, idempotency_key="a b")
    assert wrong.status == 422


def test_all_methods_of_a_path_are_allowed(address: str) -> None:
    for path, methods in (
        ("prompts", {"GET", "HEAD", "POST"}),
        ("cache", {"DELETE", "GET", "HEAD"}),
        ("prompts/mail/kind", {"DELETE", "GET", "HEAD", "PATCH"}),
    ):
        told = ask("OPTIONS", f"{address}/api/v1/{path}")
        assert told.status == 405
        assert set(told.headers["allow"].split(", ")) == methods, path


def test_what_takes_nothing_says_so(address: str) -> None:
    told = ask("GET", f"{address}/api/v1/personas?colour=red")
    assert (told.status, told.json["hint"]) == (422, "it takes nothing")


@pytest.mark.parametrize(
    "call", ["analyze", "experiments.plan", "experiments.analyze", "starter.install"]
)
def test_an_example_that_needs_nothing_is_done(address: str, call: str) -> None:
    operation = next(each for each in OPERATIONS if each.call == call)
    told = ask(operation.method, f"{address}/api/v1{operation.path}", operation.example)
    assert told.status == operation.status, told.body


def test_versions_and_tags_of_a_dataset_and_what_was_tried_are_served(address: str) -> None:
    """Their paths end as a longer name could."""
    rows = [{"mail": "It broke.", "expected": "bug", "tags": ["new"]}]
    root = f"{address}/api/v1"
    assert ask("POST", f"{root}/datasets", {"name": "a/b", "examples": rows}).status == 201
    versions = ask("GET", f"{root}/datasets/a/b/versions")
    assert [each["version"] for each in versions.json["items"]] == [1]
    assert ask("GET", f"{root}/datasets/a/b/tags").json == {"new": 1}
    tried = ask("GET", f"{root}/optimizations/none/candidates")
    assert (tried.status, tried.json["subject"]) == (404, "none")
