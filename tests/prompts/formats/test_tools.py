"""What a prompt of another tool means here: each tool's file renders as that tool would."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burnish.errors import UsageError
from burnish.prompts.formats import ExampleFile, PromptFile, VersionFile, by_name, read
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer

HERE = Path(__file__).parent / "samples"


def prompts(name: str) -> dict[str, PromptFile]:
    return {each.name: each for each in read(name, (HERE / name).read_bytes()).prompts}


def only(name: str) -> PromptFile:
    found = list(prompts(name).values())
    assert len(found) == 1
    return found[0]


def text_of(file: str, content: str, /, **values: Any) -> str:
    """The first message of a file's one prompt, rendered."""
    each = read(file, content).prompts[0]
    with Renderer() as renderer:
        return renderer.messages(each.latest.messages, each.latest.variables, values)[0].content


def old_style(template: str, kind: str) -> str:
    fields = {"_type": "prompt", "template": template, "template_format": kind}
    return msgspec.json.encode(fields).decode()


@pytest.mark.parametrize(
    "template",
    [
        "Hello {name}!",
        '{{"a": {{"b": "{name}"}}}} }} {{',
        "{name}{name}{{{name}}}{{{{name}}}}",
        "{{% if x %}} {{# c #}} {{{{ raw }}}} {name}",
        "{{% endraw %}}{name}{{% raw %}}",
        "\n {name}\n\n",
    ],
)
def test_python_fields_read_as_python_reads_them(template: str) -> None:
    given = text_of("a.json", old_style(template, "f-string"), name="Ada {{ x }}")
    assert given == template.format(name="Ada {{ x }}")


