"""Prompts that live in template files: what a file may say, and what an import makes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import burnish
from burnish.errors import NotFound, UsageError
from burnish.library.examples import choose_examples
from burnish.library.template_files import ImportReport, import_templates, read_template
from burnish.prompts.formats.braces import rewritten
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer

CHAPTER = """\
version: "{version}"
agent: writer
task: write_chapter
metadata:
  author: somebody
  description: Writes whole chapters
system_prompt: |
  You write prose in {{language}}.
user_prompt_template: |
  Chapter {{number}}: "{{title}}" ({version})
  Answer as {{"chapter": {{"title": "{{title}}"}}}}.
variables:
  number: "integer - Its number"
  title: "string - Its title"
  language: "string - The language"
validation:
  min_length: 100
  max_length: 5000
  expected_language_field: language
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "prompts"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Write:
    def put(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return put


@pytest.fixture
async def ap(tmp_path: Path) -> AsyncGenerator[burnish.AsyncPlatform]:
    async with burnish.open_async(str(tmp_path / "home")) as platform:
        yield platform


def chapter(version: int) -> str:
    return CHAPTER.format(version=version)


def outcomes(report: ImportReport) -> dict[str, str]:
    return {each.file: each.outcome for each in report.files}


async def text(p: burnish.AsyncPlatform, reference: str) -> str:
    return (await p.prompts.get(reference)).version.text


@pytest.mark.spec("LIB-05", "LIB-06")
async def test_a_folder_loads_pinned_and_latest(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    for version in (10, 1, 2):
        write(f"writer/write_chapter_v{version}.yaml", chapter(version))
    write("editor/shorten.yml", "user: Shorten {{ text }}\n")
    write(".hidden/x.yaml", "user: no\n")

    report = await import_templates(ap.prompts, folder)

    assert (report.new, report.revised, report.bad) == (2, 2, 0)
    values: dict[str, Any] = {"number": 3, "title": "Night", "language": "French"}
    name = "writer/write_chapter"
    for reference, version in (("@v1", 1), ("@v2", 2), ("@1", 1), ("@v10", 10), ("", 10)):
        rendered = await ap.prompts.render(name + reference, values)
        assert rendered.system == "You write prose in French.\n"
        assert rendered.user == (
            f'Chapter 3: "Night" ({version})\nAnswer as {{"chapter": {{"title": "Night"}}}}.\n'
        )
    await ap.prompts.set_label(name, "production", 2)
    assert "(2)" in await text(ap, name)
    assert await text(ap, "editor/shorten") == "Shorten {{ text }}"

    found = await ap.prompts.get(f"{name}@v1")
    assert found.prompt.description == "Writes whole chapters"
    assert found.prompt.category == "writer"
    assert found.version.config == {
        "min_length": 100,
        "max_length": 5000,
        "language_variable": "language",
    }
    assert found.version.metadata["source"] == {
        "root": str(folder),
        "file": "writer/write_chapter_v1.yaml",
    }
    number = found.version.variables[0]
    assert (number.type, number.description, number.required) == ("number", "Its number", True)


@pytest.mark.spec("LIB-05")
async def test_a_bad_file_is_told_with_its_line_and_stops_no_other(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    bad = {
        "syntax.yaml": ("user: |\n  fine\n  {% if x %}\n", 3, "unexpected end"),
        "inline.yaml": ('system: x\nuser: "{{ x | nonsense }}"\n', 2, "no filter 'nonsense'"),
        "yaml.yaml": ("user: [a\nsystem: b\n", 2, "is not valid YAML"),
        "twice.yaml": ("user: a\nuser: b\n", 2, "has the key 'user' twice"),
        "both.yaml": ("user: a\ntemplate: b\n", 2, "says user twice, as user and as template"),
        "slip.yaml": ("system: a\nuser_promt: b\n", 2, "did you mean 'user_prompt'?"),
        "empty.yaml": ("description: nothing\n", 1, "has no text"),
        "list.yaml": ("- a\n", 1, "holds no keys"),
        "length.yaml": ("user: a\nmin_length: many\n", 2, "min_length"),
        "order.yaml": ("user: a\nmin_length: 9\nmax_length: 3\n", 2, "at least 9 and at most 3"),
        "rule.yaml": ("user: a\nvalidation:\n  min_length: -1\n", 3, "validation.min_length"),
        "type.yaml": ("user: a\nvariables:\n  b: {type: date}\n", 3, "the type 'date'"),
        "name.yaml": ("user: a\nvariables: [b, 'c d']\n", 2, "'c d' is not a variable name"),
        "default.yaml": ("user: a\nvariables:\n  b: {type: int, default: x}\n", 3, "default"),
        "example.yaml": ("user: a\nexamples:\n  - input: x\n", 3, "no output"),
        "format.yaml": ("user: |\n  a\n  {b:.2f}\nvariables: [b]\n", 3, "formats its value"),
        "anchor.yaml": ("user: &a x\nsystem: *a\n", 1, "uses an anchor"),
        "tag.yaml": ("user: !!python/name:os.system x\n", 1, "uses a tag"),
        "messages.yaml": ("user: a\nmessages: [{role: user, content: b}]\n", 2, "has messages"),
        "role.yaml": ("messages:\n  - role: 7 up\n    content: b\n", 0, "'7 up' is no role"),
        "agent.yaml": ("agent: a|b\nuser: a\n", 0, "cannot name a prompt"),
        "deep.yaml": ("user: " + "[" * 3000 + "]" * 3000 + "\n", 0, ""),
        "digits.yaml": (f"user: a\nversion: {'9' * 5000}\n", 0, "too long"),
        "long.yaml": (f"user: {'a' * 1024 * 1024}\n", 0, "more than 1 MB"),
    }
    for name, (content, _, _) in bad.items():
        write(name, content)
    (folder / "bytes.yaml").write_bytes(b"user: \xff\n")
    write("zz_good.yaml", "user: good\n")

    report = await import_templates(ap.prompts, folder)

    assert (report.bad, report.new) == (len(bad) + 1, 1)
    told = {each.file: each for each in report.files}
    for name, (_, line, problem) in bad.items():
        assert problem in told[name].problem, name
        assert told[name].line == line or name == "deep.yaml", (name, told[name])
        assert str(folder) not in told[name].problem
    assert told["bytes.yaml"].problem == "is not UTF-8 text"
    assert await text(ap, "zz_good") == "good"
    assert [each.name for each in (await ap.prompts.list()).items] == ["zz_good"]


@pytest.mark.spec("LIB-13")
async def test_the_same_folder_again_changes_nothing(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    for version in (1, 2):
        write(f"writer/write_chapter_v{version}.yaml", chapter(version))
    write("editor/shorten.yaml", "user: Shorten {{ text }}\ntags: [short, edit]\n")
    plan = await import_templates(ap.prompts, folder, dry_run=True)
    assert outcomes(plan) == {
        "editor/shorten.yaml": "new",
        "writer/write_chapter_v1.yaml": "new",
        "writer/write_chapter_v2.yaml": "revised",
    }
    assert plan.dry_run
    assert not (await ap.prompts.list()).items

    done = await import_templates(ap.prompts, folder)
    assert outcomes(done) == outcomes(plan)
    for dry_run in (True, False):
        again = await import_templates(ap.prompts, folder, dry_run=dry_run)
        assert set(outcomes(again).values()) == {"unchanged"}
    assert (await ap.prompts.get("writer/write_chapter@latest")).version.revision == 2
    # Not even what a person did since to the text is taken back by an unchanged file.
    await ap.prompts.update("editor/shorten", "Shorten {{ text }} well")
    assert (await import_templates(ap.prompts, folder)).unchanged == 3
    assert await text(ap, "editor/shorten") == "Shorten {{ text }} well"


@pytest.mark.spec("LIB-07")
async def test_an_edited_file_gives_its_new_text_after_reload(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    path = write("writer/tease_v1.yaml", "user: Tease {{ book }}.\n")
    await import_templates(ap.prompts, folder)
    first = await ap.prompts.get("writer/tease")
    assert ap.prompts.get_cached("writer/tease") is first  # no file and no store is read again

    path.write_text("user: Tease {{ book }} in one line.\n", encoding="utf-8")
    assert await text(ap, "writer/tease") == "Tease {{ book }}."
    report = await ap.prompts.reload()

    assert outcomes(report) == {"writer/tease_v1.yaml": "revised"}
    assert await text(ap, "writer/tease") == "Tease {{ book }} in one line."
    assert await text(ap, "writer/tease@v1") == "Tease {{ book }} in one line."
    assert await text(ap, "writer/tease@1") == "Tease {{ book }}."
    shutil.rmtree(folder)
    assert (await ap.prompts.reload()).files == ()
    assert await text(ap, "writer/tease") == "Tease {{ book }} in one line."


async def test_an_older_version_that_changes_does_not_become_the_latest(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    for version in (1, 3):
        write(f"a/b_v{version}.yaml", f"user: text {version}\n")
    await import_templates(ap.prompts, folder)
    write("a/b_v1.yaml", "user: text 1, mended\n")
    write("a/b_v2.yaml", "user: text 2\n")
    report = await import_templates(ap.prompts, folder)

    assert list(outcomes(report).values()) == ["revised", "revised", "unchanged"]
    wanted = {"": "text 3", "@v1": "text 1, mended", "@v2": "text 2", "@v3": "text 3"}
    for reference, expected in wanted.items():
        assert await text(ap, f"a/b{reference}") == expected
    assert (await import_templates(ap.prompts, folder)).unchanged == 3


@pytest.mark.spec("LIB-13")
async def test_the_rule_for_prompts_that_exist(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    async def state() -> tuple[str, str, tuple[str, ...], str, int]:
        found = await ap.prompts.get("a/b@latest")
        prompt = found.prompt
        return (
            found.version.text,
            prompt.category,
            prompt.tags,
            prompt.description,
            found.version.revision,
        )

    await ap.prompts.create("a/b", "old", category="mine", tags=("kept",), description="own words")
    await ap.prompts.set_label("a/b", "production", 1)
    write("a/b.yaml", "user: new\ndescription: the file's\n")

    skipped = await import_templates(ap.prompts, folder, conflict="skip")
    assert (skipped.skipped, await state()) == (1, ("old", "mine", ("kept",), "own words", 1))

    revised = await import_templates(ap.prompts, folder)
    assert (revised.revised, await state()) == (1, ("new", "mine", ("kept",), "the file's", 2))

    overwritten = await import_templates(ap.prompts, folder, conflict="overwrite")
    assert (overwritten.edited, await state()) == (1, ("new", "a", (), "the file's", 2))
    assert (await ap.prompts.get("a/b")).version.revision == 1  # production stays where it is

    unchanged = await import_templates(ap.prompts, folder, conflict="skip")
    assert unchanged.unchanged == 1


async def test_a_label_that_was_lost_is_set_again(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    write("a/b_v1.yaml", "user: text\n")
    await import_templates(ap.prompts, folder)
    await ap.prompts.remove_label("a/b", "v1")
    assert (await import_templates(ap.prompts, folder)).unchanged == 1
    assert (await ap.prompts.get("a/b@v1")).version.revision == 1


async def test_which_of_two_files_is_meant_is_not_guessed(
    ap: burnish.AsyncPlatform, folder: Path, write: Write
) -> None:
    write("a/b.yaml", "user: one\nversion: '1.0'\n")
    write("a/b_v1.yaml", "user: two\n")
    write("a/c.yaml", "user: one\n")
    write("a/c_v2.yaml", "user: two\n")
    report = await import_templates(ap.prompts, folder)
    told = {each.file: each.problem for each in report.files if each.outcome == "bad"}
    assert told == {
        "a/b_v1.yaml": "is version v1 of a/b, and so is a/b.yaml",
        "a/c.yaml": "has no version, and a/c_v2.yaml of the same prompt has; name it …_v2.yaml",
    }


async def test_links_and_things_that_are_no_files(
    ap: burnish.AsyncPlatform, folder: Path, write: Write, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("user: secret\n", encoding="utf-8")
    write("inside.yaml", "user: inside\n")
    (folder / "out.yaml").symlink_to(outside)
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    (folder / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.yaml")
    (folder / "dir.yaml").mkdir()
    report = await import_templates(ap.prompts, folder)
    assert outcomes(report) == {
        "inside.yaml": "new",
        "loop.yaml": "bad",
        "out.yaml": "bad",
        "pipe.yaml": "bad",
    }
    assert [each.name for each in (await ap.prompts.list()).items] == ["inside"]


async def test_a_path_that_gives_nothing(
    ap: burnish.AsyncPlatform, folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match="there is no"):
        await import_templates(ap.prompts, folder / "nowhere")
    with pytest.raises(UsageError, match="no template files"):
        await import_templates(ap.prompts, folder)
    one = write("x.yaml", "user: x\n")
    write("y.yaml", "user: y\n")
    assert outcomes(await import_templates(ap.prompts, one)) == {"x.yaml": "new"}
    monkeypatch.setattr("burnish.library.template_files.folder.MAX_FILES", 1)
    with pytest.raises(UsageError, match="more than 1 template files"):
        await import_templates(ap.prompts, folder)


def test_every_key_of_a_file(write: Write, folder: Path) -> None:
    path = write(
        "deep/er/ask.yaml",
        """\
name: question
version: 2.1
description: Asks
category: talk
tags: a, b
is_system_prompt: false
messages:
  - {role: system, content: "{{ tone }}"}
  - {role: placeholder, content: before}
  - {role: user, content: "{% for x in points %}{{ x }}{% endfor %}{{ all | join(', ') }}"}
variables:
  required: [tone, points, all]
  optional:
    - depth
    - {name: mode, default: fast, description: How, required: yes}
temperature: 0.2
max_tokens: 50
model: openai:gpt-5-mini
language: en
owner_team: ours
validation: {required_sections: [a]}
""",
    )
    found = read_template(path, folder)
    assert (found.name, found.label) == ("deep/er/question", "v2.1")
    assert (found.description, found.category, found.tags) == ("Asks", "talk", ("a", "b"))
    assert [m.role for m in found.messages] == ["system", "placeholder", "user"]
    kinds = {v.name: (v.type, v.required, v.default) for v in found.variables}
    assert kinds == {
        "tone": ("string", True, None),
        "points": ("list", True, None),
        "all": ("list", True, None),
        "depth": ("string", False, None),
        "mode": ("string", False, "fast"),
        "before": ("list", True, None),
    }
    assert found.config == {
        "language": "en",
        "temperature": 0.2,
        "max_tokens": 50,
        "model": "openai:gpt-5-mini",
    }
    assert found.metadata == {"owner_team": "ours", "required_sections": ["a"], "version": "2.1"}
    assert found.notes == ("the rule 'required_sections' is kept, and nothing checks it",)


def test_a_system_text_alone_and_names_in_lists(write: Write, folder: Path) -> None:
    path = write(
        "x.yaml", "template: Be {mood}. {other}\nis_system_prompt: yes\nvariables: [mood]\n"
    )
    with pytest.raises(UsageError, match="is_system_prompt"):
        read_template(path, folder)  # `yes` is a word in YAML 1.2
    path.write_text(path.read_text().replace("yes", "true"))
    found = read_template(path, folder)
    assert found.messages[0].role == "system"
    assert found.notes == ("{other} is no declared variable and stays as it is",)


BRACES = [
    ("Hi {name}", "Hi Ann"),
    ("Hi {{ name }} and {{name}}", "Hi Ann and Ann"),
    ("Hi {name}, {{ topic }}", "Hi Ann, tea"),
    ('Give {"name": "{name}", "x": {"y": {name}}}', 'Give {"name": "Ann", "x": {"y": Ann}}'),
    ('Give {{"name": "{name}"}}', 'Give {"name": "Ann"}'),
    ("{{{name}}}", "{Ann}"),
    ("{name} said {{literally}}", "Ann said {literally}"),
    ("{other} {name} {}", "{other} Ann {}"),
    ("a {b: 1} {name: x} {name}", "a {b: 1} {name: x} Ann"),
    ("{% if name %}{name}{% endif %}", "{name}"),
    ("{% if topic %}{name}{% endif %}", "Ann"),
    ('{{ name | default("{}") }}', "Ann"),
    ("{name}: 100 %} and }}", "Ann: 100 %} and }}"),
    ("no braces", "no braces"),
    ('only {"json": {"a": []}}', 'only {"json": {"a": []}}'),
    ("{#name#}", ""),
]


@pytest.mark.parametrize(("source", "expected"), BRACES, ids=[source for source, _ in BRACES])
def test_single_braces_become_variables_and_other_braces_stay(source: str, expected: str) -> None:
    values = {"name": "Ann", "topic": "tea"}
    text = rewritten(source, values)
    with Renderer() as renderer:
        assert renderer.text(text, values) == expected


@given(st.text(alphabet='{}%#!: "ab\n', max_size=40))
def test_a_text_without_variables_stays_or_is_taken_as_the_template_it_is(text: str) -> None:
    written = rewritten(text, ())
    with Renderer() as renderer:
        assert written == text or renderer.text(written, {}) == text


EXAMPLES = """\
user: |
  Name the dish.{place}
  Ingredients: {{{{ ingredients }}}}
variables: [ingredients]
max_examples: 2
example_choice: {choice}
examples:
  - {{input: {{ingredients: flour and milk and eggs}}, output: pancakes}}
  - {{input: {{ingredients: rice and saffron and prawns}}, output: paella}}
  - {{input: {{ingredients: beet and cabbage}}, output: borscht}}
  - {{input: {{ingredients: rice and raw fish}}, output: sushi}}
"""


@pytest.mark.spec("LIB-08")
@pytest.mark.parametrize("place", ["", "\n  {{ examples }}"], ids=["at the end", "where named"])
async def test_at_most_so_many_examples_appear(
    ap: burnish.AsyncPlatform, folder: Path, write: Write, place: str
) -> None:
    write("cook/first.yaml", EXAMPLES.format(choice="first", place=place))
    write("cook/similar.yaml", EXAMPLES.format(choice="similar", place=place))
    report = await import_templates(ap.prompts, folder)
    assert report.new == 2, report

    async def shown(name: str, values: dict[str, Any]) -> list[str]:
        user = (await ap.prompts.render(name, values)).user
        assert user.count("Output:\n") <= 2
        return [dish for dish in ("pancakes", "paella", "borscht", "sushi") if dish in user]

    rice: dict[str, Any] = {"ingredients": "rice, prawns"}
    assert await shown("cook/first", rice) == ["pancakes", "paella"]
    assert await shown("cook/similar", rice) == ["paella", "sushi"]
    assert await shown("cook/similar", {"ingredients": "cabbage and flour"}) != ["paella", "sushi"]
    assert await shown("cook/similar", rice | {"examples": []}) == []
    user = (await ap.prompts.render("cook/similar", rice)).user
    assert '{"ingredients":"rice and saffron and prawns"}' in user
    variables = (await ap.prompts.get("cook/first")).version.variables
    assert [(v.name, v.type, v.required) for v in variables] == [
        ("ingredients", "string", True),
        ("examples", "list", False),
    ]


@pytest.mark.spec("LIB-08")
def test_which_examples_are_near() -> None:
    examples = [{"input": text, "output": text} for text in ("a b", "c the", "c d the", "e the")]
    chosen = choose_examples(examples, {"x": "the c", "n": 3, "l": ["d"]}, 2, "similar")
    assert [each["output"] for each in chosen] == ["c d the", "c the"]
    assert choose_examples(examples, {"x": "zzz"}, 2, "similar") == examples[:2]
    assert choose_examples(examples, {}, 3) == examples[:3]
    assert choose_examples(examples, {}, 0, "similar") == []
    assert choose_examples(examples, {}, 9, "similar") == examples


async def test_examples_that_somebody_put_into_the_config(ap: burnish.AsyncPlatform) -> None:
    loop = "{% for e in examples %}[{{ e.output }}]{% endfor %}"
    configs: list[tuple[dict[str, Any], str]] = [
        ({"examples": [{"output": "x"}, "no mapping"], "max_examples": "many"}, "[x]"),
        ({"examples": "words"}, ""),
    ]
    for config, expected in configs:
        await ap.prompts.create("e", [Message("user", f"{loop}.")], config=config)
        assert (await ap.prompts.render("e")).user == f"{expected}."
