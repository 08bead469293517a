"""serve."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, out, out_json


def serve(
    *,
    host: Annotated[
        str | None, Parameter(show_default="127.0.0.1", help="Address to listen at; server.host.")
    ] = None,
    port: Annotated[
        int | None, Parameter(show_default="8080", help="Port; 0: any that is free; server.port.")
    ] = None,
    auth: Annotated[
        Literal["none", "keys", "accounts"] | None,
        Parameter(
            show_default="none",
            help="Whether a key is asked for, or signing in allowed; server.auth.",
        ),
    ] = None,
    workers: Annotated[int, Parameter(help="Processes that answer.")] = 1,
    reload: Annotated[bool, Parameter(help="Begin anew when the source changes.")] = False,
    common: Common = NONE,
) -> None:
    """Answer requests over HTTP: everything that these commands do, under /api/v1.

    /openapi.json describes it, /healthz and /readyz say how it is. Queued jobs are run, too.
    Ctrl-C or SIGTERM ends it: what is being answered is answered, and jobs are put back.
    """
    from burnish.errors import UsageError
    from burnish.rest.server import bound, check_exposure, run
    from burnish.settings import hand_over, load

    if workers < 1 or (reload and workers > 1):
        raise UsageError(f"--workers is {workers}", hint="use 1 or more, and 1 with --reload")
    given: dict[str, Any] = {"home": common.home} if common.home else {}
    if auth is not None:
        given["server.auth"] = auth
    settings = load(given).settings
    hand_over(settings)
    host = host or settings.server.host
    check_exposure(host, settings.server.auth)
    sock = bound(host, settings.server.port if port is None else port)
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{sock.getsockname()[1]}"

    def told() -> None:
        out_json({"url": url}) if common.json else out(url)
        note("Ctrl-C ends it. What it answers: /openapi.json")

    run(settings, sock, workers=workers, reload=reload, told=told)
