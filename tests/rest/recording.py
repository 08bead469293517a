"""Writes down what a client of this version asks, and what it finds in the answers.

`python -m tests.rest.recording FILE`, with BURNISH_HOME naming an empty folder, makes a record. It
is never made anew afterwards: a client that was written then has to go on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from .asking import ask
from .conftest import serving

TEXT = "Is this mail a bug or praise? {{ mail }}"
ROWS = [{"mail": f"mail {n}", "expected": f"mail {n}"} for n in range(24)]
PLAN = {"name": "words", "variants": ["mail/kind@1", "mail/kind@2"], "metric": "solved"}
RUN = {
    "id": "0199f000-0000-7000-8000-000000000001",
    "kind": "agent",
    "created_at": "2026-01-01T12:00:00Z",
}
OPTIMIZE = {
    "prompt": "mail/kind",
    "data": "mails",
    "model": "fake:echo",
    "writer": "offline",
    "scorers": ["contains"],
    "budget": 100,
}
STORY: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/api/v1/analyze", {"text": "translate this letter into French"}),
    ("POST", "/api/v1/enhance", {"text": "Tell Ann that the parcel is late."}),
    ("POST", "/api/v1/generate", {"idea": "summarise support tickets", "name": "t/week"}),
    ("POST", "/api/v1/techniques/select", {"text": "find the bug in this function"}),
    ("POST", "/api/v1/prompts", {"name": "mail/kind", "content": TEXT, "tags": ["mail"]}),
    ("POST", "/api/v1/prompts/mail/kind/versions", {"content": f"{TEXT} One word."}),
    ("PATCH", "/api/v1/prompts/mail/kind", {"description": "Sorts mail"}),
    ("PUT", "/api/v1/prompts/mail/kind/labels/production", {"revision": 1, "why": "known"}),
    ("GET", "/api/v1/prompts/mail/kind", None),
    ("GET", "/api/v1/prompts/mail/kind?label=latest", None),
    ("GET", "/api/v1/prompts/mail%2Fkind@2", None),
    ("GET", "/api/v1/prompts/mail/kind/versions", None),
    ("GET", "/api/v1/prompts/mail/kind/labels", None),
    ("POST", "/api/v1/prompts/mail/kind/render", {"values": {"mail": "It broke."}}),
    ("GET", "/api/v1/diff?before=mail/kind@1&after=mail/kind@2", None),
    ("GET", "/api/v1/prompts?tags=mail", None),
    ("GET", "/api/v1/search?query=support+tickets", None),
    ("POST", "/api/v1/datasets", {"name": "mails", "examples": ROWS}),
    ("GET", "/api/v1/datasets", None),
    ("POST", "/api/v1/complete", {"reference": "mail/kind", "values": {"mail": "x"}, "model": "fake:echo"}),
    ("POST", "/api/v1/evaluations", {"prompts": "mail/kind", "data": "mails", "models": "fake:echo"}),
    ("GET", "/api/v1/evaluations", None),
    ("POST", "/api/v1/experiments", PLAN),
    ("POST", "/api/v1/experiments/words/start", {}),
    ("POST", "/api/v1/experiments/words/assign", {"unit": "user-1"}),
    ("POST", "/api/v1/outcomes", {"name": "words", "unit": "user-1", "metric": "solved", "value": 1}),
    ("GET", "/api/v1/experiments/words/report", None),
    ("GET", "/api/v1/experiments", None),
    ("POST", "/api/v1/runs", {"run": RUN}),
    ("POST", "/api/v1/feedback", {"target": "mail/kind@1", "thumb": "up"}),
    ("GET", "/api/v1/feedback", None),
    ("GET", "/api/v1/stats?by=prompt", None),
    ("GET", "/api/v1/jobs", None),
    ("GET", "/api/v1/export?prefix=mail/", None),
    ("GET", "/api/v1/techniques", None),
    ("GET", "/api/v1/models", None),
    ("POST", "/api/v1/prompts", {"name": "|", "content": "x"}),
    ("GET", "/api/v1/prompts/none", None),
    ("POST", "/api/v1/prompts", {"contents": "x"}),
    ("GET", "/api/generate", None),
    ("POST", "/api/generate", {"idea": "summarise support tickets"}),
    ("POST", "/api/learn", {"target": "mail/kind@1", "stars": 4}),
    ("POST", "/api/test", {"prompts": "mail/kind", "data": "mails", "models": "fake:echo"}),
    ("POST", "/api/optimize", OPTIMIZE),
    ("GET", "/api/templates", None),
    ("GET", "/api/templates/mail", None),
    ("GET", "/api/stats", None),
    ("GET", "/api/export", None),
    ("DELETE", "/api/v1/prompts/mail/kind", None),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
)  # fmt: skip


def shape(value: Any) -> Any:
    """What a client can rely on: names of fields, and types. Of a list, that of its first one."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: shape(each) for name, each in sorted(fields.items())}
    if isinstance(value, list):
        return [shape(each) for each in cast("list[Any]", value)[:1]]
    return "number" if type(value) in {int, float} else type(value).__name__


def told(url: str, method: str, path: str, body: Any) -> tuple[int, Any]:
    reply = ask(method, url + path, body)
    return reply.status, shape(reply.json) if reply.body else None


def main() -> None:
    with serving() as url, Path(sys.argv[1]).open("w") as file:
        for method, path, body in STORY:
            status, found = told(url, method, path, body)
            asked = {"method": method, "path": path, "body": body}
            file.write(json.dumps({**asked, "status": status, "shape": found}) + "\n")


if __name__ == "__main__":
    main()
