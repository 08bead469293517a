"""The library to files and back."""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import burnish
from burnish.errors import NotFound, UsageError
from burnish.library import Library
from burnish.library.files.gather import MAX_UNPACKED_BYTES
from burnish.prompts.prompt import Message, Variable
from burnish.storage.sqlite import open_sqlite

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t{}[]|>#-:'\"`"),
    min_size=1,
    max_size=60,
).filter(lambda text: bool(text.strip()))
LITERAL = TEXTS.map(
    lambda text: f"{{% raw %}}{text.replace('{%', '')}{{% endraw %}} {{{{ topic }}}}"
)
NAMES = st.from_regex(r"[a-z]{1,6}(/[a-z0-9_]{1,8})?", fullmatch=True)
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS
VERSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "text": LITERAL,
            "system": st.just("") | LITERAL,
            "message": TEXTS.map(str.strip),
            "config": st.dictionaries(st.sampled_from(["mine", "other"]), VALUES, max_size=2),
            "branch": st.booleans(),
        }
    ),
    min_size=1,
    max_size=3,
)
PROMPTS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {
            "versions": VERSIONS,
            "tags": st.lists(TEXTS.map(str.strip), max_size=2),
            "description": TEXTS.map(str.strip),
        }
    ),
    min_size=1,
    max_size=3,
)


async def filled(library: Library, prompts: dict[str, Any]) -> None:
    for name, fields in prompts.items():
        await library.create(
            name,
            _content(fields["versions"][0]),
            tags=fields["tags"],
            description=fields["description"],
            owner="ann",
            author="ann",
        )
        await library.lines.branch(name, "try")
        for version in fields["versions"][1:]:
            content = _content(version)
            await library.update(
                name,
                content,
                variables=[Variable(name="topic", type="string", default="x", description="d")],
                config=version["config"],
                message=version["message"],
                author="bob",
                branch="try" if version["branch"] else "main",
            )
        await library.set_label(name, "production", 1)
        await library.lines.tag(name, "v1", 1)


def _content(version: dict[str, Any]) -> list[Message]:
    system = [Message("system", version["system"])] if version["system"] else []
    return [*system, Message("user", version["text"])]


async def state(p: burnish.AsyncPlatform) -> dict[str, Any]:
    """All that a file can hold, without the ids that each store makes."""
    found: dict[str, Any] = {}
    page = await p.prompts.list(limit=1000, sort="name")
    for prompt in page.items:
        history = await p.prompts.history(prompt.name, limit=100)
        place = {entry.version.id: entry.version.revision for entry in history}
        found[prompt.name] = (
            prompt.category,
            prompt.tags,
            prompt.description,
            prompt.owner,
            prompt.latest_revision,
            [
                (
                    v.revision, v.messages, v.variables, v.config, v.author, v.message,
                    tuple(place[each] for each in v.parents), v.content_hash, v.created_at,
                    v.metadata, v.branch, entry.labels,
                )
                for entry in history
                for v in [entry.version]
            ],
            [(b.name, b.revision) for b in await p.prompts.branches(prompt.name)],
            [(each.name, each.revision, each.tag) for each in await p.prompts.labels(prompt.name)],
        )  # fmt: skip
    return found


async def round_trip(folder: Path, prompts: dict[str, Any], form: str, target: str) -> None:
    async with burnish.open_async(str(folder / "a")) as one:
        store = await open_sqlite(folder / "a" / "burnish.sqlite")
        await filled(Library(store), prompts)
        await store.close()
        before = await state(one)
        await one.export_(folder / target, format=form)
    async with burnish.open_async(str(folder / "b")) as other:
        report = await other.import_(folder / target)
        assert (report.new, report.bad) == (len(prompts), 0), report.files
        assert await state(other) == before
        again = await other.import_(folder / target)
        assert again.unchanged == len(prompts), again.files


