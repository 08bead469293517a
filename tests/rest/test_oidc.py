"""Signing in with an identity provider."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from joserfc.jwk import RSAKey

import burnish

from .asking import Reply, ask
from .conftest import serving
from .identity_provider import CLIENT, SECRET, IdentityProvider, providing

WORDS = "forty green lamps at dusk"
ANN = "ann@example.com"


class Place(NamedTuple):
    url: str
    p: burnish.Platform
    provider: IdentityProvider

    def begin(self) -> tuple[str, str]:
        """The code and the state that somebody comes back with."""
        told = ask("POST", f"{self.url}/api/v1/auth/oidc", {})
        assert told.status == 200, told.body
        assert told.json["url"].startswith(f"{self.provider.issuer}/authorize?")
        code, state = self.provider.sign_in(told.json["url"])
        assert state == told.json["state"]
        return code, state

    def finish(self, code: str, state: str) -> Reply:
        body = {"code": code, "state": state}
        return ask("POST", f"{self.url}/api/v1/auth/oidc/finish", body)

    def sign_in(self) -> Reply:
        return self.finish(*self.begin())


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with providing() as found:
        yield found


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, provider: IdentityProvider) -> Iterator[Place]:
    for name, value in {
        "SERVER__AUTH": "accounts",
        "SERVER__REFUSALS_PER_MIN": "10000",
        "OIDC__ISSUER": provider.issuer,
        "OIDC__CLIENT_ID": CLIENT,
        "OIDC__REDIRECT": "https://app.example.com/back",
        "OIDC_SECRET": SECRET,
    }.items():
        monkeypatch.setenv(f"BURNISH_{name}", value)
    with serving() as url, burnish.open() as p:
        yield Place(url, p, provider)


@pytest.mark.spec("SEC-07")
def test_somebody_with_an_account_signs_in_and_stays_the_same(place: Place) -> None:
    user = place.p.users.create(ANN, WORDS, role="editor")
    told = place.sign_in()
    assert told.status == 200, told.body
    token = told.json["access_token"]
    me = ask("GET", f"{place.url}/api/v1/profile", authorization=f"Bearer {token}").json
    assert (me["user"]["id"], me["role"]) == (user.id, "editor")
    # Known by the provider's own name for them from now on, whatever address it tells.
    place.provider.email = "other@example.com"
    again = place.sign_in().json
    me = ask(
        "GET", f"{place.url}/api/v1/profile", authorization=f"Bearer {again['access_token']}"
    ).json
    assert me["user"]["email"] == ANN
    assert [each.action for each in place.p.audit.list().items].count("oidc.link") == 1


def test_who_has_no_account_gets_one_only_where_that_is_wanted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.sign_in().status == 401
    assert place.p.users.list() == []
    monkeypatch.setenv("BURNISH_OIDC__REGISTER", "true")
    monkeypatch.setenv("BURNISH_OIDC__ROLE", "editor")
    with serving() as url:
        other = Place(url, place.p, place.provider)
        assert other.sign_in().status == 200
    (user,) = place.p.users.list()
    assert (user.email, user.name, user.role) == (ANN, "Ann", "editor")
    for password in ("", WORDS):
        with pytest.raises(burnish.BurnishError):
            place.p.sessions.login(ANN, password)


def test_both_sides_have_to_know_that_the_address_is_theirs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_ACCOUNTS__REGISTRATION", "open")
    with burnish.open() as p:
        p.users.register(ANN, WORDS)
    assert place.sign_in().status == 401, "anybody may have registered with that address"
    place.p.users.set_verified(ANN)
    for told in (False, "false", None):
        place.provider.claims = {"email_verified": told}
        assert place.sign_in().status == 401
    place.provider.claims = {"email_verified": "true"}
    assert place.sign_in().status == 200


def test_a_state_and_a_code_are_good_once_and_for_each_other(place: Place) -> None:
    place.p.users.create(ANN, WORDS)
    code, state = place.begin()
    assert place.finish(code, "bs_none").status == 401
    assert place.finish(code, state).status == 200
    assert place.finish(code, state).status == 401
    first, second = place.begin(), place.begin()
    assert place.finish(first[0], second[1]).status == 401, "its verifier is another one"


def wrong_tokens(provider: IdentityProvider) -> Iterator[str]:
    """Makes the next token wrong, and says how."""
    now = int(time.time())
    claims: list[dict[str, Any]] = [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": now - 3600},
        {"exp": None},
        {"iat": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": None},
        {"email": "no address"},
    ]
    for each in claims:
        provider.claims = each
        yield str(each)
    provider.claims = {}
    provider.signs_with = RSAKey.generate_key(2048)
    yield "signed with another key"
    provider.signs_with = None
    for header in ({"alg": "HS256"}, {"alg": "none"}, {"kid": "none"}):
        provider.header = header
        yield str(header)


def test_a_token_that_is_not_right_signs_nobody_in(place: Place) -> None:
    place.p.users.create(ANN, WORDS)
    for what in wrong_tokens(place.provider):
        told = place.sign_in()
        assert told.status in {401, 422}, (what, told.body)
    place.provider.claims, place.provider.header = {}, {}
    assert place.sign_in().status == 200


def test_a_new_key_of_the_provider_is_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from burnish.security import provider

    monkeypatch.setattr(provider, "_KEYS_AT_MOST_EVERY_S", 0.0)
    place.p.users.create(ANN, WORDS)
    assert place.sign_in().status == 200
    count = place.provider.asked.count("/keys")
    assert place.sign_in().status == 200
    assert place.provider.asked.count("/keys") == count, "they are remembered"
    place.provider.turn()
    assert place.sign_in().status == 200


def test_a_provider_that_is_away_or_is_none_is_told(place: Place) -> None:
    begin = f"{place.url}/api/v1/auth/oidc"
    place.provider.is_away = True
    assert ask("POST", begin, {}).status == 503
    place.provider.is_away = False
    for wrong in (
        {"issuer": "https://evil.example"},
        {"jwks_uri": "http://evil.example/keys"},
        {"token_endpoint": None},
    ):
        place.provider.described = wrong
        told = ask("POST", begin, {})
        assert told.status in {500, 503, 422}, told.body
    place.provider.described = {}
    assert ask("POST", begin, {}).status == 200


def test_somebody_who_is_kept_out_stays_out(place: Place) -> None:
    place.p.users.create(ANN, WORDS)
    assert place.sign_in().status == 200
    place.p.users.change(ANN, disabled=True)
    assert place.sign_in().status == 401
    place.p.users.erase(ANN)
    assert place.sign_in().status == 401


def test_settings_that_cannot_work_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with burnish.open() as p, pytest.raises(burnish.NotPermitted, match="no identity provider"):
        p.oidc.begin()
    monkeypatch.setenv("BURNISH_OIDC__ISSUER", "https://id.example.com")
    with burnish.open() as p, pytest.raises(burnish.SettingsError, match=r"oidc\.client_id"):
        p.oidc.begin()
    monkeypatch.setenv("BURNISH_OIDC__CLIENT_ID", CLIENT)
    monkeypatch.setenv("BURNISH_OIDC__REDIRECT", "https://app.example.com/back")
    monkeypatch.setenv("BURNISH_OIDC__ISSUER", "http://id.example.com")
    with burnish.open() as p, pytest.raises(burnish.SettingsError, match="not https"):
        p.oidc.begin()


def test_the_secret_is_told_nowhere(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    from burnish.cli.main import main

    assert main(["config", "show", "--json"]) == 0
    place.provider.is_away = True
    told = ask("POST", f"{place.url}/api/v1/auth/oidc", {})
    assert SECRET not in capsys.readouterr().out + told.body.decode()
