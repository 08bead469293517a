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
    refusals_per_min: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Keys, tokens and passwords that are not valid which an address may show "
            "in a minute",
        ),
    ] = 30
    names: Annotated[
        tuple[str, ...],
        Meta(description="Further names that the server may be asked under, beside this machine's"),
    ] = ()
    body_mb: Annotated[float, Meta(gt=0, le=1024, description="Largest body of a request, MB")] = (
        10.0
    )
    work: Annotated[
        bool, Meta(description="Whether the server runs queued jobs, as `worker` does")
    ] = True
    stop_s: Annotated[
        float,
        Meta(ge=0, le=3600, description="How long requests may go on after the server is ended"),
    ] = 30.0
