"""One story of a prompt, told through every face: the same results, field by field."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

import burnish
from burnish.cli.main import main

from .balancer import balancing

TEXT = "Is this mail a bug or praise? {{ mail }}"
BETTER = f"{TEXT} Answer with one word."
ROWS = [{"mail": f"mail {n}", "expected": f"mail {n}"} for n in range(64)]
Call = Callable[[burnish.Platform], Any]


class Face(Protocol):
    def __call__(self, call: Call, /, *command: str) -> Any:
        """What the call of the platform gives, or the command of the same meaning, as JSON."""
        ...


def of_platform(p: burnish.Platform) -> Face:
    def do(call: Call, *_: str) -> Any:
        return json.loads(msgspec.json.encode(call(p)))

    return do


def of_commands(capsys: pytest.CaptureFixture[str]) -> Face:
    def do(_: Call, *command: str) -> Any:
        capsys.readouterr()
        code = main([*command, "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out)

    return do


@contextmanager
def served() -> Generator[str]:
    """A server in a process of its own."""
    command = [str(Path(sys.executable).with_name("burnish")), "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.send_signal(signal.SIGINT)


@contextmanager
def two_servers() -> Generator[burnish.Platform]:
    """Of one database, behind a proxy that gives each request to the other one."""
    with ExitStack() as stack:
        first = stack.enter_context(served())
        second = stack.enter_context(served())
        proxy = stack.enter_context(balancing([first, second]))
        yield stack.enter_context(burnish.Client(proxy.url))
        assert min(proxy.served.values()) > 10


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("a server", marks=pytest.mark.spec("PY-02")),
        pytest.param("two servers", marks=pytest.mark.spec("PER-12")),
        "commands",
    ]
)
def face(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Face]:
    with ExitStack() as stack:
        match request.param:
            case "embedded":
                yield of_platform(stack.enter_context(burnish.open()))
            case "a server":
                address = stack.enter_context(served())
                yield of_platform(stack.enter_context(burnish.Client(address)))
            case "two servers":
                yield of_platform(stack.enter_context(two_servers()))
            case _:
                yield of_commands(capsys)


@pytest.mark.spec("API-04", "API-06")
def test_a_prompt_is_written_kept_measured_and_improved(face: Face, tmp_path: Path) -> None:
    data = tmp_path / "mails.jsonl"
    data.write_text("\n".join(map(json.dumps, ROWS)))
    written_and_kept(face)
    made(face)
    measured(face, str(data))
    tried_in_use(face)
    improved(face)
    told(face)
    taken_along(face, tmp_path)


def written_and_kept(do: Face) -> None:
    first = do(
        lambda p: p.prompts.create("mail/kind", TEXT, tags=["mail"], message="First"),
        *("prompts", "create", "mail/kind", TEXT, "--tag", "mail", "-m", "First"),
    )
    assert (first["prompt"]["tags"], first["version"]["revision"]) == (["mail"], 1)
    second = do(
        lambda p: p.prompts.update("mail/kind", BETTER, message="Shorter answers"),
        *("prompts", "edit", "mail/kind", BETTER, "-m", "Shorter answers"),
    )
    assert second["version"]["revision"] == 2
    moved = do(
        lambda p: p.prompts.set_label("mail/kind", "production", 1, why="known"),
        *("prompts", "label", "mail/kind", "production", "1", "-m", "known"),
    )
    assert (moved["from_revision"], moved["to_revision"]) == (None, 1)
    for reference, revision, via in (
        ("mail/kind", 1, "production"),
        ("mail/kind@latest", 2, "latest"),
        ("mail/kind@2", 2, "revision"),
    ):
        found = do(lambda p, r=reference: p.prompts.get(r), "prompts", "show", reference)
        assert (found["version"]["revision"], found["via"]) == (revision, via)
    shown = do(
        lambda p: p.prompts.render("mail/kind", {"mail": "It broke."}),
        *("prompts", "render", "mail/kind", "--var", "mail=It broke."),
    )
    assert shown["messages"][0]["content"] == "Is this mail a bug or praise? It broke."
    history = do(lambda p: p.prompts.history("mail/kind"), "prompts", "history", "mail/kind")
    assert [each["version"]["message"] for each in history] == ["Shorter answers", "First"]


def made(do: Face) -> None:
    text = "Tell Ann that the parcel is late."
    assert "Tell Ann" in do(lambda p: p.enhance(text), "enhance", text)["candidates"][0]["text"]
    idea = "summarise support tickets for the weekly report"
    written = do(lambda p: p.generate(idea, name="t/week"), "generate", idea, "--name", "t/week")
    assert (written["reference"], written["classification"]["intent"]) == (
        "t/week@1",
        "summarization",
    )
    hits = do(lambda p: p.search("support tickets"), "search", "support tickets")
    assert hits["items"][0]["prompt"]["name"] == "t/week"


def measured(do: Face, data: str) -> None:
    kept = do(lambda p: p.datasets.add("mails", ROWS), "datasets", "add", "mails", data)
    assert kept["version"]["size"] == 64
    done = do(
        lambda p: p.evaluate("mail/kind@2", "mails", models="fake:echo", scorers=["contains"]),
        *("evaluate", "mail/kind@2", "--data", "mails", "--models", "fake:echo"),
        *("--scorer", "contains"),
    )
    (column,) = done["report"]["columns"]
    assert (column["score"]["mean"], column["score"]["n"]) == (1.0, 64)


def tried_in_use(do: Face) -> None:
    do(
        lambda p: p.experiments.create(
            "words", ["mail/kind@1", "mail/kind@2"], metric="solved", layer="all"
        ),
        *("experiments", "create", "words", "mail/kind@1", "mail/kind@2"),
        *("--metric", "solved", "--layer", "all"),
    )
    begun = do(lambda p: p.experiments.start("words"), "experiments", "start", "words")
    assert begun["state"] == "running"
    for n in range(6):
        unit = f"user-{n}"
        seen = {
            do(
                lambda p, u=unit: p.experiments.assign("words", u),
                *("experiments", "assign", "words", unit),
            )["variant"]
            for _ in range(2)
        }
        assert len(seen) == 1
        kept = do(
            lambda p, u=unit: p.experiments.record("words", unit=u, metric="solved", value=1),
            *("experiments", "record", "words", "--unit", unit, "--metric", "solved"),
            *("--value", "1"),
        )
        assert kept["state"] == "recorded"
    shown = do(
        lambda p: {"findings": p.experiments.report("words")}, "experiments", "show", "words"
    )
    assert shown["findings"]["verdict"]
    ended = do(lambda p: p.experiments.stop("words"), "experiments", "stop", "words")
    assert ended["state"] == "stopped"


def improved(do: Face) -> None:
    done = do(
        lambda p: (
            p.optimize(
                "mail/kind@2",
                "mails",
                model="fake:echo",
                writer="offline",
                scorers=["contains"],
                budget=150,
            ).optimization
        ),
        *("optimize", "mail/kind@2", "--data", "mails", "--model", "fake:echo"),
        *("--writer", "offline", "--scorer", "contains", "--budget", "150"),
    )
    # All its answers are right already.
    assert done["outcome"] == "kept"
    assert [job["state"] for job in do(lambda p: p.jobs.list(), "jobs", "list")]


def told(do: Face) -> None:
    given = do(
        lambda p: p.feedback("mail/kind@1", stars=5, comment="Right"),
        *("feedback", "mail/kind@1", "--stars", "5", "--comment", "Right"),
    )
    assert (given["event"]["rating"], given["event"]["revision"]) == (1.0, 1)
    stats = do(lambda p: p.stats("prompt"), "stats", "--by", "prompt")
    runs = {each["group"]: each["runs"] for each in stats}
    assert runs["mail/kind"] >= 64
    listed = do(lambda p: p.prompts.list(prefix="mail/"), "prompts", "list", "--prefix", "mail/")
    assert [(each["name"], each["rating"]) for each in listed["items"]] == [("mail/kind", 1.0)]


def taken_along(do: Face, folder: Path) -> None:
    target = str(folder / "all.zip")
    taken = do(lambda p: p.export_(target), "export", target)
    assert taken["prompts"] == 2
    do(lambda p: p.prompts.delete("t/week"), "prompts", "delete", "t/week", "--no-input")
    back = do(lambda p: p.import_(target), "import", target)
    assert (back["new"], back["unchanged"]) == (1, 1)
