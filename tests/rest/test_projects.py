"""Projects of a server: what is in one is nobody else's."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import burnish
from burnish.rest.operations import OPERATIONS

from .asking import Reply, ask
from .conftest import serving

CANARY = "canary-7f3a"
WORDS = "forty green lamps at dusk"
ANN, BEN, ROOT = "ann@example.com", "ben@example.com", "root@example.com"


class Place(NamedTuple):
    url: str
    p: burnish.Platform

    def token(self, email: str) -> str:
        told = ask("POST", f"{self.url}/api/v1/auth/login", {"email": email, "password": WORDS})
        assert told.status == 200, told.body
        token: str = told.json["access_token"]
        return token

    def __call__(
        self, who: str, method: str, path: str, body: Any = None, project: str = ""
    ) -> Reply:
        headers = {"authorization": f"Bearer {who}"}
        if project:
            headers["burnish_project"] = project
        return ask(method, f"{self.url}/api/v1{path}", body, raw=None, **headers)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Two projects: Ann is an admin of the one, Ben an editor of the other, Root of the server."""
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    with serving() as url, burnish.open() as p:
        for email in (ANN, BEN):
            p.users.create(email, WORDS)
        p.users.create(ROOT, WORDS, role="admin")
        p.projects.create("ants")
        p.projects.grant("ants", ANN, role="admin")
        p.projects.create("bees")
        p.projects.grant("bees", BEN, role="editor")
        yield Place(url, p)


def test_each_has_its_own_prompts_under_the_same_names(place: Place) -> None:
    ann, ben, root = (place.token(each) for each in (ANN, BEN, ROOT))
    for who, project in ((ann, "ants"), (ben, "bees"), (root, "")):
        body = {"name": "mail/kind", "content": f"For {project} {{{{ x }}}}"}
        assert place(who, "POST", "/prompts", body, project).status == 201
    for _ in range(3):
        for who, project in ((ann, "ants"), (ben, "bees"), (root, ""), (root, "ants")):
            found = place(who, "GET", "/prompts/mail/kind", project=project).json
            assert found["version"]["messages"][0]["content"] == f"For {project} {{{{ x }}}}"
    with burnish.open(project="ants") as p:
        assert p.prompts.get("mail/kind").version.messages[0].content == "For ants {{ x }}"
        assert [each.name for each in p.audit.list().items] == [ANN]


def test_who_does_not_belong_to_it_cannot_tell_it_from_none(place: Place) -> None:
    ann = place.token(ANN)
    theirs = place(ann, "GET", "/prompts", project="bees")
    none = place(ann, "GET", "/prompts", project="none")
    assert theirs.status == none.status == 404
    assert theirs.json["type"] == none.json["type"]
    assert theirs.json["detail"].replace("bees", "none") == none.json["detail"]
    assert [each["name"] for each in place(ann, "GET", "/projects").json["items"]] == ["ants"]
    assert place(ann, "GET", "/projects/bees/members", project="ants").status == 404
    place.p.projects.withdraw("ants", ANN)
    assert place(ann, "GET", "/prompts", project="ants").status == 404


@pytest.mark.spec("SEC-08")
def test_rights_are_those_of_the_project(place: Place) -> None:
    ann, ben = place.token(ANN), place.token(BEN)
    prompt = {"name": "a", "content": "x"}
    assert place(ann, "POST", "/prompts", prompt).status == 403, "a viewer outside of it"
    assert place(ann, "POST", "/prompts", prompt, "ants").status == 201
    assert place(ann, "GET", "/keys", project="ants").status == 200
    assert place(ben, "GET", "/keys", project="bees").status == 403
    for path in ("/users", "/audit"):
        assert place(ann, "GET", path).status == 403
    assert place(ann, "GET", "/users", project="ants").status == 403, "people are the server's"
    assert place(ann, "POST", "/projects", {"name": "wasps"}, "ants").status == 403
    member = "/projects/ants/members/" + urllib.parse.quote(BEN)
    assert place(ann, "PUT", member, {"role": "viewer"}, "ants").status == 200
    assert place(ben, "GET", "/prompts", project="ants").status == 200
    assert place(ben, "POST", "/prompts", prompt, "ants").status == 403
    assert place(ann, "DELETE", member, project="ants").status == 204
    assert place(ben, "GET", "/prompts", project="ants").status == 404


def test_a_key_is_let_in_where_it_was_made(place: Place) -> None:
    ann, root = place.token(ANN), place.token(ROOT)
    made = place(ann, "POST", "/keys", {"name": "ci", "role": "editor"}, "ants").json
    key = made["key"]
    assert made["about"]["project"] == "ants"
    assert place(key, "POST", "/prompts", {"name": "k", "content": "x"}).status == 201
    assert place(key, "GET", "/prompts/k", project="ants").status == 200
    for project in ("bees", "none"):
        assert place(key, "GET", "/prompts/k", project=project).status == 404
    assert place(root, "GET", "/prompts/k").status == 404
    assert [each["name"] for each in place(ann, "GET", "/keys", project="ants").json["items"]] == [
        "ci"
    ]
    other = place.p.keys.create("other").about
    assert place(ann, "DELETE", f"/keys/{other.id}", project="ants").status == 404
    assert place(ann, "DELETE", "/keys/ci", project="ants").status == 200
    assert place(key, "GET", "/prompts/k").status == 401


