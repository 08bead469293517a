"""Letters handed to an SMTP server."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid

from burnish.addresses import is_this_machine
from burnish.errors import BurnishError, SettingsError, Unavailable, UsageError
from burnish.security.mail import Letter, mailable
from burnish.settings.mail_groups import MailSettings
from burnish.settings.vendor import SMTP_PASSWORD

_SAID = 200


class SmtpMail:
    """Raises SettingsError for settings with which no letter could be sent safely."""

    def __init__(self, settings: MailSettings, password: str) -> None:
        self._settings = settings
        self._password = password
        try:
            self._sender = mailable(settings.sender)
        except UsageError:
            raise SettingsError(
                f"mail.sender is {settings.sender[:80]!r}, which is no address",
                hint="set mail.sender to the address that letters come from",
                subject="mail.sender",
            ) from None
        _check_signing_in(settings, password)

    async def send(self, letter: Letter) -> None:
        message = self._message(letter)
        await asyncio.to_thread(self._send, message)

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = mailable(letter.to)
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=self._sender.domain)
        # No holiday notes are wanted.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _send(self, message: EmailMessage) -> None:
        asked = self._settings
        place = f"{asked.host}:{asked.port}"
        watch = _Watch(asked.timeout_s)
        try:
            with watch.kept(), self._client(watch) as client:
                if asked.tls == "starttls":
                    client.starttls(context=ssl.create_default_context())
                if asked.user:
                    client.login(asked.user, self._password)
                client.send_message(message)
                watch.is_done = True
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if watch.is_done and not watch.is_late:
                # The letter is taken; that the goodbye was lost changes nothing.
                return
            raise self._told(error, place, is_late=watch.is_late) from None

    def _client(self, watch: _Watch) -> smtplib.SMTP:
        """Already greeted."""
        asked = self._settings
        if asked.tls == "tls":
            return _TlsClient(asked, watch)
        return _Client(asked, watch)

    def _told(self, error: Exception, place: str, *, is_late: bool) -> BurnishError:
        """Without what the server repeats of what it was sent: that may be the password."""
        if is_late or isinstance(error, TimeoutError):
            what = f"{place} did not take the letter in {self._settings.timeout_s:g} s"
            return Unavailable(what, hint="see mail.host, mail.port and mail.timeout_s")
        if isinstance(error, smtplib.SMTPAuthenticationError):
            what = f"{place} refused mail.user or the password ({error.smtp_code})"
            return Unavailable(what, hint=f"see mail.user and {SMTP_PASSWORD}")
        if isinstance(error, ssl.SSLCertVerificationError):
            what = f"{place} shows a certificate that is not good: {error.verify_message}"
            return Unavailable(what, hint="see mail.host; it must be the name in the certificate")
        if isinstance(error, ssl.SSLError):
            what = f"{place} does not speak TLS here ({error.reason or 'broken off'})"
            return Unavailable(what, hint="see mail.tls and mail.port")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            what = f"{place} cannot do what was asked of it: {_plain(str(error))}"
            return Unavailable(what, hint="see mail.tls and mail.user")
        return self._refused(error, place)

    def _refused(self, error: Exception, place: str) -> BurnishError:
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            address, (code, said) = next(iter(error.recipients.items()))
            # Whoever was to get it stands in no log.
            text = _decoded(said).replace(address, "…")
            return self._answered(f"{place} does not take letters to this address", code, text)
        if isinstance(error, smtplib.SMTPResponseException):
            return self._answered(f"{place} refused", error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return Unavailable(f"{place} broke off", hint="see mail.tls and mail.port")
        if isinstance(error, OSError):
            why = error.strerror or type(error).__name__
            return Unavailable(f"{place} cannot be reached: {why}", hint="see mail.host, mail.port")
        return Unavailable(f"{place} answered what is no SMTP", hint="see mail.host, mail.port")

    def _answered(self, what: str, code: int, said: bytes | str) -> BurnishError:
        # Whoever has signed in may be told anything back.
        shown = "" if self._settings.user else f" {_plain(_decoded(said))}"
        return Unavailable(f"{what} ({code}{shown})", hint="ask whoever runs that server")


def smtp_of(settings: MailSettings, password: str) -> SmtpMail | None:
    """None where no letters are sent."""
    return SmtpMail(settings, password) if settings.host else None


class _Watch:
    """Ends a conversation at its deadline, however slowly the other side goes on talking: the
    timeout of a socket holds for one piece of it alone."""

    def __init__(self, timeout_s: float) -> None:
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.daemon = True
        self._client: smtplib.SMTP | None = None
        self.is_late = False
        self.is_done = False

    def see(self, client: smtplib.SMTP) -> None:
        self._client = client

    @contextmanager
    def kept(self) -> Generator[None]:
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()

    def _cut(self) -> None:
        if self.is_done:
            return
        self.is_late = True
        held = self._client.sock if self._client is not None else None
        if held is not None:
            try:
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                # Over by itself, a moment ago.
                return


class _Client(smtplib.SMTP):
    def __init__(self, asked: MailSettings, watch: _Watch) -> None:
        watch.see(self)
        # A name of its own: looking up this machine's can take long, and tells it to strangers.
        super().__init__(asked.host, asked.port, "localhost", asked.timeout_s)


class _TlsClient(smtplib.SMTP_SSL):
    def __init__(self, asked: MailSettings, watch: _Watch) -> None:
        watch.see(self)
        context = ssl.create_default_context()
        super().__init__(
            asked.host, asked.port, "localhost", timeout=asked.timeout_s, context=context
        )


def _check_signing_in(settings: MailSettings, password: str) -> None:
    if not settings.user:
        return
    if not password:
        raise SettingsError(
            "mail.user is set, and there is no password for it",
            hint=f"set {SMTP_PASSWORD} in the environment, or leave mail.user empty",
            subject="mail.user",
        )
    if not (password.isascii() and settings.user.isascii()):
        raise SettingsError(
            "mail.user or the password has letters that SMTP cannot send",
            hint=f"use ASCII alone in mail.user and {SMTP_PASSWORD}",
            subject="mail.user",
        )
    if settings.tls == "none" and not is_this_machine(settings.host):
        raise SettingsError(
            f"mail.tls is none, so the password would go to {settings.host} for all to read",
            hint="set mail.tls to starttls or tls, or leave mail.user empty",
            subject="mail.tls",
        )


def _decoded(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:_SAID].strip()