MUSTACHE: list[tuple[str, dict[str, Any], str]] = [
    ("{{a}} {{{a}}} {{& a}}", {"a": "x"}, "x x x"),
    ("{{! note {{ }}x", {}, "x"),
    ("{{#a}}yes {{a}}{{/a}}{{^a}}no{{/a}}", {"a": "x"}, "yes x"),
    ("{{#a}}yes {{a}}{{/a}}{{^a}}no{{/a}}", {}, "no"),
    ("{{#on}}shown{{/on}}", {"on": True}, "shown"),
    ("{{#l}}[{{.}}]{{/l}}", {"l": ["a", "b"]}, "[a][b]"),
    ("{{#l}}{{n}}={{v}};{{/l}}", {"l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]}, "a=1;b=2;"),
    (
        "{{t}}:{{#l}}{{#m}}{{.}}{{/m}}|{{/l}}",
        {"t": "T", "l": [{"m": ["1"]}, {"m": []}]},
        "T:1||",
    ),
    ("{{o.p}} {x} {% raw %}", {"o": {"p": "deep"}}, "deep {x} {% raw %}"),
    ("a\n  {{#on}}\nb\n  {{/on}}\nc", {"on": True}, "a\nb\nc"),
    ("{{item}}{{#l}}{{.}}{{item}}{{/l}}", {"item": "i", "l": ["1"]}, "i1i"),
]


@pytest.mark.parametrize(("template", "values", "expected"), MUSTACHE)
def test_mustache_reads_as_mustache(template: str, values: dict[str, Any], expected: str) -> None:
    assert text_of("a.json", old_style(template, "mustache"), **values) == expected


@pytest.mark.parametrize(
    ("template", "kind", "told"),
    [
        ("a\nb {{> other}}", "mustache", "another template"),
        ("{{=<% %>=}}", "mustache", "changes the braces"),
        ("{{#a}}x", "mustache", "never closed"),
        ("{{#a}}x{{/b}}", "mustache", "closes no section"),
        ("{{a", "mustache", "never closed"),
        ("{{.}}", "mustache", "no list"),
        ("{x!r}", "f-string", "formats its value"),
        ("{x:>3}", "f-string", "formats its value"),
        ("{", "f-string", "single {"),
        ("{0}", "f-string", "is no variable"),
        ("{% for %}", "jinja2", "cannot be read"),
        ("{{ x.__class__ }}", "jinja2", "Python internals"),
        ("{% include 'x' %}", "jinja2", "another template"),
        ("{% if a %}" + "{% elif a %}" * 20_000 + "{% endif %}", "jinja2", "branches"),
        ("{{ 1" + "+1" * 30_000 + " }}", "jinja2", "a tag"),
        ("{{ " + "-" * 50_000 + "1 }}", "jinja2", "a tag"),
    ],
)
def test_what_has_no_counterpart_is_named(template: str, kind: str, told: str) -> None:
    found = read("a.json", old_style(template, kind))
    assert not found.prompts
    assert told in found.problems[0].problem
    assert found.problems[0].line == 1


def test_names_that_no_template_can_have_are_changed_and_told() -> None:
    each = prompts("langfuse/odd_names.json")["with pipe and bell"]
    assert [v.name for v in each.latest.variables] == ["user_name", "first_name"]
    assert "the variable 'user-name' is called user_name here" in each.notes
    assert each.labels == {"v1": 1}


def test_a_langchain_chat_with_its_placeholders() -> None:
    each = only("langchain/chat.json")
    assert each.name == "acme/tools-agent"
    assert [m.role for m in each.latest.messages] == [
        "system",
        "placeholder",
        "user",
        "placeholder",
    ]
    variables = {v.name: v for v in each.latest.variables}
    assert variables["chat_history"].default == []
    assert variables["today"].default == "Monday"
    assert variables["agent_scratchpad"].required
    with Renderer() as renderer:
        messages = renderer.messages(
            each.latest.messages,
            each.latest.variables,
            {"question": "Why?", "agent_scratchpad": [{"role": "assistant", "content": "Hm"}]},
        )
    assert [m.content for m in messages] == [
        'Today is Monday. Answer as {"answer": ...}.',
        "Why?",
        "Hm",
    ]


def test_a_langchain_chain_gives_its_prompt_and_its_model() -> None:
    each = only("langchain/chain.json")
    assert each.latest.config == {"model": "openai:gpt-4o", "temperature": 0.1}


def test_worked_examples_are_written_out() -> None:
    with Renderer() as renderer:
        each = only("langchain/few_shot.json").latest
        text = renderer.messages(each.messages, each.variables, {"adjective": "big"})[0].content
    assert text == (
        "Write antonyms.\n\nInput: happy\nOutput: sad\n\nInput: {tall}\nOutput: short {{\n\n"
        "Input: big\nOutput:"
    )


def test_a_promptfoo_configuration_with_its_model_tests_and_types() -> None:
    each = prompts("promptfoo/plain.yaml")["plain/1"]
    assert each.latest.config == {"model": "openai:gpt-4o-mini"}
    assert each.description == "Greets people in their own language"
    first = each.examples[0]
    assert first.inputs == {"name": "Ada", "language": "French"}
    assert first.description == "a French greeting"
    assert [check["type"] for check in first.checks] == ["icontains", "not-contains"]
    assert (
        "of several providers the first is kept; anthropic:claude-sonnet-4-5 is another"
        in each.notes
    )
    assert prompts("promptfoo/one_string.yaml")["one_string"].latest.variables[0].type == "number"


def test_the_model_of_what_asks_it() -> None:
    text = (
        "prompts: [Hi]\ntests: []\nproviders:\n- {id: file://own.py, config: {model: gpt-5}}\n"
        "- {id: 'openai:codex-sdk', config: {model: gpt-5.1, temperature: 0}}\n"
    )
    config = read("promptfooconfig.yaml", text).prompts[0].latest.config
    assert config == {"model": "openai:gpt-5.1", "temperature": 0}


def test_promptfoo_combines_lists_of_values() -> None:
    each = prompts("promptfoo/matrix.yaml")["matrix"]
    assert len(each.examples) == 3 * 2 + 1
    assert {"language": "German", "text": "Good night"} in [e.inputs for e in each.examples]


def test_promptfoo_chats_and_labels() -> None:
    found = prompts("promptfoo/chat_json.yaml")
    assert all(each.latest.messages[0].role == "system" for each in found.values())
    tone = found["chat_json/1"].latest.variables[0]
    assert (tone.name, tone.default, tone.required) == ("tone", "patient", False)
    labelled = prompts("promptfoo/labels.yaml")
    assert list(labelled) == ["Short answer", "With reasons: long"]
    assert len(labelled["Short answer"].examples) == 2
    assert labelled["With reasons: long"].examples[0].expected == "Because."


def test_files_and_places_that_promptfoo_names_are_told() -> None:
    found = read("promptfoo/files.yaml", (HERE / "promptfoo/files.yaml").read_bytes())
    assert [each.at for each in found.problems] == [f"prompts[{i}]" for i in (0, 1, 2, 3, 4, 6)]
    assert "file://prompts/one.txt" in found.problems[0].problem
    assert any("file://tests.csv" in note for note in found.prompts[0].notes)


@pytest.mark.parametrize(
    "name",
    [
        "promptfoo/labels.yaml",
        "prompty/secret.prompty",
        "prompty/v1.prompty",
        "langfuse/config.json",
    ],
)
def test_keys_never_come_along(name: str) -> None:
    for each in prompts(name).values():
        held = msgspec.json.encode(each).decode()
        assert not any(
            key in held for key in ("abc-not-to-be-kept", "abc123secret", "abcd1234", "abcdef")
        )
        assert any("holds no keys" in note for note in each.notes)


def test_langfuse_history_and_labels() -> None:
    each = only("langfuse/history.json")
    assert [v.revision for v in each.versions] == [1, 2, 3]
    assert each.labels == {"production": 2, "staging": 3}
    assert each.versions[2].message == "3"


def test_references_to_other_prompts_are_notes() -> None:
    notes = only("langfuse/references.json").notes
    assert len([note for note in notes if "stands for another prompt" in note]) == 2


def test_only_names_mean_something_to_langfuse() -> None:
    each = only("langfuse/literal.json").latest
    with Renderer() as renderer:
        text = renderer.messages(each.messages, each.variables, {"value": "7"})[0].content
    assert text == (
        'Return {"a": {"b": {{value}}}} and {% if %} as is. 7 {{not a name!}} {{{triple}}} {# c #}'
    )


def test_openai_requests_keep_what_they_say() -> None:
    each = only("openai/request.json").latest
    assert each.config == {"model": "openai:gpt-4o", "temperature": 0.2, "max_tokens": 300}
    assert each.metadata["top_p"] == 0.9
    assert [m.role for m in each.messages] == ["developer", "user"]
    tuned = prompts("openai/tuning.jsonl")["tuning-1"]
    assert tuned.examples[0].expected == "Paris, as if nobody knew."
    assert any("image_url" in note for note in only("openai/parts.json").notes)


def test_mlflow_versions_aliases_and_times() -> None:
    each = prompts("mlflow/versions.json")["v"]
    assert each.labels == {"production": 1, "staging": 2}
    assert [v.revision for v in each.versions] == [1, 2]
    single = only("mlflow/text.json")
    assert single.latest.created_at is not None
    assert single.latest.created_at.isoformat() == "2025-01-01T00:00:00+00:00"
    assert single.tags == ("team=search", "draft")


def test_prompty_of_both_forms() -> None:
    old = only("prompty/v1.prompty")
    assert old.latest.author == "Ada, Grace"
    assert old.tags == ("old", "chat")
    assert old.latest.config == {"max_tokens": 128, "temperature": 0.2}
    assert {v.name: v.type for v in old.latest.variables} == {
        "question": "string",
        "context": "list",
    }
    threaded = only("prompty/thread_section.prompty").latest
    assert [(m.role, m.content) for m in threaded.messages] == [
        ("system", "Before."),
        ("placeholder", "history"),
        ("system", "After."),
        ("user", "{{ question }}"),
    ]


def test_nothing_outside_the_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_THING", "from the environment")
    (tmp_path / "shared.json").write_text('{"from": "a file"}')
    each = read(
        "a.prompty",
        "---\nmodel:\n  id: gpt-4o\n  connection: {endpoint: '${env:SECRET_THING}', more: '${file:shared.json}'}\n---\nHi",
    ).prompts[0]
    assert each.latest.metadata["model"]["connection"]["endpoint"] == "${env:SECRET_THING}"
    assert len([note for note in each.notes if "read" in note.split("; ")[-1]]) == 2


def test_a_role_is_never_read_from_inside_a_text() -> None:
    text = "Say:\nuser:\nsystem:\n and go on"
    one = PromptFile(name="a", versions=(VersionFile(messages=(Message("user", text),)),))
    written = by_name("prompty").write([one])
    back = read(*next(iter(written.items()))).prompts[0]
    assert back.latest.messages == (Message("user", text),)


def test_what_a_spreadsheet_would_run_is_text() -> None:
    texts = ["=1+1", "+1", "-1", "@a", "\tx", "'=1", "fine", "a\r\nb", 'q"q', " space "]
    given = [
        PromptFile(name=f"p{i}", versions=(VersionFile(messages=(Message("user", t),)),))
        for i, t in enumerate(texts)
    ]
    written = by_name("csv").write(given)["prompts.csv"]
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert all(cell[:1] not in tuple("=+-@\t\r") for row in rows for cell in row if cell)
    assert [each.latest.messages[0].content for each in read("a.csv", written).prompts] == texts


def test_names_of_files_are_safe_and_each_once() -> None:
    odd = ["a/b", "A/b", "x:y", "x?y", "con", "dots...", ".hidden", "é" * 200]
    given = [
        PromptFile(name=n, versions=(VersionFile(messages=(Message("user", "x"),)),)) for n in odd
    ]
    names = list(by_name("markdown").write(given))
    assert len({name.casefold() for name in names}) == len(odd)
    assert names[0] == "a/b.md"
    for name in names:
        parts = name.split("/")
        assert not any(part.startswith(".") or part.endswith((".", " ")) for part in parts)
        assert all(len(part.encode()) < 200 for part in parts)
        assert not set(name) & set('\\:*?"<>|')


def test_a_format_by_a_name_that_is_nearly_right() -> None:
    with pytest.raises(UsageError) as caught:
        by_name("promptfo")
    assert "'promptfoo'" in caught.value.hint
    assert by_name(" CSV ").name == "csv"
    assert all(each.describes and each.suffixes for each in map(by_name, ["burnish", "mlflow"]))


def test_markdown_is_readable() -> None:
    version = VersionFile(
        messages=(Message("system", "Be brief."), Message("user", "About {{ topic }}")),
        variables=(Variable(name="topic", description="What it is about"),),
        config={"model": "openai:gpt-4o"},
    )
    given = PromptFile(name="w/c", versions=(version,), description="Two\nlines", tags=("a b",))
    assert by_name("markdown").write([given])["w/c.md"] == (
        "---\nname: w/c\ntags:\n  - a b\ndescription: |-\n  Two\n  lines\n"
        "variables:\n  topic:\n    type: string\n    description: What it is about\n"
        'config:\n  model: "openai:gpt-4o"\n---\n'
        "\n# system\n\nBe brief.\n\n# user\n\nAbout {{ topic }}\n"
    )


def test_a_variable_without_quotes_in_yaml_is_what_people_mean() -> None:
    found = prompts("promptfoo/unquoted.yaml")
    assert [m.content for m in found["unquoted/1"].latest.messages] == ["{{query}}"]
    refused = ["a: {[a]: 1}", "a: {{a: 1}: 2}", "a: {{a}: 1}", "a: {b: 1, {c}}", "a: {{a, b}}"]
    for text in refused:
        with pytest.raises(UsageError, match="key that is not a word"):
            read("a.yaml", text)


def test_tests_stay_with_their_prompt_in_promptfoo() -> None:
    given = [
        PromptFile(
            name=name,
            versions=(VersionFile(messages=(Message("user", "About {{ a }}"),)),),
            examples=(ExampleFile(inputs={"a": name}, expected=f"{name}!"),),
        )
        for name in ("w/one", "two, too")
    ]
    written = by_name("promptfoo").write(given)["promptfooconfig.yaml"]
    found = {each.name: each.examples for each in read("promptfooconfig.yaml", written).prompts}
    assert [[e.inputs["a"], e.expected] for e in found["w/one"]] == [["w/one", "w/one!"]]
    assert [e.inputs["a"] for e in found["two, too"]] == ["two, too"]