def filled(project: str) -> list[str]:
    """Something of every kind in it; the ids and names by which it could be asked for."""
    with burnish.open(project=project) as p:
        p.prompts.create(f"{CANARY}/kind", f"{CANARY} {{{{ mail }}}}", tags=[CANARY])
        version = p.prompts.update(f"{CANARY}/kind", f"{CANARY} again {{{{ mail }}}}").version
        p.prompts.set_label(f"{CANARY}/kind", "production", 1)
        p.prompts.branch(f"{CANARY}/kind", "line")
        rows = [{"mail": f"{CANARY} {n}", "expected": CANARY} for n in range(24)]
        dataset = p.datasets.add(CANARY, rows)
        answer = p.complete(f"{CANARY}/kind", {"mail": CANARY}, model="fake:echo")
        done = p.evaluate(f"{CANARY}/kind", CANARY, models="fake:echo", scorers=["contains"])
        p.experiments.create(
            CANARY, [f"{CANARY}/kind@1", f"{CANARY}/kind@2"], metric="solved", why=CANARY
        )
        p.experiments.start(CANARY)
        p.experiments.assign(CANARY, CANARY)
        said = p.feedback(f"{CANARY}/kind@1", comment=CANARY, thumb="up")
        p.knowledge.add_text(f"{CANARY} is a word", name=CANARY)
        hook = p.webhooks.add(f"https://example.com/{CANARY}", events=["label.moved"])
        plan = p.plan_evaluation(f"{CANARY}/kind", CANARY, models="fake:echo")
        job = p.submit_evaluation(plan.evaluation)
        p.flush()
        return [
            *(f"{CANARY}/kind", f"{CANARY}/kind@2", CANARY, version.id, version.prompt_id),
            *(dataset.version.id, answer.run_id, done.evaluation.id, said.event.id),
            *(hook.webhook.id, job.id),
        ]


@pytest.mark.spec("SEC-18")
def test_no_route_tells_anything_of_another_project(place: Place) -> None:
    """Every operation, asked by whoever may do all in one project, for what is in another."""
    names = filled("bees")
    ann = place.token(ANN)
    key = place(ann, "POST", "/keys", {"name": "ci", "role": "admin"}, "ants").json["key"]
    asked = 0
    for operation in OPERATIONS:
        if operation.is_open or operation.call in {"users.set_password", "sessions.end"}:
            continue
        for name in names if "{" in operation.path else [CANARY]:
            parts = operation.path.split("{")
            path = parts[0] + "".join(
                urllib.parse.quote(name, safe="") + part.partition("}")[2] for part in parts[1:]
            )
            body = None
            if not operation.in_query:
                text = json.dumps(operation.example).replace("mail/kind", f"{CANARY}/kind")
                body = json.loads(text.replace("mails", CANARY))
            elif not parts[1:]:
                path += f"?{urllib.parse.urlencode({'query': CANARY, 'prefix': CANARY})}"
            told = place(key, operation.method, path, body)
            asked += 1
            assert told.status < 500, (operation.call, told.body)
            inside = told.body.decode(errors="replace").replace(name, "")
            if told.status < 400 and operation.method == "GET":
                inside = inside.replace(urllib.parse.quote(name, safe=""), "")
                assert CANARY not in inside, (operation.call, path, inside[:300])
    assert asked > 300
    with burnish.open(project="bees") as p:
        assert p.prompts.get(f"{CANARY}/kind@2").version.revision == 2
        assert p.prompts.get(f"{CANARY}/kind").via == "production"
        assert len(p.feedback_events().items) == 1
        assert p.experiments.get(CANARY).state == "running"
        assert len(p.webhooks.list()) == 1


def test_a_person_is_erased_from_every_project(place: Place) -> None:
    ann, root = place.token(ANN), place.token(ROOT)
    assert place(ann, "POST", "/prompts", {"name": "a", "content": "x"}, "ants").status == 201
    told = place(ann, "POST", "/feedback", {"target": "a@1", "comment": "mine"}, "ants")
    assert told.status == 201
    data = place(ann, "GET", "/profile/data").json
    assert [each["comment"] for each in data["feedback"]] == ["mine"]
    assert [each["action"] for each in data["audit"]][-1] == "prompts.create"
    user = urllib.parse.quote(ANN)
    assert place(root, "POST", f"/users/{user}/erase").status == 200
    files = place.p.settings.base_path.rglob("*.sqlite")
    assert not [file for file in files if ANN.encode() in file.read_bytes()]
    assert place.p.projects.members("ants") == []


def test_a_client_works_in_one(place: Place) -> None:
    key = place(place.token(ANN), "POST", "/keys", {"name": "ci", "role": "editor"}, "ants").json
    with burnish.Client(place.url, key["key"], project="ants") as p:
        p.prompts.create("mail/kind", "x")
        assert p.prompts.get("mail/kind").version.revision == 1
        assert [each.name for each in p.projects.list()] == ["ants"]
    with (
        burnish.Client(place.url, key["key"], project="bees") as p,
        pytest.raises(burnish.NotFound, match="no project 'bees'"),
    ):
        p.prompts.list()


def test_without_accounts_a_project_is_named_all_the_same(address: str) -> None:
    with burnish.open() as p:
        p.projects.create("ants")
        with pytest.raises(burnish.Conflict):
            p.projects.create("ants")
        for wrong in ("", "Ants", "../x", "a" * 41, "a/b"):
            with pytest.raises(burnish.UsageError):
                p.projects.create(wrong)
    with burnish.Client(address, project="ants") as p:
        p.prompts.create("a", "in the project")
    with burnish.Client(address) as p:
        p.prompts.create("a", "outside")
        assert p.prompts.get("a").version.messages[0].content == "outside"
    with burnish.Client(address, project="ants") as p:
        for _ in range(3):
            found = p.prompts.get("a@1")
            assert found.version.messages[0].content == "in the project"
    for project in ("ants", ""):
        for _ in range(3):
            headers = {"burnish_project": project} if project else {}
            told = ask("GET", f"{address}/api/v1/prompts/a", raw=None, **headers)
            assert ("project" in told.body.decode()) == bool(project)
