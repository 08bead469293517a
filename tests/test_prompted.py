"""Stored prompts for functions and agents that are there already."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.agents import AsyncResult, Filled, PromptedAgent, Result, prompted
from burnish.errors import NotFound, OutputRejected, UsageError, VariableError
from burnish.prompts.prompt import Message
from burnish.storage.run import Run

NAME = "writer/write_chapter"
CHAPTER = (
    Message("system", "You write for {{ readers }}."),
    Message("user", "Chapter {{ number }}: {{ title }}"),
)
VALUES: dict[str, Any] = {"readers": "children", "number": 3, "title": "Night"}


@pytest.fixture(autouse=True)
def chapter(p: burnish.Platform) -> None:
    p.prompts.create(NAME, CHAPTER)


def rules(p: burnish.Platform, **config: Any) -> None:
    p.prompts.update(NAME, config=config)


def runs(p: burnish.Platform) -> list[Run]:
    """Oldest first."""
    p.flush()
    return list(reversed([each for each in p.runs.page().items if each.kind == "agent"]))


class Answers:
    """A model's answers in turn, and the prompts that it was asked with."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Filled] = []

    def __call__(self, prompt: Filled) -> str:
        self.asked.append(prompt)
        return self.answers.pop(0)


@pytest.mark.spec("PY-04")
def test_a_function_gains_template_cache_and_metrics(p: burnish.Platform) -> None:
    model = Answers("Once upon a time.")

    @prompted(NAME, p)
    def write(prompt: Filled) -> str:
        """Writes a chapter."""
        return model(prompt)

    text = write(**VALUES)
    assert text == "Once upon a time."
    assert isinstance(text, Result)
    (prompt,) = model.asked
    assert prompt == "You write for children.\n\nChapter 3: Night"
    assert (prompt.system, prompt.user) == ("You write for children.", "Chapter 3: Night")
    assert [m.role for m in prompt.messages] == ["system", "user"]
    assert (prompt.reference, prompt.problem) == (f"{NAME}@1", "")
    assert (write.__name__, write.__doc__) == ("write", "Writes a chapter.")

    again = write(**VALUES)  # the model has no second answer
    assert (again, again.cached, text.cached) == (text, True, False)
    first, second = runs(p)
    assert (first.id, second.id) == (text.run_id, again.run_id)
    assert (first.prompt, first.output, first.cached, first.valid) == (NAME, text, False, None)
    assert first.version_id == p.prompts.get(NAME).version.id
    assert first.input == {"readers": "children", "number": "3", "title": "Night"}
    assert first.latency_ms > 0
    assert first.estimated
    assert first.input_tokens > 0
    assert (first.requests, first.cost_usd) == (1, None)
    assert (second.cached, second.latency_ms, second.output_tokens) == (True, 0.0, 0)
    assert (second.requests, second.cost_usd) == (0, 0.0)
    (stat,) = p.stats("task", agent="writer")
    assert (stat.runs, stat.cache_hits) == (2, 1)


@pytest.mark.spec("PY-04")
def test_an_answer_can_be_rated(p: burnish.Platform) -> None:
    answer = prompted(NAME, p)(Answers("Text"))(**VALUES)
    answer.rate(0.9)
    answer.rate(0.5)
    assert p.prompts.get(f"{NAME}@latest").prompt.rating == pytest.approx(0.7)
    with pytest.raises(UsageError, match="score is 7"):
        answer.rate(7)


@pytest.mark.spec("PY-04")
def test_answers_against_the_rules_are_asked_for_again(p: burnish.Platform) -> None:
    rules(p, min_length=10, max_length=20)
    model = Answers("short", "much longer than twenty characters", "just as long")
    assert prompted(NAME, p)(model)(**VALUES) == "just as long"
    assert [prompt.problem for prompt in model.asked] == [
        "",
        "it has 5 characters, not at least 10",
        "it has 34 characters, not at most 20",
    ]
    assert all(prompt.problem in prompt for prompt in model.asked)
    (run,) = runs(p)
    assert (run.requests, run.retries, run.valid, run.error) == (3, 2, True, "")


