"""Personal data is kept from where the settings say, and the caller's answer is right."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish import Fake, ModelRequest, Run
from burnish.cli.main import main
from burnish.errors import ServerFault, UsageError
from burnish.models.model import Capabilities, Message, ModelReply, ToolCall
from burnish.models.question import Question

pytestmark = pytest.mark.spec("SEC-12")

CANARY = "canary.bird@example.org"
PHONE = "+49 30 901820"
VALUES = {"mail": f"Ask {CANARY}, {PHONE}."}


class Far(Fake):
    """A model that is not on this machine."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, capabilities=Capabilities(tools=True))

    @property
    def provider(self) -> str:
        return "far"


@contextmanager
def opened(when: str, *models: Any, **more: Any) -> Generator[burnish.Platform]:
    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return list(models)

    with burnish.open(plugins=[Plugin], redaction__when=when, **more) as p:
        yield p


def answered(p: burnish.Platform, model: str, **how: Any) -> burnish.Answer:
    if not p.prompts.list().total:
        p.prompts.create("answer", "Answer this: {{ mail }}")
    return p.complete("answer", VALUES, model=model, **how)


def written(home: str = "home") -> bytes:
    """All that the data folder holds, the database's log and the memory of answers too."""
    return b"".join(each.read_bytes() for each in Path(home).rglob("*") if each.is_file())


def outputs(table: str) -> set[str]:
    with closing(sqlite3.connect("home/burnish.sqlite")) as file:
        return {each for (each,) in file.execute(f"SELECT output FROM {table}")}


def got(model: Fake) -> str:
    return "\n".join(each.content for one in model.requests for each in one.messages)


def evaluated(p: burnish.Platform) -> None:
    rows = [{"inputs": {"mail": f"who is {n}?"}, "expected": "nobody"} for n in range(30)]
    p.evaluate("answer", rows[:2], models="far:birds", scorers=["contains"])
    p.optimize("answer", rows, model="far:birds", budget=60, scorers=["contains"])


def outside() -> Run:
    from datetime import UTC, datetime

    return Run(
        id="019a0000-0000-7000-8000-000000000001",
        kind="outside",
        input={"who": CANARY, CANARY: [{"card": 4111111111111111}]},
        output=f"{CANARY} it is",
        error=f"no {CANARY}",
        parameters={"extra": {"user": CANARY}},
        created_at=datetime.now(UTC),
    )


def test_with_store_no_byte_that_is_written_tells_it() -> None:
    broken = Far(faults=[ServerFault(f"{CANARY} is unknown")] * 9)
    birds = Far([f"They say {CANARY} does, or 4111 1111 1111 1111."])
    with opened("store", birds, models__max_retries=0) as p:
        first, again = (answered(p, "far:birds") for _ in range(2))
        assert CANARY in got(birds)
        assert first.text == again.text == f"They say {CANARY} does, or 4111 1111 1111 1111."
        told = answered(p, "fake:echo")
        remembered = answered(p, "fake:echo")
        assert told.text == remembered.text == f"Answer this: Ask {CANARY}, {PHONE}."
        # Remembered where the question says all that the answer does.
        assert (again.cached, remembered.cached) == (False, True)
        p.feedback(told.run_id, thumb="up", comment=f"{CANARY} liked it")
        p.record_run(outside())
        evaluated(p)
        (said,) = p.feedback_events().items
        assert said.comment == "[email 1] liked it"
        run = p.runs.get("019a0000-0000-7000-8000-000000000001")
        assert run.input == {"who": "[email 1]", "[email 1]": [{"card": "[card 1]"}]}
        assert (run.output, run.error) == ("[email 1] it is", "no [email 1]")
        assert run.parameters == {"extra": {"user": "[email 1]"}}
    with opened("store", broken, models__max_retries=0) as p:
        with pytest.raises(ServerFault, match=CANARY):
            answered(p, "far:m", fresh=True)
        p.flush()
        assert "[email 1] is unknown" in p.runs.page().items[0].error
    said = "They say [email 1] does, or [card 1]."
    assert outputs("results") == outputs("optimization_answers") == {said}
    found = written()
    assert CANARY.encode() not in found
    assert b"4111 1111" not in found


