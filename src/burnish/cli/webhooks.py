"""webhooks list, add, test, enable, disable, remove, deliveries, redeliver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, out_json, platform, table
from burnish.storage.webhook import DeliveryState, EventKind

if TYPE_CHECKING:
    from burnish.storage.webhook import Delivery, Webhook

Which = Annotated[str, Parameter(help="Its id, a beginning of it, or its address.")]


def list_(*, common: Common = NONE) -> None:
    """List who hears what happens, the newest first.

    In a pipe: id, address, events, state.
    """
    with platform(common) as p:
        found = p.webhooks.list()
    if common.json:
        out_json(found)
    elif not found:
        note("No webhooks.")
    elif on_terminal():
        headings = ("id", "address", "events", "state")
        table(headings, (tuple(_columns(each)) for each in found), wide="address", wraps="events")
    else:
        out("\n".join("\t".join(_columns(each)) for each in found))


def add(
    url: Annotated[str, Parameter(help="An https address; http for this machine alone.")],
    *,
    event: Annotated[
        list[EventKind] | None,
        Parameter(negative="", show_default="all", help="What it hears of; repeatable."),
    ] = None,
    common: Common = NONE,
) -> None:
    """Tell an address what happens, and print the secret that it is signed with: it is shown this
    once."""
    with platform(common) as p:
        made = p.webhooks.add(url, events=event or ())
    if common.json:
        out_json(made)
        return
    out(made.secret)
    note("Keep it: it is shown this once. A server or a worker delivers what happens from now on.")


def send_ping(webhook: Which, *, common: Common = NONE) -> int:
    """Send a ping now. Exits with 1 where it did not come through."""
    with platform(common) as p:
        told = p.webhooks.test(webhook)
    if common.json:
        out_json(told)
    else:
        out(told.error or f"status {told.status}, {told.duration_ms:.0f} ms")
    return 1 if told.error else 0


def enable(webhook: Which, *, common: Common = NONE) -> None:
    """Tell it again what happens, and what still waits for it."""
    with platform(common) as p:
        found = p.webhooks.enable(webhook)
    out_json(found) if common.json else note(f"{found.url} hears what happens.")


def disable(webhook: Which, *, common: Common = NONE) -> None:
    """Tell it nothing for now."""
    with platform(common) as p:
        found = p.webhooks.disable(webhook)
    out_json(found) if common.json else note(f"{found.url} hears nothing for now.")


def remove(webhook: Which, *, common: Common = NONE) -> None:
    """Take it away with its deliveries."""
    with platform(common) as p:
        found = p.webhooks.remove(webhook)
    out_json(found) if common.json else note(f"{found.url} is removed.")


def deliveries(
    webhook: Which = "",
    *,
    state: Annotated[DeliveryState | None, Parameter(help="Only in this state.")] = None,
    limit: Annotated[int, Parameter(help="How many to list.")] = 20,
    common: Common = NONE,
) -> None:
    """List what was sent or waits to be, the newest first.

    In a pipe: id, time, event, state, attempts, status, milliseconds, error.
    """
    with platform(common) as p:
        found = p.webhooks.deliveries(webhook, state=state, limit=limit)
    if common.json:
        out_json(found)
    elif not found:
        note("No deliveries.")
    elif on_terminal():
        headings = ("when (UTC)", "event", "state", "tries", "status", "ms", "error")
        table(headings, (tuple(_sent(each))[1:] for each in found), wide="error")
    else:
        out("\n".join("\t".join(_sent(each)) for each in found))


def redeliver(
    delivery: Annotated[str, Parameter(help="The id of a delivery.")], *, common: Common = NONE
) -> None:
    """Send it again as it was, as soon as a server or a worker delivers."""
    with platform(common) as p:
        found = p.webhooks.redeliver(delivery)
    out_json(found) if common.json else note("It is sent again.")


def _columns(webhook: Webhook) -> Iterator[str]:
    yield webhook.id
    yield webhook.url
    yield ", ".join(webhook.events) or "all"
    yield f"disabled {webhook.why}" if webhook.disabled_at else "active"


def _sent(delivery: Delivery) -> Iterator[str]:
    yield delivery.id
    yield f"{delivery.created_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    yield delivery.event
    yield delivery.state
    yield str(delivery.attempts)
    yield str(delivery.status or "-")
    yield "-" if delivery.duration_ms is None else f"{delivery.duration_ms:.0f}"
    yield delivery.error
