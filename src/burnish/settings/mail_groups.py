"""The settings of the letters that a server sends."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Tls = Literal["starttls", "tls", "none"]


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._:-]{0,253}$",
            description="SMTP server that letters are handed to; empty: none are sent",
        ),
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the SMTP server")] = 587
    tls: Annotated[
        Tls,
        Meta(
            description="How it is encrypted: `starttls` after the greeting, `tls` from the first "
            "byte, `none` not at all, and then without signing in unless it is this machine"
        ),
    ] = "starttls"
    user: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]{0,256}$",
            description="Who signs in there, with the password in BURNISH_SMTP_PASSWORD; empty: "
            "nobody",
        ),
    ] = ""
    sender: Annotated[
        str, Meta(description="Address that letters come from, such as burnish@example.com")
    ] = ""
    link: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s?#@]{1,200})?$",
            description="Address of your own pages that links in letters begin with; empty: "
            "letters hold the token alone",
        ),
    ] = ""
    timeout_s: Annotated[
        float, Meta(gt=0, le=300, description="How long handing over one letter may take")
    ] = 20.0
