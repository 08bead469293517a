"""The letters themselves. Nothing stands in them that a stranger has typed, but the address."""

from __future__ import annotations

from burnish.security.mail import Letter


def for_verifying(to: str, token: str, link: str) -> Letter:
    return Letter(
        to=to,
        subject="Verify your e-mail address",
        text=f"""Somebody, probably you, has registered with this e-mail address.

{_way(link, "verify", token)}

It works once, within two days. If it was not you, do nothing: without this,
nobody can verify your address.
""",
    )


def for_reset(to: str, token: str, link: str) -> Letter:
    return Letter(
        to=to,
        subject="Choose another password",
        text=f"""Somebody, probably you, wants another password for your account.

{_way(link, "reset", token)}

It works once, within two hours, and signs you out everywhere. If it was not
you, do nothing: your password stays as it is.
""",
    )


def for_taken(to: str, token: str, link: str) -> Letter:
    return Letter(
        to=to,
        subject="You have an account already",
        text=f"""Somebody, probably you, wanted to register with this e-mail address. It has an
account already, which nothing was changed of. Sign in as always; or, if you do
not know the password any more, choose another one:

{_way(link, "reset", token)}

It works once, within two hours. If it was not you, do nothing.
""",
    )


def for_test(to: str) -> Letter:
    return Letter(to=to, subject="A test", text="Letters from your server arrive here.\n")


def _way(link: str, page: str, token: str) -> str:
    """The token stands behind a #, which browsers send to nobody."""
    if not link:
        return f"Your token:\n\n{token}"
    return f"{link.rstrip('/')}/{page}#token={token}\n\nThe token alone:\n\n{token}"