@pytest.mark.spec("LIB-12", "LIB-02")
@pytest.mark.parametrize(
    ("form", "target"),
    [("burnish", "all.json"), ("burnish-yaml", "all.yaml"), ("burnish", "all.zip")],
)
@given(prompts=PROMPTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_exported_comes_back_into_an_empty_store(
    prompts: dict[str, Any], form: str, target: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(round_trip(Path(folder), prompts, form, target))


@pytest.mark.spec("LIB-12", "LIB-02")
@pytest.mark.parametrize("form", ["markdown", "csv"])
def test_people_can_read_and_change_what_is_exported(tmp_path: Path, form: str) -> None:
    messages = [Message("system", "You are brief.\n# not a head"), Message("user", "Say {{ x }}.")]
    with burnish.open(str(tmp_path / "a")) as p:
        p.prompts.create(
            "a/b",
            messages,
            tags=["t"],
            description="d",
            owner="ann",
            variables=[Variable(name="x", type="number", default=3, description="how many")],
        )
        p.export_(tmp_path / "out", format=form)
        before = p.prompts.get("a/b")
    with burnish.open(str(tmp_path / "b")) as p:
        assert p.import_(tmp_path / "out").new == 1
        after = p.prompts.get("a/b")
    assert after.version.content_hash == before.version.content_hash
    for field in ("category", "tags", "description", "owner"):
        assert getattr(after.prompt, field) == getattr(before.prompt, field)
    assert (after.version.author, after.version.created_at) == (
        before.version.author,
        before.version.created_at,
    )


def test_archived_versions_stay_archived(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path / "a")) as p:
        for text in ("one", "two", "three"):
            p.prompts.create("note", text)
        p.prompts.archive("note", [2])
        p.export_(tmp_path / "all.json")
    with burnish.open(str(tmp_path / "b")) as p:
        p.import_(tmp_path / "all.json")
        archived = [bool(each.version.archived_at) for each in p.prompts.history("note")]
        assert archived == [False, True, False]


def written(folder: Path, text: str, **fields: Any) -> Path:
    prompt = {
        "name": "note",
        "versions": [{"messages": [{"role": "user", "content": text}]}],
    } | fields
    path = folder / "note.json"
    path.write_text(json.dumps({"burnish": 1, "prompts": [prompt]}), encoding="utf-8")
    return path


@pytest.mark.spec("LIB-13")
@pytest.mark.parametrize(
    ("conflict", "outcome", "text", "tags", "production"),
    [
        ("skip", "skipped", "Old text.", ("mine",), 1),
        ("new-revision", "revised", "New text.", ("mine",), 1),
        ("overwrite", "revised", "New text.", (), 2),
    ],
)
def test_each_rule_does_what_it_says(
    tmp_path: Path,
    conflict: Any,
    outcome: str,
    *,
    text: str,
    tags: tuple[str, ...],
    production: int,
) -> None:
    path = written(tmp_path, "New text.", labels={"production": 1})
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "Old text.", tags=["mine"])
        p.prompts.set_label("note", "production", 1)
        plan = p.import_(path, conflict=conflict, dry_run=True)
        assert (plan.files[0].outcome, plan.dry_run) == (outcome, True)
        assert p.prompts.get("note@latest").version.text == "Old text."
        report = p.import_(path, conflict=conflict)
        assert report.files[0].outcome == outcome
        found = p.prompts.get("note@latest")
        assert (found.version.text, found.prompt.tags) == (text, tags)
        assert p.prompts.get("note@production").version.revision == production
        assert p.prompts.get("note@1").version.text == "Old text."
        again = p.import_(path, conflict=conflict)
        assert again.files[0].outcome == ("skipped" if conflict == "skip" else "unchanged")


def test_overwriting_brings_an_old_text_back(tmp_path: Path) -> None:
    path = written(tmp_path, "Old text.")
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "Old text.")
        p.prompts.update("note", "New text.")
        assert p.import_(path).unchanged == 1
        assert p.import_(path, conflict="overwrite").revised == 1
        assert p.prompts.get("note").version.text == "Old text."


