"""Addresses that are verified, and passwords that are chosen anew, by letters."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.rest.conftest import serving
from tests.rest.test_accounts import ANN, BOB, WORDS, login, post, send
from tests.security.smtp import Server, mail_server, mail_settings

import burnish
from burnish.cli.main import main
from burnish.errors import NotAuthenticated, NotPermitted, SettingsError, UsageError
from burnish.security.by_mail import ByMail
from burnish.security.mail import Letter
from burnish.security.outbox import Outbox
from burnish.storage.sqlite import open_sqlite

OTHER = "nine blue lamps at dawn"
Patch = pytest.MonkeyPatch


@pytest.fixture
def post_office(tmp_path: Path, monkeypatch: Patch) -> Iterator[Server]:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    monkeypatch.setenv("BURNISH_ACCOUNTS__REGISTRATION", "open")
    monkeypatch.setenv("BURNISH_ACCOUNTS__VERIFY", "true")
    monkeypatch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "1000")
    with mail_server(tmp_path) as server:
        mail_settings(monkeypatch, server)
        monkeypatch.setenv("BURNISH_MAIL__LINK", "https://app.example.com/")
        yield server


def register(address: str, email: str = ANN, password: str = WORDS) -> Any:
    told = post(address, "auth/register", {"email": email, "password": password})
    assert told.status == 201, told.body
    return told.json


def refused(address: str, email: str = ANN, password: str = WORDS) -> str:
    told = post(address, "auth/login", {"email": email, "password": password})
    assert told.status == 401
    return told.body.decode().replace(told.headers["x-request-id"], "")


def test_who_registers_signs_in_when_the_address_is_verified(post_office: Server) -> None:
    with serving() as address:
        assert register(address)["verified_at"] is None
        (letter,) = post_office.wait()
        assert letter.receivers == [ANN]
        assert f"https://app.example.com/verify#token={letter.token}\n" in letter.text
        assert "not verified" in refused(address)
        with burnish.open() as p:
            token = p.users.reset_token(ANN).token
        for wrong in (token, "bo_none", ""):
            assert post(address, "auth/verify", {"token": wrong}).status == 401
        assert post(address, "auth/verify", {"token": letter.token}).status == 204
        assert post(address, "auth/verify", {"token": letter.token}).status == 401
        me = send("GET", address, "profile", login(address, ANN)["access_token"]).json
        assert me["verified"] is True
        assert me["user"]["verified_at"]
        assert post(address, "auth/reset", {"token": letter.token, "password": OTHER}).status == 401


def test_a_wait_for_the_letter_is_told_alike_to_everybody(post_office: Server) -> None:
    """A stranger registers with addresses of others, and then tries to sign in with them."""
    with serving() as address:
        with burnish.open() as p:
            p.users.create(BOB, OTHER)
        free = register(address, ANN)
        taken = register(address, BOB)
        unknown = refused(address, "none@example.com")
        assert refused(address, ANN) == refused(address, BOB) == unknown
        # Of the two answers nothing but what was sent, the id and the moment differ.
        for told in (free, taken):
            for name in ("id", "email", "created_by", "created_at"):
                assert told.pop(name)
        assert free == taken
        assert login(address, BOB, OTHER)["access_token"]
        with burnish.open() as p:
            assert [each.email for each in p.users.list()] == [ANN, BOB]
    # The second one to Ann is for the right password.
    letters = post_office.wait(3)
    assert sorted((each.receivers[0], each.message["Subject"]) for each in letters) == [
        (ANN, "Verify your e-mail address"),
        (ANN, "Verify your e-mail address"),
        (BOB, "You have an account already"),
    ]


def test_a_taken_address_answers_409_where_nothing_hides_it(
    post_office: Server, monkeypatch: Patch
) -> None:
    monkeypatch.setenv("BURNISH_ACCOUNTS__VERIFY", "false")
    with serving() as address:
        register(address)
        post_office.wait()
        assert login(address, ANN)["access_token"]
        again = post(address, "auth/register", {"email": ANN, "password": WORDS})
        assert again.status == 409


def test_another_letter_comes_for_those_who_wait_alone(post_office: Server) -> None:
    with serving() as address:
        with burnish.open() as p:
            p.users.create(BOB, WORDS)
        register(address)
        first = post_office.wait()[0].token
        told = [
            post(address, "auth/verify/again", {"email": email})
            for email in (BOB, "none@example.com", ANN.upper())
        ]
        assert {(each.status, each.body) for each in told} == {(204, b"")}
        second = post_office.wait(2)[1]
        assert second.receivers == [ANN]
        assert second.token != first
        assert post(address, "auth/verify/again", {"email": "no address"}).status == 422
        assert post(address, "auth/verify", {"token": first}).status == 204
    assert len(post_office.received) == 2


def test_a_password_is_chosen_anew_by_letter_and_ends_all_sessions(post_office: Server) -> None:
    with serving() as address:
        with burnish.open() as p:
            p.users.create(ANN, WORDS)
            p.users.create(BOB, WORDS)
            p.users.change(BOB, disabled=True)
        signed = login(address, ANN)
        told = [
            post(address, "auth/forgot", {"email": email})
            for email in (BOB, "none@example.com", ANN)
        ]
        assert {(each.status, each.body) for each in told} == {(204, b"")}
        (letter,) = post_office.wait()
        assert letter.receivers == [ANN]
        assert "/reset#token=" in letter.text
        body = {"token": letter.token, "password": OTHER}
        assert post(address, "auth/verify", {"token": letter.token}).status == 401
        assert post(address, "auth/reset", body).status == 204
        assert post(address, "auth/reset", body).status == 401
        assert send("GET", address, "profile", signed["access_token"]).status == 401
        refresh = {"refresh_token": signed["refresh_token"]}
        assert post(address, "auth/refresh", refresh).status == 401
        assert "wrong" in refused(address)
        assert login(address, ANN, OTHER)["access_token"]
    assert len(post_office.received) == 1


def test_a_letter_that_resets_verifies_too(post_office: Server) -> None:
    with serving() as address:
        register(address)
        post(address, "auth/forgot", {"email": ANN})
        token = next(
            each.token
            for each in post_office.wait(2)
            if each.message["Subject"] == "Choose another password"
        )
        assert post(address, "auth/reset", {"token": token, "password": OTHER}).status == 204
        assert login(address, ANN, OTHER)["access_token"]


def test_an_answer_waits_for_no_letter(post_office: Server, monkeypatch: Patch) -> None:
    post_office.fault = "hang"
    monkeypatch.setenv("BURNISH_MAIL__TIMEOUT_S", "2")
    with serving() as address:
        with burnish.open() as p:
            p.users.create(ANN, WORDS)
        took: dict[str, list[float]] = {ANN: [], "none@example.com": []}
        post(address, "auth/forgot", {"email": BOB})
        for _ in range(10):
            for email, times in took.items():
                began = time.perf_counter()
                assert post(address, "auth/forgot", {"email": email}).status == 204
                times.append(time.perf_counter() - began)
        assert post_office.conversations
        # Waiting for the server that hangs would take two seconds.
        assert max(statistics.median(each) for each in took.values()) < 0.5


def test_one_address_gets_five_letters_in_an_hour_and_no_more(post_office: Server) -> None:
    with burnish.open() as p:
        p.users.create(ANN, WORDS)
        p.users.create(BOB, WORDS)
        for _ in range(12):
            p.users.forgot(ANN)
        p.users.forgot(BOB)
    # Closing waits for what is on its way.
    told = [each.receivers[0] for each in post_office.received]
    assert (told.count(ANN), told.count(BOB)) == (5, 1)


async def test_after_an_hour_letters_come_again(tmp_path: Path) -> None:
    sent: list[Letter] = []
    lost: list[str] = []

    class Kept:
        async def send(self, letter: Letter) -> None:
            sent.append(letter)

    with burnish.open() as p:
        p.users.create(ANN, WORDS)
    store = await open_sqlite(tmp_path / "home" / "burnish.sqlite")
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    async def opened() -> Any:
        return store

    for moment, count in (
        (now, 5),
        (now + timedelta(minutes=59), 5),
        (now + timedelta(hours=2), 6),
    ):
        outbox = Outbox(lambda what, why: lost.append(why))
        by_mail = ByMail(opened, Kept(), outbox, link="", now=lambda at=moment: at)
        for _ in range(6 if moment == now else 1):
            by_mail.forgotten(ANN)
        await outbox.close()
        assert len(sent) == count
    assert lost == []
    await store.close()


async def test_the_end_waits_for_letters_but_not_for_ever() -> None:
    told: list[tuple[str, str]] = []
    written: list[int] = []
    outbox = Outbox(lambda what, why: told.append((what, why)), patience_s=0.2)

    async def write() -> None:
        await asyncio.sleep(0.05)
        written.append(1)

    async def hang() -> None:
        await asyncio.sleep(60)

    async def fail() -> None:
        raise ValueError(ANN)

    for each in (write, fail, hang, hang, write):
        outbox.begin(each)
    began = time.perf_counter()
    await outbox.close()
    assert time.perf_counter() - began < 5
    assert written == [1]
    what = "a letter was not sent"
    assert sorted(told) == [(what, "ValueError"), *[(what, "the server ended before")] * 3]


@pytest.mark.parametrize("path", ["auth/forgot", "auth/verify/again", "auth/register"])
def test_one_place_asks_for_so_many_letters_in_a_minute(
    post_office: Server, monkeypatch: Patch, path: str
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "3")
    with serving() as address:
        told = [
            post(address, path, {"email": f"{n}@example.com", "password": WORDS})
            if path == "auth/register"
            else post(address, path, {"email": f"{n}@example.com"})
            for n in range(4)
        ]
    assert told[-1].status == 429
    assert {each.status for each in told[:3]} <= {201, 204}


def test_without_mail_an_admin_verifies(
    monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    monkeypatch.setenv("BURNISH_ACCOUNTS__REGISTRATION", "open")
    monkeypatch.setenv("BURNISH_ACCOUNTS__VERIFY", "true")
    with serving() as address:
        for email in (ANN, BOB):
            register(address, email)
        for path in ("auth/forgot", "auth/verify/again"):
            told = [post(address, path, {"email": each}) for each in (ANN, "none@example.com")]
            assert {each.status for each in told} == {403}
            assert {each.json["detail"] for each in told} == {"this server sends no mail"}
        assert main(["users", "list"]) == 0
        assert capsys.readouterr().out.count("not verified") == 2
        refused(address)
        assert main(["users", "verify", ANN]) == 0
        assert "\tactive\t" in capsys.readouterr().out
        assert login(address, ANN)["access_token"]
        with burnish.open() as p:
            p.users.create("chief@example.com", WORDS, role="admin")
            invited = p.users.invite("cy@example.com").token
        chief = login(address, "chief@example.com")["access_token"]
        assert post(address, f"users/{BOB}/verify", {}, chief).json["verified_at"]
        assert post(address, f"users/{BOB}/verify", {}).status == 401
        body = {"email": "cy@example.com", "password": WORDS, "invitation": invited}
        assert post(address, "auth/register", body).json["verified_at"]
        assert main(["users", "verify", "none@example.com"]) == 3
        with burnish.open() as p:
            assert [each.after for each in p.audit.list(action="users.verify").items]


def test_who_is_not_verified_does_not_stay_signed_in(monkeypatch: Patch) -> None:
    monkeypatch.setenv("BURNISH_ACCOUNTS__REGISTRATION", "open")
    with burnish.open() as p:
        p.users.register(ANN, WORDS)
        signed = p.sessions.login(ANN, WORDS)
        with pytest.raises(NotPermitted, match="sends no mail"):
            p.users.forgot(ANN)
    monkeypatch.setenv("BURNISH_ACCOUNTS__VERIFY", "true")
    with burnish.open() as p, pytest.raises(NotAuthenticated):
        p.sessions.refresh(signed.refresh_token)


def test_a_letter_that_is_lost_is_told_to_the_log_and_not_to_the_asker(
    post_office: Server, tmp_path: Path, monkeypatch: Patch
) -> None:
    log = tmp_path / "log.jsonl"
    monkeypatch.setenv("BURNISH_LOG__FILE", str(log))
    post_office.fault = "refuse"
    with serving() as address:
        register(address)
        until = time.monotonic() + 5
        while "a letter was not sent" not in log.read_text():
            assert time.monotonic() < until
            time.sleep(0.02)
    assert "550" in log.read_text()
    assert ANN not in log.read_text()
    assert WORDS not in log.read_text()


@pytest.mark.parametrize(
    "name", ["Eve\r\nBcc: x@example.com", "点击 https://evil.example", "E" * 99]
)
def test_nothing_that_a_stranger_types_stands_in_a_letter(post_office: Server, name: str) -> None:
    with burnish.open() as p:
        p.users.register(ANN, WORDS, name=name)
    (letter,) = post_office.received
    whole = letter.message.as_string() + letter.text
    assert "evil" not in whole
    assert "EEE" not in whole
    assert letter.message["Bcc"] is None


@pytest.mark.parametrize(
    "email",
    [
        "ann@example.com\nbcc: eve@example.com",
        "ann,eve@example.com",
        "<ann@example.com>",
        "änne@example.com",
        f"{'a' * 10_000}@example.com",
    ],
)
def test_who_cannot_get_a_letter_cannot_register(post_office: Server, email: str) -> None:
    with burnish.open() as p:
        with pytest.raises(UsageError):
            p.users.register(email, WORDS)
        assert p.users.list() == []
    assert post_office.conversations == 0


def test_tokens_of_letters_are_kept_as_hashes(post_office: Server, tmp_path: Path) -> None:
    with burnish.open() as p:
        p.users.register(ANN, WORDS)
        p.users.forgot(ANN)
    tokens = {each.token.encode() for each in post_office.wait(2)}
    for path in (each for each in (tmp_path / "home").rglob("*") if each.is_file()):
        assert not [each for each in tokens if each in path.read_bytes()], path


def test_a_server_does_not_begin_with_mail_that_cannot_work(
    post_office: Server, monkeypatch: Patch
) -> None:
    monkeypatch.setenv("BURNISH_MAIL__USER", "postman")
    with pytest.raises(SettingsError, match="no password"), serving():
        raise AssertionError
