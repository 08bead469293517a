"""Keys that servers echo, and a password in an address, turn up nowhere."""

from __future__ import annotations

import asyncio
import base64
import pickle
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.cli.conftest import Done, Run
from tests.models.vendors import EVENTS, Fault, Vendors

import burnish
from burnish.errors import BurnishError
from burnish.settings import load

IDEA = "write a short poem about rain"
# None of them looks like a key: only who knows it can take it out.
CANARIES = {
    "OPENAI_API_KEY": "Zq7fh2pollenOne",
    "ANTHROPIC_API_KEY": "Zq7fh2pollenTwo",
    "GEMINI_API_KEY": "Zq7fh2pollenThree",
}
PASSWORD = "Zq7fh2pollenFour"
MARK = "Zq7fh2pollen"
FORMS = [
    MARK.encode(),
    MARK.encode()[::-1],
    *(base64.b64encode(word.encode()) for word in (*CANARIES.values(), PASSWORD)),
    base64.b64encode(f"bob:{PASSWORD}".encode()),
]


@dataclass(frozen=True)
class Provider:
    model: str
    key: str
    path: str = ""

    @property
    def name(self) -> str:
        return self.model.partition(":")[0]


PROVIDERS = [
    Provider("openai:gpt-5-mini", "OPENAI_API_KEY", "/v1"),
    Provider("anthropic:claude-haiku-4-5", "ANTHROPIC_API_KEY"),
    Provider("gemini:gemini-2.5-flash", "GEMINI_API_KEY"),
]


class Always(deque[Fault]):
    """The same fault for every request."""

    def __init__(self, fault: Fault) -> None:
        super().__init__([fault])

    def popleft(self) -> Fault:
        return self[0]


def faults(key: str) -> dict[str, Fault]:
    """What a server does that shows the key it was sent."""
    echo = f"the key {key!r} (Bearer {key}) is not good"
    return {
        "an answer": Fault(),
        "401": Fault(status=401, message=echo),
        "403 as text": Fault(status=403, body=echo.encode(), content_type="text/plain"),
        "429": Fault(status=429, message=echo),
        "500": Fault(status=500, message=echo, headers={"x-key": key}),
        "400": Fault(status=400, message=f"header x-api-key={key}"),
        "no JSON": Fault(body=f'{{"key": "{key}", '.encode()),
        "another shape": Fault(body=f'{{"error": "{key}", "choices": "{key}"}}'.encode()),
        "an error in a stream": Fault(
            body=f'data: {{"error": {{"message": "{echo}"}}}}\n\n'.encode(), content_type=EVENTS
        ),
        "a broken stream": Fault(cut_after=2),
        "a broken stream's event": Fault(body=f"data: {{{key}\n\n".encode(), content_type=EVENTS),
        "a hang-up": Fault(drop=True),
    }


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.param
    return found


class Servers(NamedTuple):
    """Of the provider under test, and of all others: nothing leaves this machine."""

    own: Vendors
    others: Vendors


@pytest.fixture
def servers(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Servers]:
    surroundings = {
        **CANARIES,
        "BURNISH_MODELS__MAX_RETRIES": "0",
        "BURNISH_MODELS__BREAKER_FAILURES": "0",
        "BURNISH_LOG__LEVEL": "debug",
        "BURNISH_LOG__FILE": str(tmp_path / "burnish.log"),
        "BURNISH_LOG__TEXTS": "true",
    }
    with Vendors() as own, Vendors() as others:
        for each in PROVIDERS:
            url = (own if each == provider else others).url
            surroundings[f"BURNISH_MODELS__{each.name.upper()}__BASE_URL"] = url + each.path
        surroundings["BURNISH_MODELS__X__BASE_URL"] = "http://127.0.0.1:9/v1"
        for name, value in surroundings.items():
            monkeypatch.setenv(name, value)
        yield Servers(own, others)


