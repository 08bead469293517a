"""Pages of other origins, and what every answer says to browsers."""

from __future__ import annotations

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish

PAGE = "https://app.example.com"


@pytest.mark.spec("SEC-09")
def test_no_page_of_another_origin_may_ask_unless_it_is_allowed(address: str) -> None:
    url = f"{address}/api/v1/prompts"
    for origin in (PAGE, "null", address.replace("http", "https"), f"{address}.evil.example"):
        told = ask("GET", url, origin=origin)
        assert told.status == (200 if origin.endswith(address.partition("//")[2]) else 403), origin
        assert "access-control-allow-origin" not in told.headers
    asked = ask("OPTIONS", url, origin=PAGE, access_control_request_method="POST")
    assert asked.status == 403
    assert ask("GET", url).headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.spec("SEC-09")
@pytest.mark.parametrize("auth", ["none", "keys"])
def test_an_allowed_page_asks_first_and_then_with_its_key(
    monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__ORIGINS", PAGE)
    monkeypatch.setenv("BURNISH_SERVER__AUTH", auth)
    with serving() as address, burnish.open() as p:
        key = p.keys.create("page").key
        url = f"{address}/api/v1/prompts"
        first = ask("OPTIONS", url, origin=PAGE, access_control_request_method="POST")
        assert first.status == 204
        assert first.headers["access-control-allow-origin"] == PAGE
        assert "authorization" in first.headers["access-control-allow-headers"]
        # Nothing is sent along by the browser itself.
        assert "access-control-allow-credentials" not in first.headers
        shown = f"Bearer {key}"
        told = ask("GET", url, origin=PAGE, authorization=shown)
        assert told.status == 200
        assert told.headers["access-control-allow-origin"] == PAGE
        assert told.headers["vary"].lower().find("origin") >= 0
        other = ask("GET", url, origin="https://other.example", authorization=shown)
        assert other.status == 403
        assert "access-control-allow-origin" not in other.headers
        assert "set-cookie" not in told.headers
        if auth == "keys":
            assert ask("GET", url, origin=PAGE).status == 401


@pytest.mark.parametrize("origin", ["*", "app.example.com", "https://a.example/path", "file://x"])
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("BURNISH_SERVER__ORIGINS", origin)
    with pytest.raises(burnish.errors.SettingsError, match=r"server\.origins"):
        burnish.open()
