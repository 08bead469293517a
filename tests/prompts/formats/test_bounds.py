"""No file, however it was made, gives anything but prompts or an error that says what is wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.prompts.formats import (
    FORMATS,
    MAX_BUNDLE_BYTES,
    MAX_TEXT_BYTES,
    Fault,
    PromptFile,
    Source,
    VersionFile,
    by_name,
    detect,
    read,
    read_text,
)
from burnish.prompts.prompt import Message

HERE = Path(__file__).parent / "samples"
SAMPLES = sorted(path for path in HERE.rglob("*") if path.is_file())
DOCUMENTS = [
    path
    for path in SAMPLES
    if path.suffix == ".json" and path.stem not in ("cut_short", "deep", "half_pair", "huge_number")
]
patient = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = (
    *(
        "name",
        "prompt",
        "prompts",
        "messages",
        "role",
        "content",
        "template",
        "_type",
        "lc",
        "kwargs",
    ),
    *(
        "id",
        "type",
        "burnish",
        "versions",
        "variables",
        "config",
        "labels",
        "tags",
        "version",
        "data",
    ),
    *(
        "providers",
        "tests",
        "vars",
        "assert",
        "defaultTest",
        "raw",
        "examples",
        "aliases",
        "manifest",
    ),
    *("inputs", "model", "input", "first", "bound", "metadata", "created_at", "createdAt", "body"),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["{{ a }}", "{a}", "prompt", "constructor", "few_shot", "chat", "user", "placeholder"]
    ),
    st.sampled_from(
        ["file://x", "openai:gpt-4o", "2025-01-01", "{% if", "{{#a}}", "text", "mustache"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=20,
)


def attempt(name: str, text: str) -> None:
    """In every format, whatever the file is."""
    try:
        source = Source(name, text)
    except UsageError:
        return
    detect(source)
    for each in FORMATS:
        try:
            found = each.read(source)
        except UsageError:
            continue
        assert all(problem.problem for problem in found.problems)


@patient
@given(values, st.sampled_from(["a.json", "a.yaml", "a.jsonl"]))
def test_values_of_any_shape(value: object, name: str) -> None:
    attempt(name, msgspec.json.encode(value).decode())


@patient
@given(st.data())
def test_files_that_were_damaged(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(SAMPLES))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        until = min(len(content), at + data.draw(st.integers(0, 12)))
        content[at:until] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"{", b"}", b"\n", b'"'])
        )
    try:
        text = read_text(bytes(content), path.name)
    except UsageError:
        return
    attempt(path.name, text)


@patient
@given(st.data())
def test_files_with_another_value_somewhere(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(DOCUMENTS))
    document = json.loads(path.read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(document)))
        holder[key] = data.draw(values)
    attempt(path.name, json.dumps(document))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every list and object, with each of its indexes and keys."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(cast("dict[str, Any]", value).items())
    elif isinstance(value, list):
        pairs = list(enumerate(cast("list[Any]", value)))
    found: list[tuple[Any, Any]] = []
    for key, inner in pairs:
        found += [(value, key), *places(inner)]
    return found


@pytest.mark.parametrize(
    "token",
    [
        *(
            "{{",
            "{%",
            "{#",
            "{",
            "}",
            "{a}",
            "{{a}}",
            "{{#a}}",
            "{{#a}}{{/a}}",
            "{% raw %}",
            "{% endraw %}",
        ),
        *(
            '"',
            "'",
            "\\",
            "\n",
            " ",
            "\t",
            "[",
            '{"a":',
            "a: ",
            "- ",
            "&a ",
            "*a ",
            "# user\n",
            "user:\n",
        ),
        *(
            "---\n",
            "prompts:/a\n",
            "@@@langfusePrompt:",
            "${env:",
            "system ",
            "=",
            ",",
            "![",
            "{{ a.b }}",
        ),
        *("{% if a %}", "{% raw %}{{{% endraw %}", "1", "é", "{!", "{{{"),
    ],
)
def test_the_same_again_and_again(token: str) -> None:
    text = token * (100_000 // len(token))
    quoted = msgspec.json.encode(text).decode()
    whole = [
        ("a.md", text),
        ("a.csv", text),
        ("a.json", text),
        ("a.yaml", text),
        ("a.prompty", f"---\ntemplate: mustache\ninputs: {{a: {{kind: thread}}}}\n---\n{text}"),
        ("a.csv", f"name,text,variables\nx,{text},a\n"),
        ("a.json", f'{{"name": "a", "type": "text", "prompt": {quoted}}}'),
        ("a.json", f'{{"_type": "prompt", "template": {quoted}}}'),
        ("a.json", f'{{"prompts": [{quoted}], "tests": []}}'),
    ]
    for name, content in whole:
        with suppress(UsageError):
            read(name, content)


def test_files_that_are_too_large() -> None:
    text = b"x" * (MAX_TEXT_BYTES + 1)
    with pytest.raises(Fault, match="more than 1 MiB"):
        read_text(text, "a.md")
    assert len(read_text(text, "a.json")) == len(text)
    with pytest.raises(Fault, match="more than 50 MiB"):
        read_text(b"x" * (MAX_BUNDLE_BYTES + 1), "a.csv")


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"a\nb\x00", 2, "NUL"),
        (b"a\n\xff\xfe", 2, "UTF-8"),
        (b"\xff\xfea", 0, "UTF-8"),
    ],
)
def test_bytes_that_are_no_text(content: bytes, line: int, told: str) -> None:
    with pytest.raises(Fault, match=told) as caught:
        read_text(content, "a.md")
    assert caught.value.line == line


def test_marks_of_the_encoding_are_no_text() -> None:
    assert read_text(b"\xef\xbb\xbfhi", "a.md") == "hi"
    assert read_text("hi".encode("utf-16"), "a.md") == "hi"


def test_halves_of_characters_are_refused() -> None:
    with pytest.raises(UsageError, match="line 2 holds half"):
        Source("a.md", "a\n\ud800")


def test_aliases_are_followed_as_far_as_they_do_not_multiply() -> None:
    shared = "a: &a {x: 1}\nburnish: 1\nprompts: [" + ", ".join(["*a"] * 500) + "]\n"
    assert len(read("a.yaml", shared).problems) == 500
    nested = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 30))
    with pytest.raises(Fault, match="repeats too much") as caught:
        read("a.yaml", f"burnish: 1\nl0: &l0 [x, x]\n{nested}prompts: []\n")
    assert caught.value.line > 2


def test_a_broken_file_is_told_by_its_own_fault() -> None:
    with pytest.raises(Fault, match="not valid JSON") as caught:
        read("a.json", '{"a": 1,\n "b": }')
    assert caught.value.line == 2


def test_a_library_too_large_for_one_file_is_written_as_several() -> None:
    long = "x" * 900_000
    given = [
        PromptFile(name=f"p{i}", versions=(VersionFile(messages=(Message("user", long),)),))
        for i in range(30)
    ]
    written = by_name("burnish").write(given)
    assert len(written) == 2
    names: list[str] = []
    for name, text in written.items():
        content = text.encode()
        assert len(content) <= MAX_BUNDLE_BYTES
        names += [each.name for each in read(name, content).prompts]
    assert names == [each.name for each in given]