class Watch:
    """Gathers whatever is told and where, and looks for the canaries in it."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self.looked_at = 0

    def look(self, where: str, content: str | bytes) -> None:
        self.looked_at += 1
        plain = content.encode() if isinstance(content, str) else content
        for form in FORMS:
            if (at := plain.find(form)) >= 0:
                shown = plain[max(0, at - 60) : at + 60].decode(errors="replace")
                self.leaks.append(f"{where}: {shown}")

    def look_at_command(self, *words: str, done: Done) -> None:
        self.look(f"stdout of {words}", done.out)
        self.look(f"stderr of {words}", done.err)

    def look_at_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.look(str(path.relative_to(folder)), path.read_bytes())

    def look_at_error(self, where: str, error: BaseException) -> None:
        """All that a report of the error may show, suppressed causes included."""
        self.look(where, pickle.dumps(error))
        chain: list[BaseException] = [error]
        for each in chain:
            self.look(f"{where}, {type(each).__name__}", f"{each!r} {each} {vars(each)!r}")
            self.look(where, "".join(traceback.format_exception(each)))
            near = (each.__cause__, each.__context__, *getattr(each, "causes", ()))
            chain += [other for other in near if other is not None and other not in chain]
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        self.look(f"{where}, with locals", "".join(whole.format()).replace(PASSWORD, ""))


def commands(provider: Provider) -> list[tuple[str, ...]]:
    return [
        ("generate", IDEA, "--model", provider.model, "--count", "1"),
        ("generate", IDEA, "--model", provider.model, "--stream", "--show-phases"),
        ("generate", IDEA, "--model", "x:m"),
        ("batch", "ideas.txt", "--model", provider.model, "--skip-errors", "--resume"),
        ("models", "check", provider.name, "x"),
        ("models", "list", provider.name),
        ("runs", "list"),
        ("stats", "--by", "model"),
    ]


AFTER: list[tuple[str, ...]] = [
    ("models", "list"),
    ("models", "check", "x"),
    ("runs", "export"),
    ("runs", "export", "--jsonl", "runs.jsonl"),
    ("config", "show"),
    ("config", "validate"),
    ("doctor",),
    ("cache", "stats"),
    ("prompts", "list"),
]


async def completed(watch: Watch, where: str, model: str) -> list[Any]:
    """What is given or raised in Python, while the store is open."""
    kept: list[Any] = []
    async with burnish.open_async() as p:
        await p.prompts.create("quiz/one", "Tell me about {{ what }}.")
        calls: list[Any] = [
            p.complete("quiz/one", {"what": where}, model=model),
            p.complete("quiz/one", {"what": where}, model="x:m", fallbacks=[model]),
            p.generate(IDEA, model=model, count=2, store=False),
            p.models.list(model.partition(":")[0]),
            p.models.check(),
        ]
        for call in calls:
            try:
                kept.append(await call)
            except BurnishError as error:
                watch.look_at_error(where, error)
        kept += (await p.runs.page(limit=100)).items
        await p.flush()
        watch.look_at_files(Path(p.settings.home_path))
        for thing in (p, p.prompts, p.models, p.sources, load().vendor):
            watch.look(where, repr(thing))
    return kept


def told_keys(server: Vendors) -> set[str]:
    values = [value for seen in server.seen for value in seen.headers.values()]
    return {value.removeprefix("Bearer ") for value in values if MARK in value}


@pytest.mark.slow
@pytest.mark.spec("SEC-01")
def test_a_key_is_told_to_its_provider_alone(
    provider: Provider, servers: Servers, run: Run, tmp_path: Path
) -> None:
    watch, as_json = Watch(), False
    (tmp_path / "ideas.txt").write_text(f"{IDEA}\nwrite a note about bread", encoding="utf-8")
    for what, fault in faults(CANARIES[provider.key]).items():
        servers.own.faults = Always(fault)
        for thing in asyncio.run(completed(watch, what, provider.model)):
            watch.look(
                f"{what}: {type(thing).__name__}", repr(thing).encode() + pickle.dumps(thing)
            )
        as_json = not as_json
        for words in commands(provider):
            given = (*words, "--json") if as_json else words
            watch.look_at_command(what, *given, done=run(*given))
    last = run("runs", "list", "--failed", "--limit", "1").out.partition("\t")[0]
    for words in (*AFTER, ("runs", "show", last)):
        for given in (words, (*words, "--json")):
            watch.look_at_command(*given, done=run(*given))
    watch.look_at_files(tmp_path)
    assert watch.leaks == []
    # The key was there to be told: its provider got it, and nobody else did.
    assert told_keys(servers.own) == {CANARIES[provider.key]}
    assert told_keys(servers.others) == {*CANARIES.values()} - {CANARIES[provider.key]}
    assert watch.looked_at > 400
    assert (tmp_path / "burnish.log").stat().st_size > 0
    assert (tmp_path / "home" / "cache.sqlite").exists()
