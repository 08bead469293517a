"""`generate --stream` into a pipe, and how phases that were not needed are shown."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

import burnish
from burnish import Fake, ModelRequest
from burnish.models.model import Chunk
from burnish.settings import PHASES

from .conftest import Run

IDEA = "summarise support tickets for the weekly report in 5 bullets"
NOTES = "1. The goal is a short report.\n2. Carry: 5 bullets.\n3. A list."
PROMPT = re.compile(r"<(?:outline|prompt)>\n(.*)\n</(?:outline|prompt)>", re.DOTALL)


def given(request: ModelRequest) -> str:
    found = PROMPT.search(request.messages[1].content)
    assert found
    return found[1]


def is_explore(request: ModelRequest) -> bool:
    return "Write notes" in request.messages[1].content


def use(monkeypatch: pytest.MonkeyPatch, model: Fake) -> None:
    """Every platform that a command opens has this model."""

    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return [model]

    usual = burnish.open
    monkeypatch.setattr(burnish, "open", lambda home="": usual(home, plugins=[Plugin]))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The model that every command of these tests has; it drops what it is asked for once."""
    answers = iter(["Careless words, and no variable at all."])
    fake = Fake(lambda r: NOTES if is_explore(r) else next(answers, "") or given(r))
    use(monkeypatch, fake)
    return fake


def parts(text: str) -> list[str]:
    return re.findall(r"(?m)^--- .*$", text)


def test_a_pipe_gets_each_phase_when_it_has_ended_and_nothing_else(run: Run, model: Fake) -> None:
    done = run("generate", IDEA, "--model", "fake:m", "--stream", "--name", "a")
    assert done.code == 0, done.err
    assert parts(done.out) == [f"--- {name}: model fake:m" for name in PHASES]
    assert "Careless" not in done.out
    assert "begins again" not in done.out + done.err
    text = run("prompts", "show", "a").out
    assert done.out.endswith(f"--- refine: model fake:m\n{text}")
    assert len(model.requests) == 4


def test_the_first_text_is_written_before_the_last_phase_ends(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    is_written = threading.Event()

    class Watched:
        """Standard output that notes what is written to it."""

        def write(self, text: str) -> int:
            written.append(text)
            is_written.set()
            return len(text)

        def flush(self) -> None: ...

        def isatty(self) -> bool:
            return False

    class Patient(Fake):
        """Does not begin the last phase before something was written."""

        async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
            if "Rewrite this prompt" in request.messages[1].content:
                assert await asyncio.to_thread(is_written.wait, 20)
            async for chunk in super().stream(request):
                yield chunk

    use(monkeypatch, Patient(lambda r: NOTES if is_explore(r) else given(r)))
    monkeypatch.setattr("sys.stdout", Watched())
    assert run("generate", IDEA, "--model", "fake:m", "--stream").code == 0
    assert written[0].startswith("--- explore")


def test_refinings_that_were_not_needed_are_named(run: Run, model: Fake) -> None:
    phases = "explore,draft,refine,refine,refine"
    streamed = run("generate", IDEA, "--model", "fake:m", "--stream", "--phases", phases)
    assert parts(streamed.out)[-1] == "--- refine: model fake:m"
    assert streamed.out.count("stopped: nothing left to change") == 1
    asked = len(model.requests)
    listed = run(
        *("generate", IDEA, "--model", "fake:m", "--show-phases", "--count", "1"),
        *("--phases", phases, "--fresh"),
    )
    assert listed.out.count("stopped: nothing left to change") == 1
    assert len(model.requests) == asked + 3


def test_offline_the_text_stands_alone(run: Run) -> None:
    done = run("generate", IDEA, "--model", "offline", "--stream", "--name", "a")
    assert done.out == run("prompts", "show", "a").out


def test_a_phase_that_was_left_out_says_why(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(request: ModelRequest) -> str:
        is_draft = "Write the prompt for the idea" in request.messages[1].content
        return "no prompt" if is_draft else given(request)

    use(monkeypatch, Fake(write))
    done = run(
        *("generate", IDEA, "--model", "fake:m", "--stream", "--phases", "draft,refine"),
        *("--name", "a"),
    )
    assert re.search(r"--- draft: model fake:m\n    left out: .+\n\n--- refine", done.out)
    assert "no prompt" not in done.out


def test_max_tokens_reaches_the_model(run: Run, model: Fake) -> None:
    run("generate", IDEA, "--model", "fake:m", "--max-tokens", "300", "--count", "1")
    assert {request.max_tokens for request in model.requests} == {300}
    done = run("generate", IDEA, "--max-tokens", "3")
    assert (done.code, "give 16 or more" in done.err) == (2, True)
