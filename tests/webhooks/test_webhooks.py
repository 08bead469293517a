"""Webhooks: a real receiver hears what happens, signed, and again until it has heard."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.cli.test_serve import until
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish.cli.main import main
from burnish.storage.webhook import EVENTS
from burnish.webhooks.delivering import WAITS_S

Capture = pytest.CaptureFixture[str]


class Heard(NamedTuple):
    id: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(ThreadingHTTPServer):
    """Answers with the statuses in turn, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses or (204,))
        self.heard: list[Heard] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = self.server
        assert isinstance(receiver, Receiver)
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.heard.append(Heard(headers["webhook-id"], headers, body))
        status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
        self.send_response(status)
        if status == 302:
            self.send_header("location", receiver.url.replace("hook", "elsewhere"))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Nothing: it would be told on stderr."""


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_WEBHOOKS__REACH", "this machine")
    monkeypatch.setenv("BURNISH_WEBHOOKS__EVERY_S", "0.05")


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with Receiver(*getattr(request, "param", ())) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def is_signed(secret: str, heard: Heard) -> bool:
    """As the guide says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{heard.id}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(heard.headers["webhook-signature"], f"v1,{expected}")


@pytest.mark.spec("API-13")
def test_what_happens_is_told_signed_and_without_texts(receiver: Receiver) -> None:
    with serving() as address, burnish.Client(address) as p:
        added = p.webhooks.add(receiver.url)
        p.prompts.create("mail/kind", "A SECRET text? {{ mail }}")
        p.prompts.set_label("mail/kind", "production", 1)
        p.datasets.add("mails", [{"mail": f"m {n}", "expected": "m"} for n in range(20)])
        p.evaluate("mail/kind", "mails", models="fake:echo", scorers=["contains"])
        p.optimize("mail/kind", "mails", model="fake:echo", budget=60, scorers=["contains"])
        p.feedback("mail/kind", stars=4, comment="SECRET words")
        until(lambda: len(receiver.heard) >= 5)
        log = p.webhooks.deliveries()
    told = {each.json["type"]: each for each in receiver.heard}
    assert set(told) >= {
        "version.created",
        "label.moved",
        "evaluation.ended",
        "optimization.ended",
        "feedback.added",
    }
    moved = told["label.moved"].json["data"]
    assert (moved["prompt"], moved["label"], moved["to_revision"]) == ("mail/kind", "production", 1)
    assert told["evaluation.ended"].json["data"]["models"] == ["fake:echo"]
    assert told["feedback.added"].json["data"]["rating"] == 0.75
    for each in receiver.heard:
        assert is_signed(added.secret, each)
        assert not is_signed("whsec_" + base64.b64encode(b"x" * 32).decode(), each)
        assert b"SECRET" not in each.body
        assert each.headers["content-type"] == "application/json"
    assert len({each.id for each in receiver.heard}) == len(receiver.heard)
    assert {each.state for each in log} == {"delivered"}
    assert {each.status for each in log} == {204}
    assert all(each.duration_ms for each in log)


@pytest.mark.spec("API-13")
@pytest.mark.parametrize("receiver", [(500, 503, 302, 204)], indirect=True)
def test_one_that_fails_is_told_again_with_the_same_id(receiver: Receiver) -> None:
    with burnish.open() as p:
        added = p.webhooks.add(receiver.url, events=["version.created"])
        p.prompts.create("a", "x")
        p.prompts.set_label("a", "production", 1)
        for attempts, error in enumerate(("status 500", "status 503", "status 302"), start=1):
            assert p.webhooks.deliver() == 1
            (one,) = p.webhooks.deliveries()
            assert (one.state, one.attempts, one.error) == ("waiting", attempts, error)
            assert one.next_at is not None
            # Nothing is sent before its time.
            assert p.webhooks.deliver() == 0
            _wait_no_longer(p)
        assert p.webhooks.deliver() == 1
        (one,) = p.webhooks.deliveries(receiver.url, state="delivered")
        assert (one.attempts, one.status, one.error) == (4, 204, "")
        assert p.webhooks.deliver() == 0
    assert len({each.id for each in receiver.heard}) == 1
    assert len({each.body for each in receiver.heard}) == 1
    assert all(is_signed(added.secret, each) for each in receiver.heard)


