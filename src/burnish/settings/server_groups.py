"""The settings of the server."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: Annotated[str, Meta(description="Address that `serve` listens at")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535, description="Port that `serve` listens at; 0: any that is free")
    ] = 8080
    auth: Annotated[
        Literal["none", "keys", "accounts"],
        Meta(
            description="Who is answered: `none` asks nobody, `keys` wants a key, `accounts` a key "
            "or somebody who has signed in"
        ),
    ] = "none"
    requests_per_min: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Requests that each key and each person has in a minute; 0: no bound",
        ),
    ] = 600
    tiers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}=[0-9]{1,7}$")], ...],
        Meta(description="Requests a minute of those whose tier has a name, such as free=60"),
    ] = ()
    limits: Annotated[
        Literal["process", "shared"],
        Meta(
            description="Whether each process counts requests for itself, or all on one database "
            "together, which writes with each request"
        ),
    ] = "process"
    refusals_per_min: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="How often in a minute an address may show a key, a token or a password "
            "that is not valid, or ask for a letter",
        ),
    ] = 30
    names: Annotated[
        tuple[str, ...],
        Meta(description="Further names that the server may be asked under, beside this machine's"),
    ] = ()
    origins: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^https?://[^/?#@\s]+$")], ...],
        Meta(description="Origins of pages that may ask, such as https://app.example.com"),
    ] = ()
    body_mb: Annotated[float, Meta(gt=0, le=1024, description="Largest body of a request, MB")] = (
        10.0
    )
    receive_s: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            description="How long a request may take to come; a long body has a second more for "
            "each 10 kB that came",
        ),
    ] = 30.0
    send_s: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            description="How long an answer waits for a reader who takes nothing more of it",
        ),
    ] = 60.0
    connections: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Connections that each process has at once; where they are used up, one "
            "whose request has not come makes room",
        ),
    ] = 800
    work: Annotated[
        bool, Meta(description="Whether the server runs queued jobs, as `worker` does")
    ] = True
    stop_s: Annotated[
        float,
        Meta(ge=0, le=3600, description="How long requests may go on after the server is ended"),
    ] = 30.0