def test_without_it_the_same_is_written() -> None:
    with opened("off") as p:
        answered(p, "fake:echo")
    assert CANARY.encode() in written()


@pytest.mark.parametrize("when", ["provider", "both"])
def test_with_provider_a_model_elsewhere_never_gets_it(when: str) -> None:
    far = Far()
    with opened(when, far) as p:
        first, again = (answered(p, "far:m") for _ in range(2))
        p.flush()
        output = {each.output for each in p.runs.page().items}
    assert got(far) == "Answer this: Ask [email 1], [phone 1]."
    assert first.text == again.text == f"Answer this: Ask {CANARY}, {PHONE}."
    assert again.cached
    assert output == {got(far) if when == "both" else first.text}
    assert (CANARY.encode() in written()) is (when == "provider")


def test_a_model_on_this_machine_gets_it_all() -> None:
    near = Fake()
    with opened("provider", near) as p:
        answered(p, "fake:m")
    assert CANARY in got(near)


def test_a_server_of_ones_own_at_another_address_is_elsewhere() -> None:
    from burnish.models.preset import PRESETS
    from burnish.models.registry import Registry
    from burnish.settings import LimitSettings, ModelsSettings, VendorEnvironment

    def here(name: str, address: str = "", host: str = "") -> bool:
        own = {name: LimitSettings(base_url=address)} if address else {}
        environment = VendorEnvironment({"OLLAMA_HOST": host} if host else {})
        settings = ModelsSettings(providers=own)
        return Registry(PRESETS, settings, environment, Path("models")).is_here(f"{name}:m")

    assert here("ollama")
    assert here("local")
    assert here("vllm", "http://localhost:9000/v1")
    assert not here("vllm", "http://gpu.example.org:8000/v1")
    assert here("ollama", host="127.0.0.1:11434")
    assert not here("ollama", host="gpu.example.org:11434")
    assert not here("openai")
    assert not here("openai", "http://127.0.0.1:8000/v1")


def test_one_remembered_answer_serves_whoever_asks_alike_and_each_reads_their_own() -> None:
    far = Far()
    with opened("both", far) as p:
        p.prompts.create("greet", "Greet {{ who }}.")
        texts = [
            p.complete("greet", {"who": who}, model="far:m").text for who in (CANARY, "b@x.org")
        ]
    assert texts == [f"Greet {CANARY}.", "Greet b@x.org."]
    assert len(far.requests) == 1


def test_an_answer_that_breaks_a_rule_is_repaired_without_telling_it() -> None:
    far = Far(["Who?", "It is [email 1]."])

    def check(text: str) -> str:
        return "" if CANARY in text else f"it does not name {CANARY}"

    async def asked() -> burnish.Answer:
        class Plugin:
            @staticmethod
            def models() -> list[Any]:
                return [far]

        async with burnish.open_async(plugins=[Plugin], redaction__when="provider") as p:
            messages = (Message("user", f"Name {CANARY}."),)
            question = Question(model="far:m", messages=messages, check=check)
            return await p._live.calls.complete(question)  # pyright: ignore[reportPrivateUsage]

    assert asyncio.run(asked()).text == f"It is {CANARY}."
    assert "it does not name [email 1]" in got(far)
    assert CANARY not in got(far)


def test_in_a_stream_it_comes_back_though_pieces_cut_it() -> None:
    far = Far()  # streams word by word, and so cuts each placeholder
    text = f"Tell {CANARY} and {PHONE} [of it] soon"

    async def streamed() -> tuple[list[str], burnish.Answer | None]:
        class Plugin:
            @staticmethod
            def models() -> list[Any]:
                return [far]

        async with burnish.open_async(plugins=[Plugin], redaction__when="provider") as p:
            question = Question(model="far:m", messages=(Message("user", text),))
            calls = p._live.calls  # pyright: ignore[reportPrivateUsage]
            pieces = [each async for each in calls.stream(question)]
        return [each.text for each in pieces], pieces[-1].answer

    shown, answer = asyncio.run(streamed())
    assert got(far) == "Tell [email 1] and [phone 1] [of it] soon"
    assert "".join(shown) == text
    assert len(shown) > 5
    assert answer is not None
    assert answer.text == text


