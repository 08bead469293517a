"""Which hosts an address from somebody else may lead to: the public ones, unless more is asked for.

The addresses that were looked at are the ones that are connected to, so a name that means another
address a moment later (DNS rebinding) gains nothing. This machine's own services, the metadata
services of clouds and the machines of a private network are not public.
"""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from burnish.errors import NotPermitted, UsageError
from burnish.masking import without_secrets

Reach = Literal["public", "this machine", "private networks"]
"""`private networks` has all there are but multicast and the like; `this machine` has loopback
beside the public ones."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SHARED = ipaddress.ip_network("100.64.0.0/10")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def shown(url: str) -> str:
    """Without a name, a password, and what stands behind the path, which may be a key."""
    try:
        parts = urlsplit(url)
        bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "the address"
    return without_secrets(bare)


def is_this_machine(host: str) -> bool:
    """Whether the host as it is written is this machine; no name is looked up."""
    try:
        return _meant(ipaddress.ip_address(host)).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def may_reach(address: str, reach: Reach) -> bool:
    """Whether a numeric address is within reach."""
    meant = _meant(ipaddress.ip_address(address.partition("%")[0]))
    if meant.is_loopback:
        return reach != "public"
    # Clouds keep what a machine may know of itself, keys included, at link-local addresses.
    if meant.is_link_local or meant.is_multicast or meant.is_unspecified or meant.is_reserved:
        return False
    shared = meant.version == 4 and meant in _SHARED
    return reach == "private networks" or (meant.is_global and not shared)


def check_reach(host: str, address: str, reach: Reach) -> None:
    """Raises NotPermitted for an address that is not within reach; `host` is what led to it."""
    if not may_reach(address, reach):
        raise NotPermitted(
            f"{host} leads to {address}, which is no public address",
            hint="nothing was fetched; fetch it yourself if you trust it, and name the file",
            subject=host,
        )


def check_here(host: str, address: str) -> None:
    """Raises NotPermitted for a numeric address that is not this machine's: where nothing is
    encrypted, nobody else may answer."""
    if not is_this_machine(address):
        raise NotPermitted(
            f"{host} would be asked without encryption",
            hint="nothing was fetched; use https",
            subject=host,
        )


def check_url(url: str, reach: Reach) -> str:
    """The host of an https address, or of an http address of this machine. Raises UsageError for
    any other, and NotPermitted for a host that is written as an address out of reach."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", None
    if parts is None or not host or parts.scheme not in ("https", "http"):
        raise UsageError("the address is no https address", hint="use https://host/path")
    if parts.scheme == "http" and not is_this_machine(host):
        raise UsageError(
            f"http://{host} is not encrypted, so anybody on the way could change what it gives",
            hint="use https; http works for this machine alone",
        )
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    check_reach(host, host, reach)
    return host


def _meant(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one stands for."""
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        return inner or address
    return address
