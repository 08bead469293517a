"""An OpenID Connect provider on this machine, which can be wrong in every way."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "burnish-tests", "the secret of the tests"


class IdentityProvider:
    """`claims` are put over those of each token, None takes one out; `header` over its header, and
    `signs_with` is used in place of its own key."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.email, self.subject = "ann@example.com", "ann-1"
        self.header: dict[str, str] = {}
        self.signs_with: RSAKey | None = None
        self.is_away = False
        self.described: dict[str, Any] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.turn()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.issuer = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    def turn(self) -> None:
        """Another key than before."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def sign_in(self, url: str) -> tuple[str, str]:
        """What a browser does there: the code and the state that it is sent back with."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"]
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return code, asked["state"]

    async def _begin(self) -> str:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._tell_keys)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _describe(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.is_away:
            return web.Response(status=503)
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.described,
            }
        )

    async def _tell_keys(self, request: web.Request) -> web.StreamResponse:
        """In pieces, as an answer that has come far may be."""
        self.asked.append(request.path)
        body = json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        reply = web.StreamResponse(headers={"content-type": "application/json"})
        await reply.prepare(request)
        for piece in (body[:100], body[100:]):
            await reply.write(piece)
            await asyncio.sleep(0.02)
        return reply

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = asked is not None and (
            challenge == asked["code_challenge"]
            and form["redirect_uri"] == asked["redirect_uri"]
            and form["client_id"] == CLIENT
            and form.get("client_secret") == SECRET
        )
        if asked is None or not right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self.token(asked["nonce"]), "token_type": "Bearer"})

    def token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": self.email,
            "email_verified": True,
            "name": "Ann",
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid or "", **self.header}
        if header["alg"] in {"none", "HS256"}:
            return self._by_hand(header, kept)
        return jwt.encode(header, kept, self.signs_with or self.key, algorithms=["RS256"])

    def _by_hand(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Not signed at all, or with the public key as if it were a secret that both know."""
        signed = b".".join(_plain(json.dumps(each).encode()) for each in (header, claims))
        key = self.key.as_pem(private=False)
        made = b"" if header["alg"] == "none" else hmac.digest(key, signed, hashlib.sha256)
        return (signed + b"." + _plain(made)).decode()


def _plain(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


@contextmanager
def providing() -> Generator[IdentityProvider]:
    provider = IdentityProvider()
    try:
        yield provider
    finally:
        provider.close()