def _wait_no_longer(p: burnish.Platform) -> None:
    with closing(sqlite3.connect(Path(p.settings.home_path) / "burnish.sqlite")) as connection:
        connection.execute("UPDATE deliveries SET next_at = created_at WHERE state = 'waiting'")
        connection.commit()


@pytest.mark.parametrize("receiver", [(500,)], indirect=True)
def test_who_never_answers_is_given_up_and_then_disabled(receiver: Receiver) -> None:
    with burnish.open() as p:
        p.webhooks.add(receiver.url)
        for n in range(5):
            p.prompts.create(f"p{n}", "x")
        for _ in range(len(WAITS_S) + 1):
            p.webhooks.deliver()
            _wait_no_longer(p)
        assert {each.state for each in p.webhooks.deliveries()} == {"failed"}
        assert {each.attempts for each in p.webhooks.deliveries()} == {len(WAITS_S) + 1}
        (webhook,) = p.webhooks.list()
        assert "given up" in webhook.why
        p.prompts.create("later", "x")
        assert p.webhooks.deliver() == 0
        receiver.statuses = [204]
        p.webhooks.enable(webhook.id)
        p.webhooks.redeliver(p.webhooks.deliveries()[-1].id)
        assert p.webhooks.deliver() == 1
        assert receiver.heard[-1].json["data"]["prompt"] == "p0"
        assert p.webhooks.get(webhook.id[:13]).failures == 0
    assert sum(WAITS_S) > 20 * 3600


@pytest.mark.parametrize("receiver", [(410,)], indirect=True)
def test_who_says_that_it_is_gone_is_told_nothing_more(receiver: Receiver) -> None:
    with burnish.open() as p:
        p.webhooks.add(receiver.url)
        p.prompts.create("a", "x")
        assert p.webhooks.deliver() == 1
        assert "gone" in p.webhooks.list()[0].why
        p.prompts.create("b", "x")
        assert p.webhooks.deliver() == 0
    assert len(receiver.heard) == 1


def test_what_was_noted_before_a_death_is_told_by_the_next_process(receiver: Receiver) -> None:
    with burnish.open() as p:
        p.webhooks.add(receiver.url)
        p.prompts.create("a", "x")
    # Nobody delivered, and nothing but the database is left.
    with serving():
        until(lambda: bool(receiver.heard))
    assert receiver.heard[0].json["type"] == "version.created"


def test_several_processes_tell_each_thing_once(receiver: Receiver) -> None:
    with serving(), serving(), burnish.open() as p:
        p.webhooks.add(receiver.url)
        for n in range(30):
            p.prompts.create(f"p{n}", "x")
        until(lambda: len(p.webhooks.deliveries(state="delivered")) == 30)
    assert len(receiver.heard) == 30
    assert len({each.id for each in receiver.heard}) == 30


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/hook", "not encrypted"),
        ("https://10.0.0.1/hook", "10.0.0.1"),
        ("https://169.254.169.254/latest", "169.254"),
        ("https://[::ffff:10.0.0.1]/", "10.0.0.1"),
        ("https://[fd00::1]/", "fd00"),
        ("https://100.64.0.1/", "100.64"),
        ("ftp://example.com/", "no https"),
        ("https://user:word@example.com/", "password"),
        ("example.com", "no https"),
        ("https://", "no https"),
    ],
)
def test_an_address_that_must_not_be_reached_is_refused(url: str, why: str) -> None:
    with burnish.open() as p:
        with pytest.raises((burnish.errors.UsageError, burnish.errors.NotPermitted), match=why):
            p.webhooks.add(url)
        assert p.webhooks.list() == []