def test_four_bad_answers_are_an_error_that_nobody_remembers(p: burnish.Platform) -> None:
    rules(p, min_length=10)
    model = Answers(*["short"] * 4, "long enough now")
    write = prompted(NAME, p)(model)
    with pytest.raises(
        OutputRejected, match=r"4 answers against the rules of .*@2; of the last, it"
    ):
        write(**VALUES)
    assert write(**VALUES) == "long enough now"
    failed, done = runs(p)
    assert (failed.retries, failed.valid, failed.output) == (3, False, "short")
    assert failed.error.startswith("OutputRejected: ")
    assert (done.retries, done.valid) == (0, True)


GERMAN = (
    "Der Regen fiel seit dem frühen Morgen auf die Dächer der kleinen Stadt, und niemand wollte "
    "das Haus verlassen, nicht einmal der alte Briefträger."
)
ENGLISH = (
    "The rain had been falling on the roofs of the small town since early morning, and nobody "
    "wanted to leave the house, not even the old postman."
)


@pytest.mark.parametrize(
    ("config", "language"),
    [
        ({"language": "de"}, "unused"),
        ({"language": "German"}, "unused"),
        ({"language_variable": "readers"}, "German"),
        ({"language_variable": "readers"}, "de-AT"),
    ],
)
def test_an_answer_in_another_language_is_refused(
    p: burnish.Platform, config: dict[str, Any], language: str
) -> None:
    rules(p, **config)
    model = Answers(ENGLISH, GERMAN)
    assert prompted(NAME, p)(model)(**VALUES | {"readers": language}) == GERMAN
    assert model.asked[1].problem == "it is in English, not in German"


def test_a_language_that_nobody_knows_is_no_rule(p: burnish.Platform) -> None:
    rules(p, language="Klingon")
    assert prompted(NAME, p)(Answers("nuqneH"))(**VALUES) == "nuqneH"


def test_other_arguments_go_to_the_function(p: burnish.Platform) -> None:
    @prompted(NAME, p, cache=False)
    def write(prompt: str, mark: str, *, title: str = "", loud: bool = False) -> str:
        return f"{prompt}{mark}{title}{loud}"

    assert write("!", loud=True, **VALUES).endswith("Chapter 3: Night!NightTrue")
    with pytest.raises(TypeError, match="colour"):
        write("!", colour="red", **VALUES)
    with pytest.raises(VariableError, match="readers"):
        write("!", number=1, title="x")


def test_values_are_printed_as_format_would(p: burnish.Platform) -> None:
    model = Answers("a")
    values = {"readers": date(2026, 1, 2), "number": 1.5, "title": True}
    prompted(NAME, p)(model)(**values)
    assert model.asked[0] == "You write for 2026-01-02.\n\nChapter 1.5: True"


def test_what_decides_the_answer_is_part_of_the_key(p: burnish.Platform) -> None:
    """Another version, value, argument, function or agent has an answer of its own."""
    calls: list[str] = []

    @prompted(NAME, p)
    def write(prompt: str, depth: Any = 1) -> str:
        calls.append(prompt)
        return f"answer {len(calls)}"

    class Agent:
        def __init__(self, model: str) -> None:
            self.model = model
            self._calls = 0

        @prompted(NAME, p)
        def write(self, prompt: str) -> str:
            self._calls += 1
            return f"{self.model} {self._calls}"

    assert write(**VALUES) == write(**VALUES) == "answer 1"
    assert write(**VALUES | {"number": 4}) == "answer 2"
    assert write(depth=2, **VALUES) == "answer 3"
    assert write(depth=object(), **VALUES) == "answer 4"
    assert write(depth=object(), **VALUES) == "answer 5"
    p.prompts.update(NAME, config={"temperature": 0.1})
    assert write(**VALUES) == "answer 6"
    small, large = Agent("small"), Agent("large")
    assert [each.write(**VALUES) for each in (small, large, small)] == [
        "small 1",
        "large 1",
        "small 1",
    ]
    assert [run.model for run in runs(p)][-3:] == ["small", "large", "small"]


