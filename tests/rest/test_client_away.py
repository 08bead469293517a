"""A client whose server is away: what it knows it still says, and what it is told it sends later."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

import burnish
from burnish.storage.run import Run

from .conftest import serving

TEXT = "Is this mail a bug or praise? {{ mail }}"


class Relay:
    """A server's address that stays the same while it is there, hangs, or is gone."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.state = "there"
        self.asked = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._begin(self._run)

    def be(self, state: str) -> None:
        self.state = state
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.be("gone")
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        for each in self._open:
            each.close()

    def _run(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            self.asked += 1
            if self.state == "gone":
                here.close()
                continue
            self._open.append(here)
            if self.state == "there":
                there = socket.create_connection(self._target)
                self._open.append(there)
                for pair in ((here, there), (there, here)):
                    self._begin(_pump, *pair)

    def _begin(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(address: str) -> Iterator[Relay]:
    relay = Relay(address)
    yield relay
    relay.close()


def run_of(p: burnish.Platform, output: str) -> Run:
    return Run(id=p.new_id(), kind="agent", output=output, created_at=datetime.now(UTC))


def until(met: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.mark.spec("CAC-05")
def test_a_prompt_is_asked_for_once_and_then_looked_at_again_by_its_tag(relay: Relay) -> None:
    with burnish.Client(relay.address, ttl_s=0.2) as p:
        p.prompts.create("mail/kind", TEXT)
        first = p.prompts.get("mail/kind")
        assert p.prompts.get("mail/kind") is first
        assert p.prompts.get_cached("mail/kind") is first
        relay.be("gone")
        assert p.prompts.get("mail/kind") is first
        assert p.prompts.render("mail/kind", {"mail": "x"}).messages[0].content.endswith("x")
        relay.be("there")
        time.sleep(0.3)
        # Too old by now: given once more, and looked at behind the answer.
        again = p.prompts.get("mail/kind")
        assert (again.version.id, again.stale) == (first.version.id, False)
        until(lambda: p.prompts.get_cached("mail/kind"))
        assert p.prompts.get_cached("mail/kind") is first, "304 gives what was there"


def test_what_a_client_changes_it_reads_at_once(address: str) -> None:
    with burnish.Client(address) as p:
        p.prompts.create("mail/kind", TEXT)
        assert p.prompts.get("mail/kind").version.revision == 1
        p.prompts.update("mail/kind", f"{TEXT} One word.")
        assert p.prompts.get("mail/kind").version.revision == 2
        p.prompts.set_label("mail/kind", "production", 1)
        assert p.prompts.get("mail/kind").version.revision == 1
        p.generate("summarise support tickets for a report", name="mail/kind")
        assert p.prompts.get("mail/kind@latest").version.revision == 3
        p.prompts.delete("mail/kind")
        with pytest.raises(burnish.NotFound):
            p.prompts.get("mail/kind")


def test_who_begins_while_the_server_is_away_has_what_was_known_last(relay: Relay) -> None:
    with burnish.Client(relay.address) as p:
        p.prompts.create("mail/kind", TEXT)
        p.prompts.get("mail/kind")
    relay.be("gone")
    with burnish.Client(relay.address) as p:
        found = p.prompts.get("mail/kind")
        assert (found.version.messages[0].content, found.stale) == (TEXT, True)
        assert p.prompts.get("mail/other", fallback="text").via == "fallback"
    with burnish.Client(relay.address, "bk_other") as p, pytest.raises(burnish.Unavailable):
        p.prompts.get("mail/kind")
    with burnish.Client(relay.address, folder=None) as p, pytest.raises(burnish.Unavailable):
        p.prompts.get("mail/kind")


@pytest.mark.parametrize("state", ["gone", "hangs"])
def test_what_is_said_while_the_server_is_away_arrives_once_and_in_order(
    relay: Relay, state: str
) -> None:
    with burnish.Client(relay.address) as p:
        p.prompts.create("mail/kind", TEXT)
        p.prompts.update("mail/kind", f"{TEXT} One word.")
        p.prompts.set_label("mail/kind", "production", 1)
        p.experiments.create("words", ["mail/kind@1", "mail/kind@2"], metric="solved")
        p.experiments.start("words")
        p.experiments.assign("words", "user-1")
        relay.be(state)
        before = relay.asked
        for n in range(50):
            given = p.feedback("mail/kind@1", score=n / 100, comment=f"comment {n}")
            assert given.notes == ("the server is away, and hears it later",)
        done = p.experiments.record("words", unit="user-1", metric="solved", value=1)
        assert done.state == "waiting"
        p.record_run(run_of(p, "recorded"))
        assert relay.asked - before < 10, "they do not wait for it one by one"
        assert p.outbox().waiting == 52
        assert p.outbox().fault
        if state == "gone":
            with pytest.raises(burnish.Unavailable, match="52 that were said wait"):
                p.flush()
        relay.be("there")
        p.flush()
        assert (p.outbox().waiting, p.outbox().dropped) == (0, 0)
        said = p.feedback_events("mail/kind", limit=100).items
        assert [each.comment for each in said] == [f"comment {n}" for n in reversed(range(50))]
        again = p.experiments.record("words", unit="user-1", metric="solved", value=1)
        assert again.state == "duplicate"
        assert [run.output for run in p.runs.page().items if run.kind == "agent"] == ["recorded"]
        assert p.feedback("mail/kind@1", thumb="up").event.id


def test_what_waits_outlives_the_process_and_is_sent_by_the_next(relay: Relay) -> None:
    with burnish.Client(relay.address) as p:
        p.prompts.create("mail/kind", TEXT)
        relay.be("gone")
        p.feedback("mail/kind@1", thumb="up")
        p.feedback("mail/none@1", thumb="down")
    relay.be("there")
    with burnish.Client(relay.address) as p:
        p.prompts.list()
        until(lambda: p.outbox().waiting == 0)
        assert [each.kind for each in p.feedback_events("mail/kind").items] == ["thumb"]
        # There is no such prompt: the server will never take it.
        assert p.outbox().dropped == 1


def test_an_answer_that_was_lost_is_not_done_twice(relay: Relay) -> None:
    with burnish.Client(relay.address, timeout_s=5) as p:
        p.prompts.create("mail/kind", TEXT)
        stop = threading.Event()

        def cut() -> None:
            while not stop.is_set():
                time.sleep(0.05)
                relay.be("there")

        cutting = threading.Thread(target=cut)
        cutting.start()
        for n in range(100):
            p.feedback("mail/kind@1", score=0.5, comment=str(n))
        stop.set()
        cutting.join()
        p.flush()
        said = p.feedback_events("mail/kind", limit=500).items
        assert sorted(int(each.comment) for each in said) == list(range(100))


def test_more_than_fits_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    from burnish.rest.outbox import Outbox, Parcel

    told: list[str] = []
    outbox = Outbox(tmp_path / "o.sqlite", lambda event, why: told.append(why), most=2_500)
    for n in range(4_000):
        outbox.add(Parcel(key=f"{n:06}", call="feedback", path="/feedback", body=b"{}"))
    outbox.spill()
    assert len(outbox) + outbox.dropped == 4_000
    assert len(outbox) <= 2_500
    first = outbox.first()
    assert first is not None
    assert first.key == f"{outbox.dropped:06}"
    assert told
    outbox.close()
    assert (tmp_path / "o.sqlite").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_used_keeps_it_in_memory(relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with burnish.Client(relay.address, folder=tmp_path / "file") as p:
        p.prompts.create("mail/kind", TEXT)
        relay.be("gone")
        p.feedback("mail/kind@1", thumb="up")
        assert p.outbox().waiting == 1
        relay.be("there")
        p.flush()
        assert len(p.feedback_events("mail/kind").items) == 1


def test_uses_are_counted_where_the_prompt_is_rendered(address: str) -> None:
    with burnish.Client(address) as p:
        p.prompts.create("mail/kind", TEXT)
        for n in range(7):
            p.prompts.render("mail/kind", {"mail": str(n)})
        p.flush()
        assert [each.usage_count for each in p.prompts.list().items] == [7]


def test_two_servers_know_what_is_wrong_with_a_run(address: str) -> None:
    with burnish.Client(address) as p:
        for wrong in (
            Run(id="1", kind="agent", created_at=datetime.now(UTC)),
            Run(id=p.new_id(), kind="agent", created_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        ):
            p.record_run(wrong)
        p.record_run(run_of(p, "right"))
        p.flush()
        assert p.outbox().dropped == 2
        assert [run.output for run in p.runs.page().items] == ["right"]
    with serving() as other, burnish.Client(other) as p:
        assert p.runs.page().items
