"""A small SMTP server at this machine, with faults on demand."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "postman", "canary" + "-of-the-" + "mail"


class Received(NamedTuple):
    sender: str
    receivers: list[str]
    message: EmailMessage
    was_encrypted: bool
    signed_in: str

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def token(self) -> str:
        """The last line that is one."""
        lines = self.text.splitlines()
        return [each for each in lines if each.startswith("bo_")][-1]


class Server:
    """`fault`: refuse (the receiver), no-auth (the password), hang (after the greeting), drip
    (letters of the greeting, for ever), plain (no STARTTLS), echo (repeats what it was sent),
    garbage."""

    def __init__(self, context: ssl.SSLContext, fault: str = "") -> None:
        self.context = context
        self.fault = fault
        self.received: list[Received] = []
        self.port = 0
        self.conversations = 0

    def wait(self, count: int = 1) -> list[Received]:
        """Until so many letters are there."""
        until = time.monotonic() + 5
        while len(self.received) < count:
            assert time.monotonic() < until, f"{len(self.received)} letters, not {count}"
            time.sleep(0.01)
        return self.received

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.conversations += 1
        try:
            await _Conversation(self, reader, writer).run()
        except (OSError, EOFError, asyncio.CancelledError):
            # Over, or cut off with the server: nobody waits for what it says.
            return
        finally:
            writer.close()


class _Conversation:
    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.sender = self.signed_in = ""
        self.receivers: list[str] = []

    @property
    def is_encrypted(self) -> bool:
        return self.writer.get_extra_info("ssl_object") is not None

    async def say(self, text: str) -> None:
        self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()

    async def run(self) -> None:
        fault = self.server.fault
        while fault == "drip":
            self.writer.write(b"2")
            await self.writer.drain()
            await asyncio.sleep(0.05)
        await self.say("hello" if fault == "garbage" else "220 here")
        while line := await self.reader.readline():
            if fault == "hang":
                await asyncio.sleep(3)
                return
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "QUIT":
                await self.say("221 bye")
                return
            await self.one(word.upper(), rest)

    async def one(self, word: str, rest: str) -> None:
        if word == "EHLO":
            tls = [] if self.is_encrypted or self.server.fault == "plain" else ["STARTTLS"]
            offered = ["here", *tls, "AUTH PLAIN", "8BITMIME", "SMTPUTF8"]
            for each in offered[:-1]:
                self.writer.write(f"250-{each}\r\n".encode())
            await self.say(f"250 {offered[-1]}")
        elif word == "STARTTLS":
            await self.say("220 go on")
            await self.writer.start_tls(self.server.context)
        elif word == "AUTH":
            await self.auth(rest)
        elif word == "MAIL":
            self.sender, self.receivers = _between(rest), []
            await self.say("250 ok")
        elif word == "RCPT":
            await self.receiver(rest)
        elif word == "DATA":
            await self.data()
        else:
            await self.say("250 ok")

    async def auth(self, rest: str) -> None:
        found = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if self.server.fault == "no-auth":
            await self.say(f"535 not you, {rest} {found[2]}")
            return
        assert found[1:] == [USER, PASSWORD]
        self.signed_in = found[1]
        await self.say("235 you are")

    async def receiver(self, rest: str) -> None:
        if self.server.fault in {"refuse", "echo"}:
            await self.say(
                f"550 nobody here as {_between(rest)} {PASSWORD if self.server.fault == 'echo' else ''}"
            )
            return
        self.receivers.append(_between(rest))
        await self.say("250 ok")

    async def data(self) -> None:
        await self.say("354 go on")
        content = b""
        while (line := await self.reader.readline()) != b".\r\n":
            content += line.removeprefix(b".")
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.server.received.append(
            Received(self.sender, self.receivers, message, self.is_encrypted, self.signed_in)
        )
        await self.say("250 taken")


def _between(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A file with a certificate for the name, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def mail_server(
    folder: Path, fault: str = "", *, tls: bool = False, name: str = "localhost"
) -> Generator[Server]:
    """Listens in a thread of its own until the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder, name))
    server = Server(context, fault)
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(server.talk, "localhost", 0, ssl=context if tls else None)

    def run() -> None:
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(listen())
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        listening.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(5)
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def mail_settings(monkeypatch: pytest.MonkeyPatch, server: Server, **more: str) -> None:
    given = {
        "host": "localhost",
        "port": str(server.port),
        "tls": "none",
        "sender": "burnish@example.com",
        "timeout_s": "5",
        **more,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"BURNISH_MAIL__{name.upper()}", value)