def test_arguments_of_tools_have_it_again() -> None:
    arguments = json.dumps({"to": "[email 1]"})
    far = Far([ModelReply(text="", tool_calls=(ToolCall("send", arguments),))])

    async def called() -> burnish.Answer:
        class Plugin:
            @staticmethod
            def models() -> list[Any]:
                return [far]

        async with burnish.open_async(plugins=[Plugin], redaction__when="both") as p:
            question = Question(
                model="far:m",
                messages=(Message("user", f"Mail {CANARY}."),),
                parameters=ModelRequest(model="", messages=(), tools=({"name": "send"},)),
            )
            return await p._live.calls.complete(question)  # pyright: ignore[reportPrivateUsage]

    (call,) = asyncio.run(called()).tool_calls
    assert json.loads(call.arguments) == {"to": CANARY}


def test_kinds_of_the_settings_alone_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    far = Far()
    with opened("provider", far, redaction__kinds=("phone",)) as p:
        answered(p, "far:m")
        assert p.redact(VALUES["mail"]).text == f"Ask {CANARY}, [phone 1]."
    assert got(far) == f"Answer this: Ask {CANARY}, [phone 1]."
    monkeypatch.setenv("BURNISH_REDACTION__KINDS", "email,card")
    monkeypatch.setenv("BURNISH_REDACTION__WHEN", "store")
    with burnish.open("home/other") as p:
        assert p.redact(VALUES["mail"]).text == f"Ask [email 1], {PHONE}."
        answered(p, "fake:echo")
    found = written("home/other")
    assert CANARY.encode() not in found
    assert PHONE.encode() in found


def test_each_interface_shows_what_would_be_taken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, left = f"Ask {CANARY}, {PHONE}.", "Ask [email 1], [phone 1]."
    with burnish.open() as p:
        wanted = p.redact(text)
    assert wanted.text == left
    assert main(["redact", text, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["redact", "-", "--kinds", "phone"]) == 0
    assert capsys.readouterr().out == f"Ask {CANARY}, [phone 1].\n"
    assert main(["redact", text, "--kinds", "name"]) == 2
    assert "use email, phone, card, iban, ip" in capsys.readouterr().err
    with serving() as url:
        told = ask("POST", f"{url}/api/v1/redact", {"text": text})
        assert (told.status, told.json) == (200, shown)
        assert ask("POST", f"{url}/api/v1/redact", {"text": text, "kinds": ["name"]}).status == 422
        with burnish.Client(url) as client:
            assert client.redact(text) == wanted
            assert client.redact(text, kinds=["email"]).text == f"Ask [email 1], {PHONE}."
            with pytest.raises(UsageError, match="no kind of personal data"):
                client.redact(text, kinds=["name"])
    assert shown["found"][0] == {"kind": "email", "value": CANARY, "placeholder": "[email 1]"}


def test_the_answer_that_a_server_keeps_for_a_repeat_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_REDACTION__WHEN", "store")
    with serving() as url:
        ask("POST", f"{url}/api/v1/prompts", {"name": "say", "content": "Say {{ mail }}"})
        body = {"reference": "say", "values": VALUES, "model": "fake:echo"}
        first, again = (
            ask("POST", f"{url}/api/v1/complete", body, idempotency_key="k") for _ in range(2)
        )
    assert first.json["text"] == f"Say Ask {CANARY}, {PHONE}."
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json == first.json | {"text": "Say Ask [email 1], [phone 1]."}
    assert CANARY.encode() not in written()
