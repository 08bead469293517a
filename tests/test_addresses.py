"""Which hosts an address from somebody else may lead to."""

from __future__ import annotations

import pytest

from burnish.addresses import (
    Reach,
    check_here,
    check_reach,
    check_url,
    is_this_machine,
    may_reach,
    shown,
)
from burnish.errors import NotPermitted, UsageError

REACHES: tuple[Reach, ...] = ("public", "this machine", "private networks")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        *((address, (True, True, True)) for address in ("8.8.8.8", "2606:4700::1111")),
        *(
            (address, (False, True, True))
            for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1")
        ),
        *(
            (address, (False, False, True))
            for address in ("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1")
        ),
        *(
            (address, (False, False, True))
            for address in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::")
        ),
        *(
            (address, (False, False, False))
            for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0")
        ),
        *(
            (address, (False, False, False))
            for address in ("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1")
        ),
        ("::127.0.0.1", (False, False, False)),
    ],
)
def test_what_each_reach_allows(address: str, allowed: tuple[bool, ...]) -> None:
    assert tuple(may_reach(address, reach) for reach in REACHES) == allowed


def test_what_is_refused_is_named() -> None:
    with pytest.raises(NotPermitted, match=r"host\.example leads to 10\.0\.0\.1") as raised:
        check_reach("host.example", "10.0.0.1", "public")
    assert raised.value.subject == "host.example"


def test_without_encryption_this_machine_alone_may_answer() -> None:
    check_here("localhost", "::1")
    with pytest.raises(NotPermitted, match="without encryption"):
        check_here("localhost", "8.8.8.8")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com/a", "example.com"),
        ("https://ann:pw@example.com:444/a", "example.com"),
        ("http://localhost:80/a", "localhost"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("https://[2606:4700::1111]/", "2606:4700::1111"),
    ],
)
def test_addresses_to_follow(url: str, host: str) -> None:
    assert check_url(url, "this machine") == host


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        *((url, UsageError) for url in ("", "a", "//a", "file:///a", "ftp://a", "https:///a")),
        *((url, UsageError) for url in ("http://example.com", "https://a:x/", "https://[a/")),
        *((url, UsageError) for url in ("http://127.0.0.1.example.com", "http://10.0.0.1/")),
        *((url, NotPermitted) for url in ("https://10.0.0.1/", "https://[::ffff:a00:1]/")),
    ],
)
def test_addresses_not_to_follow(url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        check_url(url, "this machine")


def test_this_machine() -> None:
    assert all(map(is_this_machine, ("localhost", "a.localhost", "127.0.0.1", "::1")))
    assert not any(map(is_this_machine, ("example.com", "localhost.example.com", "10.0.0.1", "")))


def test_what_may_be_shown_of_an_address() -> None:
    assert shown("https://ann:pw@example.com:1/a.zip?key=1#b") == "https://example.com:1/a.zip"
    assert shown("https://[a") == "the address"
    assert "sk-" not in shown("https://example.com/sk-abcdefghijklmnop/a.zip")