@pytest.mark.spec("LIB-14")
def test_files_of_other_tools_come_in_and_render(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "hub.json").write_text(
        json.dumps(
            {
                "lc": 1,
                "type": "constructor",
                "id": ["langchain", "prompts", "chat", "ChatPromptTemplate"],
                "kwargs": {
                    "input_variables": ["question"],
                    "messages": [
                        {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "prompts", "chat", "HumanMessagePromptTemplate"],
                            "kwargs": {
                                "prompt": {
                                    "lc": 1,
                                    "type": "constructor",
                                    "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
                                    "kwargs": {
                                        "template": "Answer {question} in a word.",
                                        "input_variables": ["question"],
                                        "template_format": "f-string",
                                    },
                                }
                            },
                        }
                    ],
                },
            }
        ),
        encoding="utf-8",
    )
    (folder / "promptfooconfig.yaml").write_text(
        "prompts:\n  - 'Translate {{text}} to {{language}}'\nproviders:\n  - openai:chat:gpt-4o\n"
        "tests:\n  - vars: {text: hello, language: French}\n",
        encoding="utf-8",
    )
    (folder / "request.json").write_text(
        json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there."}]}),
        encoding="utf-8",
    )
    (folder / "package.json").write_text('{"name": "not-a-prompt", "version": "1.0"}', "utf-8")
    (folder / "bad.prompty").write_text("---\nname: [\n---\nHi\n", encoding="utf-8")
    with burnish.open(str(tmp_path / "home")) as p:
        report = p.import_(folder)
        by_file = {each.file: each for each in report.files}
        assert {name: each.outcome for name, each in by_file.items()} == {
            "hub.json": "new",
            "promptfooconfig.yaml": "new",
            "request.json": "new",
            "bad.prompty": "bad",
        }
        assert by_file["bad.prompty"].line > 0
        hub = p.prompts.render(by_file["hub.json"].name, {"question": "why"})
        assert hub.user == "Answer why in a word."
        promptfoo = by_file["promptfooconfig.yaml"].name
        values = {"text": "hello", "language": "French"}
        assert p.prompts.render(promptfoo, values).user == "Translate hello to French"
        assert p.prompts.get(promptfoo).version.config["model"] == "openai:gpt-4o"


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return path


def test_an_archive_writes_nothing_outside_itself(tmp_path: Path) -> None:
    good = written(tmp_path, "Fine.").read_bytes()
    path = archive(
        tmp_path / "in.zip",
        {"../out.json": good, "/abs.json": good, "a/../../b.json": good, "in/fine.json": good},
    )
    with burnish.open(str(tmp_path / "home")) as p:
        report = p.import_(path)
    assert {each.file: each.outcome for each in report.files}["in/fine.json"] == "new"
    assert [each.outcome for each in report.files].count("bad") == 3
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "b.json").exists()


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    zeros = b" " * (40 * 1024 * 1024)
    count = MAX_UNPACKED_BYTES // len(zeros) + 1
    path = archive(tmp_path / "bomb.zip", {f"{n}.json": zeros for n in range(count)})
    assert path.stat().st_size < 1024 * 1024
    with (
        burnish.open(str(tmp_path / "home")) as p,
        pytest.raises(UsageError, match="unpacks to more than 200 MB"),
    ):
        p.import_(path)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd.json").write_text('{"a": 1}', encoding="utf-8")
    (tmp_path / "torn.json").write_text('{"burnish": 1,\n "prompts": [', encoding="utf-8")
    with burnish.open(str(tmp_path / "home")) as p:
        with pytest.raises(NotFound):
            p.import_(tmp_path / "nowhere")
        for name in ("empty", "broken.zip"):
            with pytest.raises(UsageError, match="holds no prompt files"):
                p.import_(tmp_path / name)
        with pytest.raises(UsageError, match="did you mean 'promptfoo'"):
            p.import_(tmp_path / "odd.json", format="promptfo")
        (odd,) = p.import_(tmp_path / "odd.json").files
        assert (odd.outcome, "of no format" in odd.problem) == ("bad", True)
        (torn,) = p.import_(tmp_path / "torn.json").files
        assert (torn.outcome, torn.line) == ("bad", 2)


def test_a_protected_label_is_not_brought_along(tmp_path: Path) -> None:
    path = written(tmp_path, "Text.", labels={"production": 1, "staging": 1})
    with burnish.open(str(tmp_path / "home"), library__protected_labels=("production",)) as p:
        assert p.import_(path).new == 1
        assert [each.name for each in p.prompts.labels("note")] == ["staging", "latest"]


def test_an_export_replaces_nothing_unasked(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path / "home")) as p:
        p.prompts.create("note", "Text.")
        p.export_(tmp_path / "all.json")
        with pytest.raises(UsageError, match="exists already"):
            p.export_(tmp_path / "all.json")
        p.export_(tmp_path / "all.json", replace=True)
        with pytest.raises(NotFound):
            p.export_(names=["nothing"])
        assert p.export_(category="none").files == {}
        assert p.export_(names=["note"], format="prompty").loses
