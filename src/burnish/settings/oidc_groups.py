"""The settings of signing in with an identity provider."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from burnish.principal import Role


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    issuer: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^?#@\s]+)?$",
            description="OpenID Connect provider that people may sign in with, such as "
            "https://accounts.google.com; empty: none",
        ),
    ] = ""
    client_id: Annotated[
        str,
        Meta(
            description="What the provider knows this server as; its secret, where there is one, "
            "is in BURNISH_OIDC_SECRET"
        ),
    ] = ""
    redirect: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^#@\s]+)?$",
            description="Page of yours that the provider sends people back to",
        ),
    ] = ""
    register: Annotated[
        bool,
        Meta(description="Whether who has no account here gets one by signing in there"),
    ] = False
    role: Annotated[Role, Meta(description="Role of who gets an account so")] = "viewer"