def test_agents_that_differ_in_what_nobody_sees_have_answers_of_their_own(
    p: burnish.Platform,
) -> None:
    class Client:
        def __init__(self, name: str) -> None:
            self.name = name

    class Agent:
        def __init__(self, name: str) -> None:
            self.llm, self._name = Client(name), name

        @prompted(NAME, p)
        def write(self, prompt: str) -> str:
            return self.llm.name

    def made(name: str) -> Callable[..., str]:
        client = Client(name)

        @prompted(NAME, p)
        def write(prompt: str) -> str:
            return client.name

        return write

    a, b = Agent("a"), Agent("b")
    assert [a.write(**VALUES), b.write(**VALUES)] == ["a", "b"]
    assert a.write(**VALUES).cached
    assert [made("c")(**VALUES), made("d")(**VALUES)] == ["c", "d"]


def test_no_time_to_live_and_no_cache(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path / "x"), cache__responses=False) as p:
        p.prompts.create(NAME, CHAPTER)
        write = prompted(NAME, p)(Answers("a", "b"))
        assert (write(**VALUES), write(**VALUES)) == ("a", "b")
    with burnish.open(str(tmp_path / "y")) as p:
        p.prompts.create(NAME, CHAPTER)
        write = prompted(NAME, p, ttl_s=0)(Answers("a", "b"))
        assert (write(**VALUES), write(**VALUES)) == ("a", "b")


def test_what_a_function_raises_is_recorded_without_keys_and_comes_through(
    p: burnish.Platform,
) -> None:
    @prompted(NAME, p)
    def write(prompt: str) -> str:
        raise ConnectionError("refused key sk-canary0123456789abcdef")

    with pytest.raises(ConnectionError, match="refused"):
        write(**VALUES)
    (run,) = runs(p)
    assert run.error == "ConnectionError: refused key [secret]"
    assert (run.output, run.valid) == ("", None)


def test_misuse_is_explained(p: burnish.Platform) -> None:
    def pieces(prompt: str) -> Any:
        yield prompt

    def number(prompt: str) -> Any:
        return 7

    with pytest.raises(UsageError, match="in pieces"):
        prompted(NAME, p)(pieces)
    wrapped: Callable[..., Any] = prompted(NAME, p)(number)
    with pytest.raises(UsageError, match="returned int, not a text"):
        wrapped(**VALUES)
    with pytest.raises(NotFound, match="writer/nothing"):
        prompted("writer/nothing", p)(Answers())()
    with pytest.raises(UsageError, match="no async function"):
        prompted(NAME, burnish.open_async())(Answers())(**VALUES)
    with pytest.raises(UsageError, match="no agent_name"):
        type("Nameless", (PromptedAgent,), {"generate": number})().generate_from_template("x")
    with pytest.raises(UsageError, match="no generate method"):
        type("Silent", (PromptedAgent,), {"agent_name": "a"})().generate_from_template("x")


@pytest.mark.spec("PY-04")
async def test_an_async_function_on_either_platform(tmp_path: Path) -> None:
    async def write(prompt: Filled, *, calls: list[str] | None = None) -> str:
        await asyncio.sleep(0)
        return prompt.user.upper()

    home = str(tmp_path / "async")
    async with burnish.open_async(home) as p:
        await p.prompts.create(NAME, CHAPTER)
        wrapped = prompted(NAME, lambda: p)(write)
        assert inspect.iscoroutinefunction(wrapped)
        first, second = await wrapped(**VALUES), await wrapped(**VALUES)
        assert (first, second.cached) == ("CHAPTER 3: NIGHT", True)
        assert isinstance(first, AsyncResult)
        await first.rate(1)
        await p.flush()
        found = [each for each in (await p.runs.page()).items if each.kind == "agent"]
        assert [each.id for each in found] == [second.run_id, first.run_id]
        assert (await p.prompts.get(f"{NAME}@latest")).prompt.rating == 1
    with await asyncio.to_thread(burnish.open, home) as sync:
        result = await prompted(NAME, sync)(write)(**VALUES | {"number": 4})
        assert result == "CHAPTER 4: NIGHT"
        await result.rate(0)
        assert sync.prompts.get(f"{NAME}@latest").prompt.rating == 0.5


