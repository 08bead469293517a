"""Files as people have them, of every tool: read, or told by the line what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from burnish.errors import UsageError
from burnish.prompts.formats import FORMATS, Fault, PromptFile, Source, detect, read, read_text
from burnish.prompts.prompt import Variable
from burnish.prompts.render import Renderer

HERE = Path(__file__).parent / "samples"

# File, prompts (None: the whole file is refused), lines of the problems.
FILES: list[tuple[str, int | None, list[int]]] = [
    ("burnish-yaml/bad_template.yaml", 1, [11]),
    ("burnish-yaml/bomb.yaml", None, [6]),
    ("burnish-yaml/itself.yaml", None, [2]),
    ("burnish-yaml/json_in_yaml.yaml", 1, []),
    ("burnish-yaml/newer.yaml", None, [1]),
    ("burnish-yaml/number.yaml", None, [4]),
    ("burnish-yaml/one.yaml", 1, []),
    ("burnish-yaml/second_document.yaml", None, [3]),
    ("burnish-yaml/shared.yaml", 2, []),
    ("burnish-yaml/tabs.yaml", None, [3]),
    ("burnish-yaml/tag.yaml", None, [3]),
    ("burnish-yaml/twice.yaml", None, [3]),
    ("burnish/cut_short.json", None, [2]),
    ("burnish/deep.json", None, [1]),
    ("burnish/half_pair.json", None, [1]),
    ("burnish/history.json", 1, []),
    ("burnish/huge_number.json", None, [2]),
    ("burnish/metadata.json", 1, []),
    ("burnish/newer.json", None, [1]),
    ("burnish/no_list.json", None, [1]),
    ("burnish/not_a_schema.json", None, [1]),
    ("burnish/one.json", 1, []),
    ("burnish/some_bad.json", 2, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    ("burnish/two_alike.json", 2, []),
    ("burnish/unknown_keys.json", 1, []),
    ("csv/act.csv", 2, []),
    ("csv/bad_rows.csv", 3, [5, 4, 6]),
    ("csv/formula.csv", 4, []),
    ("csv/headers.csv", 1, []),
    ("csv/messages.csv", 1, []),
    ("csv/no_header.csv", None, [1]),
    ("csv/plain.csv", 2, []),
    ("csv/single_braces.csv", 2, []),
    ("csv/system_only.csv", 1, []),
    ("csv/tabs.tsv", 1, []),
    ("csv/unclosed.csv", None, [2]),
    ("csv/utf16.csv", 1, []),
    ("csv/versions.csv", 2, []),
    ("csv/wide.csv", 1, []),
    ("langchain/chain.json", 1, []),
    ("langchain/chat.json", 1, []),
    ("langchain/chat_old.json", 1, []),
    ("langchain/chat_old.yaml", 1, []),
    ("langchain/few_shot.json", 1, []),
    ("langchain/few_shot_file.yaml", 0, [1]),
    ("langchain/formats.json", 2, [1, 2, 3, 4, 6]),
    ("langchain/hub_manifest.json", 1, []),
    ("langchain/images.json", 1, []),
    ("langchain/messages.json", 1, []),
    ("langchain/mustache.json", 1, []),
    ("langchain/prompt_fstring.json", 1, []),
    ("langchain/prompt_old.yaml", 1, []),
    ("langchain/prompt_path.json", 0, [1]),
    ("langchain/structured.json", 1, []),
    ("langchain/unknown.json", 0, [1]),
    ("langfuse/chat.json", 1, []),
    ("langfuse/config.json", 1, []),
    ("langfuse/empty.json", 0, [1]),
    ("langfuse/history.json", 1, []),
    ("langfuse/list.json", 2, []),
    ("langfuse/listing.json", 0, [1]),
    ("langfuse/literal.json", 1, []),
    ("langfuse/minimal.json", 1, []),
    ("langfuse/odd_names.json", 2, []),
    ("langfuse/page.json", 1, [4, 5, 3]),
    ("langfuse/parts.json", 1, []),
    ("langfuse/references.json", 1, []),
    ("langfuse/text.json", 1, []),
    ("markdown/bad_variable.md", 0, [4]),
    ("markdown/bad_yaml.md", None, [4]),
    ("markdown/bare.md", 1, []),
    ("markdown/broken_template.md", 0, [6]),
    ("markdown/copilot.prompt.md", 1, []),
    ("markdown/crlf.md", 1, []),
    ("markdown/empty.md", 0, [1]),
    ("markdown/heading_first.md", 1, []),
    ("markdown/numbers.md", 1, []),
    ("markdown/rule.md", 1, []),
    ("markdown/sections.md", 1, []),
    ("markdown/tags.md", None, [2]),
    ("markdown/unclosed.md", None, [1]),
    ("mlflow/broken_jinja.json", 0, [1]),
    ("mlflow/chat.json", 1, []),
    ("mlflow/chat_tags.json", 1, []),
    ("mlflow/escaped.json", 1, []),
    ("mlflow/jinja.json", 1, []),
    ("mlflow/list.json", 1, [1, 1]),
    ("mlflow/model_versions.json", 1, []),
    ("mlflow/odd.json", 1, []),
    ("mlflow/prompt.yaml", 1, []),
    ("mlflow/references.txt", 0, [2, 3, 5]),
    ("mlflow/references.yaml", 0, [1, 2]),
    ("mlflow/text.json", 1, []),
    ("mlflow/uri_in_text.json", 1, []),
    ("mlflow/versions.json", 2, [5]),
    ("mlflow/wrapped.json", 1, []),
    ("named/agents.yaml", 2, []),
    ("named/bad_yaml.yaml", None, [5]),
    ("named/broken_template.yaml", 1, [3]),
    ("named/chats.yaml", 1, []),
    ("named/collection.yaml", 2, []),
    ("named/declared.yaml", 1, []),
    ("named/dialects.yaml", 2, [4, 10]),
    ("named/empty_text.yaml", 1, [1, 5]),
    ("named/formats_value.yaml", 1, []),
    ("named/secret.yaml", 1, []),
    ("named/sections.yaml", 2, []),
    ("named/tasks.yaml", 2, []),
    ("named/twice.yaml", None, [4]),
    ("openai/anthropic_like.json", 1, []),
    ("openai/batch.jsonl", 2, []),
    ("openai/completion.jsonl", 2, []),
    ("openai/literal.json", 1, []),
    ("openai/many.json", 2, [1, 1, 1]),
    ("openai/messages.json", 1, []),
    ("openai/one_line.jsonl", 1, []),
    ("openai/one_message.json", 0, [1]),
    ("openai/parts.json", 1, []),
    ("openai/request.json", 1, []),
    ("openai/responses.json", 1, []),
    ("openai/responses_list.json", 1, []),
    ("openai/tuning.jsonl", 3, [4, 5]),
    ("promptfoo/almost_chat.yaml", 1, []),
    ("promptfoo/anchors.yaml", 1, []),
    ("promptfoo/chat_json.yaml", 3, []),
    ("promptfoo/config.json", 2, []),
    ("promptfoo/files.yaml", 1, [2, 3, 4, 5, 6, 8]),
    ("promptfoo/labels.yaml", 2, []),
    ("promptfoo/legacy_map.yaml", 1, [2]),
    ("promptfoo/matrix.yaml", 1, [9]),
    ("promptfoo/messy.yaml", 4, [5, 6, 7, 8]),
    ("promptfoo/nunjucks.yaml", 2, [9, 11, 12]),
    ("promptfoo/one_string.yaml", 1, []),
    ("promptfoo/plain.yaml", 2, []),
    ("promptfoo/promptfooconfig.yaml", 1, []),
    ("promptfoo/results.json", 1, []),
    ("promptfoo/scenarios.yaml", 1, []),
    ("promptfoo/test_paths.yaml", 1, []),
    ("promptfoo/unquoted.yaml", 3, []),
    ("prompty/attributes.prompty", 1, []),
    ("prompty/bad_template.prompty", 0, [9]),
    ("prompty/base.prompty", 0, [2]),
    ("prompty/empty.prompty", 0, [1]),
    ("prompty/erb.prompty", 0, [3]),
    ("prompty/forged.prompty", 1, []),
    ("prompty/kinds.prompty", 1, []),
    ("prompty/liquid.prompty", 1, []),
    ("prompty/mustache.prompty", 1, []),
    ("prompty/old_inputs.prompty", 1, []),
    ("prompty/old_thread.prompty", 1, []),
    ("prompty/secret.prompty", 1, []),
    ("prompty/thread_section.prompty", 1, []),
    ("prompty/unclosed.prompty", None, [1]),
    ("prompty/unknown_kind.prompty", 0, [4]),
    ("prompty/v1.prompty", 1, []),
    ("prompty/v1_openai.prompty", 1, []),
]
FILLERS: dict[str, Any] = {
    "string": "value",
    "number": 1,
    "boolean": True,
    "list": [{"role": "user", "content": "value"}],
    "object": {"name": "n", "team": "t", "REGION": "r"},
}


def content(name: str) -> bytes:
    return (HERE / name).read_bytes()


def rendered(each: PromptFile, renderer: Renderer) -> list[tuple[str, str]]:
    values = {v.name: filler(v) for v in each.latest.variables if v.default is None}
    messages = renderer.messages(each.latest.messages, each.latest.variables, values)
    return [(message.role, message.content) for message in messages]


def filler(variable: Variable) -> Any:
    return FILLERS[variable.type] if variable.example is None else variable.example


def test_every_sample_is_in_the_table() -> None:
    here = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.is_file()}
    assert here == {name for name, _, _ in FILES}
    folders = [name.partition("/")[0] for name, _, _ in FILES]
    assert all(folders.count(each.name) >= 12 for each in FORMATS)


@pytest.mark.parametrize(("name", "prompts", "lines"), FILES)
def test_a_file_is_read_or_its_faults_are_told(
    name: str, prompts: int | None, lines: list[int]
) -> None:
    if prompts is None:
        with pytest.raises(Fault) as caught:
            read(name, content(name))
        assert [caught.value.line] == lines
        assert caught.value.hint
        return
    found = read(name, content(name))
    assert (len(found.prompts), [each.line for each in found.problems]) == (prompts, lines)
    assert all(each.problem for each in found.problems)
    assert len({each.name for each in found.prompts}) == prompts


def test_every_prompt_that_is_read_renders() -> None:
    with Renderer() as renderer:
        for name, prompts, _ in FILES:
            for each in read(name, content(name)).prompts if prompts else ():
                texts = rendered(each, renderer)
                assert any(text.strip() for _, text in texts), name


@pytest.mark.parametrize("name", [name for name, prompts, _ in FILES if prompts is not None])
def test_a_file_is_known_by_what_is_in_it(name: str) -> None:
    folder = name.partition("/")[0]
    found = detect(Source(name, read_text(content(name), name)))
    assert found is not None
    assert found.name == folder


@pytest.mark.parametrize(
    "text",
    [
        "user: Write about {{ topic }}\nagent: writer\n",
        "name: x\nsystem: Be kind\ntemplate: Hello {name}\nversion: 1\n",
        "- a\n- b\n",
        "just words\n",
        "",
    ],
)
def test_a_file_of_no_format_is_left_to_others(text: str) -> None:
    assert detect(Source("writer/write_chapter_v1.yaml", text)) is None
    with pytest.raises(UsageError, match="no format that is known"):
        read("writer/write_chapter_v1.yaml", text)
