"""A thousand tokens that are none: each is answered 401 over HTTP, in the same words."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish

MANY = 1_000
EMAIL, WORDS = "ann@example.com", "seven green lamps at noon"
KEY_ID, KEY = "k0000test", bytes(range(32))


class Place(NamedTuple):
    address: str
    token: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("BURNISH_SERVER__AUTH", "accounts")
        patch.setenv("BURNISH_SIGNING_KEYS", f"{KEY_ID}:{_text(KEY)}")
        # What guards against guessing would hide that each is looked at.
        patch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "1000000")
        patch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "0")
        with burnish.open() as p:
            p.users.create(EMAIL, WORDS, role="editor")
        with serving() as url:
            told = ask("POST", f"{url}/api/v1/auth/login", {"email": EMAIL, "password": WORDS})
            assert told.status == 200, told.body
            yield Place(url, told.json["access_token"])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def part(value: object) -> str:
    return _text(json.dumps(value).encode())


def of(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def signed(head: object, body: object, key: bytes = KEY, hash_: str = "sha256") -> str:
    told = f"{part(head)}.{part(body)}"
    return f"{told}.{_text(hmac.new(key, told.encode(), hash_).digest())}"


Make = Callable[[random.Random, dict[str, Any], dict[str, Any], str], str]
NONE = ("none", "None", "NONE", "nOnE", "", None, 0)
OTHERS = ("HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 ", "dir", ["HS256"])
PLACES = ("jku", "x5u", "jwk", "x5c", "crit", "zip", "cty", "b64", "enc")


def unsigned(chance: random.Random, head: Any, body: Any, _: str) -> str:
    end = chance.choice(["", "x", _text(KEY)])
    return f"{part({**head, 'alg': chance.choice(NONE)})}.{part(body)}.{end}"


def of_another_algorithm(chance: random.Random, head: Any, body: Any, _: str) -> str:
    name = chance.choice(OTHERS)
    hash_ = chance.choice(["sha256", "sha384", "sha512"])
    return signed({**head, "alg": name}, body, hash_=hash_)


def of_another_key(chance: random.Random, head: Any, body: Any, _: str) -> str:
    other = chance.choice([b"", b"secret", KEY[::-1], KEY[:-1], chance.randbytes(32)])
    more = {chance.choice(PLACES): chance.choice(["x", {"kty": "oct", "k": _text(other)}, ["x"]])}
    return signed({**head, **chance.choice([{}, more])}, body, other)


def of_another_name(chance: random.Random, head: Any, body: Any, _: str) -> str:
    names: tuple[Any, ...] = (
        None,
        7,
        [],
        {},
        "",
        "none",
        "../../etc/passwd",
        "' or 1=1 --",
        KEY_ID + "x",
        "x" * 500,
    )
    return signed({**head, "kid": chance.choice(names)}, body)


def of_wrong_claims(chance: random.Random, head: Any, body: Any, _: str) -> str:
    """Signed as ours are."""
    now = int(time.time())
    claims: list[dict[str, Any]] = [
        {"exp": now - chance.randrange(1, 10**9)}, {"exp": "never"}, {"exp": None}, {"exp": []},
        {"nbf": now + chance.randrange(10**4, 10**9)}, {"nbf": "x"},
        {"iat": now + chance.randrange(10**4, 10**9)}, {"iat": None},
        {"aud": chance.choice(["others", ["others"], "", None, 7])},
        {"iss": chance.choice(["others", "", None, 7, ["burnish", "x"]])},
        {"sub": chance.choice(["", None, 7, "nobody", "' or 1=1 --", "x\0y", "\ud800"])},
        {"sid": chance.choice(["", None, 7, "nobody", "x\0y", "\ud800", {"a": 1}])},
    ]  # fmt: skip
    return signed(head, {**body, **chance.choice(claims)})


def without_claim(chance: random.Random, head: Any, body: Any, _: str) -> str:
    left = chance.choice(["iss", "aud", "sub", "sid", "iat", "exp"])
    return signed(head, {name: value for name, value in body.items() if name != left})


def cut(chance: random.Random, _: Any, __: Any, token: str) -> str:
    return token[: chance.randrange(1, len(token) - 2)]


def flipped(chance: random.Random, _: Any, __: Any, token: str) -> str:
    """One bit of what the letters stand for."""
    parts = token.split(".")
    at = chance.randrange(3)
    raw = bytearray(base64.urlsafe_b64decode(parts[at] + "=" * (-len(parts[at]) % 4)))
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    parts[at] = _text(bytes(raw))
    return ".".join(parts)


def no_token(chance: random.Random, head: Any, body: Any, token: str) -> str:
    parts = token.split(".")
    return chance.choice(
        [
            "..", "...", "a.b.c", "null", "{}", token * 3, f"{token}.{parts[2]}", token + "=",
            ".".join(reversed(parts)), f"{parts[0]}.{parts[1]}", f"{parts[0]}..{parts[2]}",
            "x" * chance.randrange(2_001, 60_000), signed(head, {**body, "x": "y" * 40_000}),
            _text(b"[" * 1_200) + f".{parts[1]}.{parts[2]}", f"{part([])}.{part([])}.{parts[2]}",
            "".join(chance.choices("ABCabc019-_=.{}\"'%", k=chance.randrange(1, 400))),
        ]
    )  # fmt: skip


MAKERS: tuple[Make, ...] = (
    unsigned, of_another_algorithm, of_another_key, of_another_name, of_wrong_claims,
    without_claim, cut, flipped, no_token,
)  # fmt: skip


@pytest.mark.spec("SEC-06")
def test_a_thousand_tokens_that_are_none(place: Place) -> None:
    chance = random.Random(20)
    head, body = (of(each) for each in place.token.split(".")[:2])
    assert head["kid"] == KEY_ID
    # What is signed here is taken, so it is the change that each is refused for.
    assert answers(place, [place.token, signed(head, body)]) == {200: 2}
    wrong = [
        MAKERS[number % len(MAKERS)](chance, head, {**body, "jti": f"j{number}"}, place.token)
        for number in range(MANY)
    ]
    assert len(set(wrong)) > 0.7 * MANY
    assert answers(place, wrong) == {401: MANY}
    assert answers(place, [place.token]) == {200: 1}


def answers(place: Place, tokens: list[str]) -> dict[int, int]:
    """How many of each status, and one shape for all that are refused."""
    host, _, port = place.address.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    found: dict[int, int] = {}
    details: set[str] = set()
    for each in tokens:
        connection.request("GET", "/api/v1/prompts", headers={"authorization": f"Bearer {each}"})
        with connection.getresponse() as reply:
            text = reply.read()
            found[reply.status] = found.get(reply.status, 0) + 1
            if reply.status >= 400:
                assert reply.headers["content-type"] == "application/problem+json", each
                assert reply.headers["www-authenticate"] == "Bearer", each
                told = json.loads(text)
                assert told["request_id"] == reply.headers["x-request-id"]
                details.add(told["detail"])
    connection.close()
    assert len(details) <= 2, details
    return found