def test_a_name_that_leads_inside_is_not_followed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a name is written, the address that is connected to is what counts."""
    with burnish.open() as p:
        url = receiver.url.replace("127.0.0.1", "localhost")
        webhook = p.webhooks.add(url).webhook
        assert p.webhooks.test(webhook.id).error == ""
    monkeypatch.setenv("BURNISH_WEBHOOKS__REACH", "public")
    with burnish.open() as p:
        told = p.webhooks.test(webhook.id)
        assert told.error
        assert told.status is None
    assert len(receiver.heard) == 1


def test_the_secret_is_kept_sealed_and_told_once(receiver: Receiver) -> None:
    with burnish.open() as p:
        added = p.webhooks.add(receiver.url)
        home = Path(p.settings.home_path)
        held = [each.read_bytes() for each in home.rglob("*") if each.is_file()]
        plain = added.secret.removeprefix("whsec_").encode()
        assert not [each for each in held if plain in each]
        assert "secret" not in json.dumps(str(p.webhooks.list()))
        # Another row's sealed secret is none of its own.
        with closing(sqlite3.connect(home / "burnish.sqlite")) as connection:
            other = p.webhooks.add(receiver.url + "2").webhook
            connection.execute(
                "UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE id = ?) WHERE id = ?",
                (added.webhook.id, other.id),
            )
            connection.commit()
        assert "it was changed" in p.webhooks.test(other.id).error
    assert receiver.heard == []


def test_nothing_is_noted_where_nobody_wants_to_hear(receiver: Receiver) -> None:
    with burnish.open() as p:
        p.prompts.create("a", "x")
        added = p.webhooks.add(receiver.url, events=["label.moved"])
        p.prompts.create("b", "x")
        assert p.webhooks.deliver() == 0
        p.webhooks.disable(added.webhook.id)
        p.prompts.set_label("b", "production", 1)
        p.webhooks.enable(added.webhook.id)
        assert p.webhooks.deliver() == 0
        p.prompts.set_label("a", "production", 1)
        assert p.webhooks.deliver() == 1
        p.webhooks.remove(added.webhook.id)
        assert p.webhooks.deliveries() == []
    assert [each.json["data"]["prompt"] for each in receiver.heard] == ["a"]


def test_every_event_is_one_that_happens() -> None:
    with burnish.open() as p:
        home = Path(p.settings.home_path)
        p.prompts.list()
    with closing(sqlite3.connect(home / "burnish.sqlite")) as connection:
        triggers = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        noted = "\n".join(each[0] for each in triggers)
    assert [each for each in EVENTS if f"'{each}'" not in noted] == []


def test_the_commands(receiver: Receiver, capsys: Capture) -> None:
    assert main(["webhooks", "add", receiver.url, "--event", "label.moved"]) == 0
    assert capsys.readouterr().out.startswith("whsec_")
    assert main(["webhooks", "list"]) == 0
    row = capsys.readouterr().out.rstrip("\n").split("\t")
    assert row[1:] == [receiver.url, "label.moved", "active"]
    assert main(["webhooks", "test", receiver.url]) == 0
    assert capsys.readouterr().out.startswith("status 204")
    receiver.statuses = [500]
    assert main(["webhooks", "test", row[0][:13]]) == 1
    assert main(["webhooks", "deliveries", "--state", "failed", "--json"]) == 0
    capsys.readouterr()
    assert main(["webhooks", "deliveries"]) == 0
    columns = [each.split("\t") for each in capsys.readouterr().out.splitlines()]
    assert [each[2:4] for each in columns] == [["ping", "failed"], ["ping", "delivered"]]
    receiver.statuses = [204]
    assert main(["webhooks", "redeliver", columns[0][0]]) == 0
    assert main(["worker", "--once"]) == 0
    assert receiver.heard[-1].id == columns[0][0]
    assert main(["webhooks", "disable", receiver.url]) == 0
    assert main(["webhooks", "enable", receiver.url]) == 0
    assert main(["webhooks", "remove", receiver.url]) == 0
    assert main(["webhooks", "test", receiver.url]) == 3
    assert main(["webhooks", "add", "http://example.com"]) == 2


def test_over_http_only_an_admin_adds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as address, burnish.open() as p:
        key = p.keys.create("ci", role="editor").key
        body = {"url": "https://example.com/"}
        told = ask(
            "POST", f"{address}/api/v1/webhooks", body, raw=None, authorization=f"Bearer {key}"
        )
        assert told.status == 403
