"""The guided session to its end: what a person sees who lets a language model write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self, cast

import pexpect
import pytest
from tests.scenario.running import Running, serving

import burnish

from .conftest import COMMAND

KEY = "key-of-the-test"
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A provider that answers and one that does not."""
    with serving() as running:
        monkeypatch.setenv("BURNISH_MODELS__ACME__BASE_URL", running.url)
        monkeypatch.setenv("ACME_API_KEY", KEY)
        # Nothing listens on the port for services that throw everything away.
        monkeypatch.setenv("BURNISH_MODELS__GONE__BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
        monkeypatch.delenv("COLUMNS", raising=False)
        yield running


class Session:
    """Each answer is given when its question stands there; `screen` is all that was seen."""

    def __init__(self, columns: int = 80) -> None:
        self._child = cast("Any", pexpect).spawn(
            COMMAND[0], COMMAND[1:], timeout=60, encoding="utf-8", dimensions=(100, columns)
        )
        self.screen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)

    def answer(self, question: str, text: str) -> str:
        """What was written before the question."""
        self._child.expect(rf"{question}[^\r\n]*> ")
        seen = self._keep()
        self._child.sendline(text)
        return seen

    def end(self) -> int | None:
        self._child.expect(pexpect.EOF)
        self._keep()
        self._child.close()
        return self._child.exitstatus

    def _keep(self) -> str:
        after = self._child.after if isinstance(self._child.after, str) else ""
        seen = _CODES.sub("", self._child.before + after).replace("\r\n", "\n")
        self.screen += seen
        return seen


@pytest.mark.spec("CLI-02")
def test_a_model_writes_the_prompt_and_one_that_is_away_ends_nothing(server: Running) -> None:
    with Session() as session:
        session.answer("What should the prompt do", "summarise support tickets for my boss")
        offline = session.answer("Next", "7")
        assert "Written by" not in offline
        assert "Set up: acme:MODEL, gone:MODEL" in session.answer("Model", "gone:m")
        told = session.answer("Next", "7")
        assert told.count("gone cannot be reached") == 1
        assert "Traceback" not in told
        assert "summarise" not in told.lower()  # the prompt that stood there stays as it was
        session.answer("Model", "acme:parrot")
        written = session.answer("Next", "1")
        assert "Check each line once more" in written
        assert "Written by acme:parrot, cost unknown." in written
        another = session.answer("Next", "4")
        assert "Written by acme:parrot" in another
        assert _mark(another) != _mark(written)
        session.answer("Name", "team/tickets")
        assert "Saved as team/tickets@1." in session.answer("Next", "q")
        assert session.end() == 0
    assert KEY not in session.screen
    # What moves while one waits is written over itself.
    lines = [line.rpartition("\r")[2] for line in session.screen.split("\n")]
    assert [line for line in lines if len(line.rstrip()) > 80] == []
    with burnish.open() as p:
        kept = p.prompts.get("team/tickets")
        assert _mark(kept.version.messages[-1].content) == _mark(another)
        assert "acme:parrot" in {run.model for run in p.runs.page().items}


def _mark(text: str) -> str:
    """The server ends each answer with another one."""
    return re.findall(r"list (\w{8})\.", text)[-1]


def test_enter_takes_what_stands_in_brackets(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    with Session(120) as session:
        session.answer("What should the prompt do", "write a haiku about rain")
        session.answer("Next", "7")
        assert "[openai:gpt-5-mini]" in session.answer("Model", "")
        written = session.answer("Next", "2")
        assert "Written by openai:gpt-5-mini, " in written
        assert "[generic]" in session.answer("Model or family", "claude")
        assert "<task>" in session.answer("Next", "3")
        assert "[auto]" in session.answer("Persona", "")
        session.answer("Next", "7")
        session.answer("Model", "offline")
        assert "Written by" not in session.answer("Next", "6")
        session.answer("What should the prompt do", "plan a trip")
        session.answer("Next", "q")
        assert session.end() == 0