async def test_a_cancelled_call_is_recorded(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def write(prompt: str) -> str:
        started.set()
        return str(await asyncio.Event().wait())

    async with burnish.open_async(str(tmp_path / "async")) as p:
        await p.prompts.create(NAME, CHAPTER)
        task = asyncio.create_task(prompted(NAME, p)(write)(**VALUES))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await p.flush()
        (run,) = (await p.runs.page()).items
        assert run.error.startswith("CancelledError")


@pytest.mark.spec("PY-04")
def test_an_agent_class_gains_generate_from_template(p: burnish.Platform) -> None:
    class BaseAgent:
        agent_name = ""
        model = "dolphin3:8b"

        def generate(self, prompt: str, context: str = "", temperature: float = 0.7) -> str:
            return f"{context}{prompt.splitlines()[-1]} at {temperature}"

    class WriterAgent(PromptedAgent, BaseAgent):
        agent_name = "writer"
        prompt_platform = p

    p.prompts.update(NAME, "Title {{ title }} of {{ readers }}")
    p.prompts.set_label(NAME, "v1", 1)
    agent = WriterAgent()
    values = {"title": "Night", "readers": "us"}
    answer = agent.generate_from_template("write_chapter", temperature=0.2, **values)
    assert answer == "Title Night of us at 0.2"
    assert agent.generate_from_template("write_chapter", temperature=0.2, **values).cached
    older = agent.generate_from_template("write_chapter@v1", context="> ", number=1, **values)
    assert (older, older.reference) == ("> Chapter 1: Night at 0.7", f"{NAME}@1")
    assert agent.generate("as before") == "as before at 0.7"
    assert [run.model for run in runs(p)] == ["dolphin3:8b"] * 3


async def test_an_agent_whose_generate_is_async(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path / "async")) as p:

        class Agent(PromptedAgent):
            agent_name = "writer"
            prompt_ttl_s = 0

            @property
            def prompt_platform(self) -> burnish.AsyncPlatform:  # pyright: ignore[reportIncompatibleVariableOverride] - as an agent would
                return p

            async def generate(self, prompt: str) -> str:
                return prompt[-5:]

        await p.prompts.create(NAME, CHAPTER)
        agent = Agent()
        for _ in range(2):
            answer = await agent.generate_from_template("write_chapter", **VALUES)
            assert (answer, answer.cached) == ("Night", False)


CHILD = """
from burnish.agents import prompted

@prompted("writer/write_chapter")
def write(prompt):
    return prompt.user

print(write(readers="us", number=1, title="Night"))
"""


def test_without_a_platform_the_usual_one_is_opened_and_closed(p: burnish.Platform) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Chapter 1: Night\n", "")
    # What was not yet written when the script came to its end is in the store.
    assert [run.output for run in runs(p)] == ["Chapter 1: Night"]


def test_a_message_list_is_one_text(p: burnish.Platform) -> None:
    turns = (Message("user", "Hi"), Message("assistant", "Yes?"), Message("user", "{{ ask }}"))
    p.prompts.create("chat", turns)
    model: Callable[[Filled], str] = Answers("ok")
    prompted("chat", p)(model)(ask="Why?")
    assert model.asked[0] == "[user]\nHi\n\n[assistant]\nYes?\n\n[user]\nWhy?"  # pyright: ignore[reportFunctionMemberAccess] - it is an Answers
