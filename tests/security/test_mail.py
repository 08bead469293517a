"""Letters handed to an SMTP server, and what is said where none could be."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from pathlib import Path

import pytest
from tests.security.smtp import PASSWORD, USER, certificate, mail_server, mail_settings

import burnish
from burnish.cli.main import main
from burnish.errors import SettingsError, Unavailable, UsageError
from burnish.security.mail import Letter
from burnish.security.smtp import SmtpMail
from burnish.settings.mail_groups import MailSettings

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
ANN = "ann@example.com"


def sign_in(monkeypatch: Patch, folder: Path, tls: str, name: str = "localhost") -> None:
    monkeypatch.setenv("BURNISH_MAIL__TLS", tls)
    monkeypatch.setenv("BURNISH_MAIL__USER", USER)
    monkeypatch.setenv("BURNISH_SMTP_PASSWORD", PASSWORD)
    # What is trusted on this machine.
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / f"{name}.pem"))


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_letter_goes_encrypted_to_a_server_that_is_signed_in_to(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, tls: str
) -> None:
    with mail_server(tmp_path, tls=tls == "tls") as server:
        mail_settings(monkeypatch, server)
        sign_in(monkeypatch, tmp_path, tls)
        assert main(["users", "mail-test", ANN]) == 0
        (one,) = server.wait()
    assert capsys.readouterr().out == f"sent to {ANN}\n"
    assert (one.sender, one.receivers) == ("burnish@example.com", [ANN])
    assert (one.was_encrypted, one.signed_in) == (True, USER)
    assert one.message["To"] == ANN
    assert one.message["Subject"] == "A test"
    assert one.message["Message-ID"].endswith("@example.com>")
    assert "arrive here" in one.text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuse", "does not take letters to this address (550 nobody here as …)"),
        ("garbage", "refused (-1"),
        ("hang", "did not take the letter in 0.5 s"),
        ("drip", "did not take the letter in 0.5 s"),
    ],
)
def test_what_goes_wrong_is_said(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, fault: str, said: str
) -> None:
    with mail_server(tmp_path, fault) as server:
        mail_settings(monkeypatch, server, timeout_s="0.5")
        began = time.monotonic()
        assert main(["users", "mail-test", ANN]) == 5
        assert time.monotonic() - began < 3
        told = capsys.readouterr().err
        assert f"localhost:{server.port} {said}" in told
        assert "; " in told
        assert server.received == []


@pytest.mark.parametrize(
    "case",
    [
        ("plain", "localhost", "STARTTLS extension not supported"),
        ("no-auth", "localhost", "refused mail.user or the password (535)"),
        ("echo", "localhost", "does not take letters to this address (550)"),
        ("", "other.example", "certificate that is not good"),
    ],
)
def test_nothing_is_sent_in_the_open_and_the_password_is_never_told(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, case: tuple[str, str, str]
) -> None:
    fault, name, said = case
    with mail_server(tmp_path, fault, name=name) as server:
        mail_settings(monkeypatch, server)
        sign_in(monkeypatch, tmp_path, "starttls", name)
        assert main(["users", "mail-test", ANN]) == 5
        told = capsys.readouterr().err
        assert said in told
        assert PASSWORD not in told
        assert server.received == []


def test_a_certificate_that_nobody_trusts_is_refused(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certificate(other)
    with mail_server(tmp_path, tls=True) as server:
        mail_settings(monkeypatch, server)
        sign_in(monkeypatch, other, "tls")
        assert main(["users", "mail-test", ANN]) == 5
        assert "certificate that is not good" in capsys.readouterr().err
        assert server.received == []


def test_a_server_that_is_away_and_one_that_speaks_no_tls(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    with mail_server(tmp_path) as server:
        mail_settings(monkeypatch, server, tls="tls")
        assert main(["users", "mail-test", ANN]) == 5
        assert "does not speak TLS here" in capsys.readouterr().err
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setenv("BURNISH_MAIL__PORT", str(free.getsockname()[1]))
        assert main(["users", "mail-test", ANN]) == 5
        assert "cannot be reached: Connection refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "password", "said"),
    [
        ({"tls": "none", "host": "mail.example.com"}, PASSWORD, "for all to read"),
        ({"tls": "starttls"}, "", "no password"),
        ({"tls": "starttls"}, PASSWORD + "é", "SMTP cannot send"),
        ({"sender": "two words"}, PASSWORD, "mail.sender"),
        ({"sender": ""}, PASSWORD, "mail.sender"),
    ],
)
def test_settings_that_would_tell_the_password_or_cannot_work_are_refused(
    given: dict[str, str], password: str, said: str
) -> None:
    usual = {"host": "localhost", "sender": ANN, "user": USER}
    with pytest.raises(SettingsError, match=said) as caught:
        SmtpMail(MailSettings(**{**usual, **given}), password)  # pyright: ignore[reportArgumentType]
    assert PASSWORD not in str(caught.value)


def test_without_a_server_the_test_says_what_to_set(capsys: Capture) -> None:
    assert main(["users", "mail-test", ANN]) == 2
    assert "mail.host" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\nBcc: eve@example.com",
        "ann@example.com, eve@example.com",
        "ann@example.com,eve@example.com",
        "<ann@example.com>",
        "Ann <ann@example.com>",
        "ann@example.com (eve@example.com)",
        "ann @example.com",
        "a" * 10_000 + "@example.com",
        "ann@" + "e" * 10_000,
        "ann@example.com\u2028eve@example.com",
        "änne@example.com",
        "@example.com",
        "ann@",
        "ann",
        "",
    ],
)
async def test_an_address_is_one_address_or_none(tmp_path: Path, address: str) -> None:
    with mail_server(tmp_path) as server:
        asked = MailSettings(host="localhost", port=server.port, tls="none", sender=ANN)
        with pytest.raises(UsageError, match="no letter can be sent"):
            await SmtpMail(asked, "").send(Letter(to=address, subject="x", text="y"))
        assert server.conversations == 0


async def test_letters_of_all_languages_arrive_whole_and_a_subject_is_one_line(
    tmp_path: Path,
) -> None:
    with mail_server(tmp_path) as server:
        asked = MailSettings(host="localhost", port=server.port, tls="none", sender=ANN)
        text = "héllo 世界\n.\n..\n" + "x" * 10_000 + "\n"
        letter = Letter(to="bob@example.com", subject="a\r\nBcc: eve@example.com", text=text)
        await SmtpMail(asked, "").send(letter)
        (one,) = server.wait()
    assert one.receivers == ["bob@example.com"]
    assert one.message["Bcc"] is None
    assert one.message["Subject"] == "a Bcc: eve@example.com"
    assert one.text == text


def test_the_password_stands_nowhere(
    tmp_path: Path, monkeypatch: Patch, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "home" / "log.jsonl"
    monkeypatch.setenv("BURNISH_LOG__LEVEL", "debug")
    monkeypatch.setenv("BURNISH_LOG__FILE", str(log))
    with mail_server(tmp_path) as server:
        mail_settings(monkeypatch, server)
        sign_in(monkeypatch, tmp_path, "starttls")
        for args in (["config", "show", "--json"], ["config", "show"], ["config", "validate"]):
            assert main(args) == 0
        assert main(["users", "mail-test", ANN]) == 0
        server.fault = "echo"
        assert main(["users", "mail-test", ANN, "--json"]) == 5
        with burnish.open() as p:
            p.users.create(ANN, "seven green lamps at noon")
            with pytest.raises(Unavailable):
                p.users.mail_test(ANN)
    told = capsys.readouterr()
    held = told.out + told.err + caplog.text
    held += "".join(
        each.read_bytes().decode("latin-1")
        for each in (tmp_path / "home").rglob("*")
        if each.is_file()
    )
    assert "mail.host" in held
    assert PASSWORD not in held
    assert os.environ["BURNISH_SMTP_PASSWORD"] == PASSWORD


def test_a_password_in_a_file_is_refused(tmp_path: Path, capsys: Capture) -> None:
    Path("burnish.yaml").write_text(f"mail:\n  password: {PASSWORD}\n")
    assert main(["config", "show"]) == 2
    told = capsys.readouterr().err
    assert "environment" in told
    assert PASSWORD not in told


def test_the_settings_of_mail_are_checked(capsys: Capture, monkeypatch: Patch) -> None:
    for name, value in {
        "host": "mail example",
        "port": "0",
        "tls": "ssl",
        "link": "ftp://x",
        "user": "a\nb",
        "timeout_s": "0",
    }.items():
        monkeypatch.setenv(f"BURNISH_MAIL__{name.upper()}", value)
        assert main(["config", "show", "--json"]) == 2
        assert json.loads(capsys.readouterr().err)["error"]["message"].startswith(f"mail.{name}")
        monkeypatch.delenv(f"BURNISH_MAIL__{name.upper()}")


def test_the_settings_of_the_guide_are_ones(capsys: Capture) -> None:
    guide = (Path(__file__).parents[2] / "docs/guide/accounts.md").read_text(encoding="utf-8")
    Path("burnish.yaml").write_text(guide.partition("```yaml\n")[2].partition("```")[0])
    assert main(["config", "validate"]) == 0
    assert main(["config", "show"]) == 0
    assert "mail.host\tsmtp.example.com\t" in capsys.readouterr().out
