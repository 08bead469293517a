"""What is written reads back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.prompts.formats import (
    ExampleFile,
    Format,
    PromptFile,
    Reading,
    Source,
    VersionFile,
    by_name,
    detect,
)
from burnish.prompts.formats.assemble import complete, prompt, version
from burnish.prompts.formats.pieces import literal
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer

EXACT = ("burnish", "burnish-yaml", "csv", "langfuse")
# With the roles and the text that each can hold.
OTHERS = ("prompty", "langchain", "promptfoo", "openai", "mlflow", "named")

NASTY = (
    *("# system", "\n# user\n", "\\# user", "system:", "\nuser:\n", "---", "\n---\n", "...", "~"),
    *(
        "null",
        "yes",
        "012",
        "1e3",
        "- a",
        ": ",
        " #",
        "'",
        '"',
        "\t",
        "\r\n",
        "\r",
        "\x85",
        "\u2028",
    ),
    *(
        "{",
        "}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "{x}",
        "{{{a}}}",
        "{% endraw %}",
        "=1+1",
        "@x",
        "'=2",
    ),
    *("[", '[{"role":"user"}]', "file://a.txt", "a.txt", "prompts:/a/1", "𝔸é\ufeff", "\\", "\\n"),
)
plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
pieces = st.one_of(
    plain_text.map(literal),
    st.sampled_from(NASTY).map(literal),
    st.sampled_from(["{{ a }}", "{{b}}", "\n", "  ", "# user", "user:", "{{ a | upper }}"]),
    st.sampled_from(["{% if b %}yes{% endif %}", "{% for x in c %}{{ x }}{% endfor %}"]),
)
texts = st.lists(pieces, min_size=1, max_size=6).map("".join)
filled = texts.filter(lambda text: bool(text.strip()))
START = datetime(1970, 1, 1, tzinfo=UTC)
ROLES = ("system", "user", "assistant", "developer", "tool")
roles = st.sampled_from(ROLES)
words = plain_text
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), words)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(words.map(lambda key: f"own keys: {key}"), values, max_size=3)
names = st.lists(st.from_regex(r"[\w][\w .\-é]{0,10}[\w]", fullmatch=True), min_size=1, max_size=3)
times = st.integers(0, 4 * 10**15).map(lambda us: START + timedelta(microseconds=us))
zoned = times | times.map(lambda t: t.astimezone(timezone(timedelta(hours=5, minutes=30))))
labels = st.from_regex(r"[a-z][a-z0-9._-]{0,20}", fullmatch=True).filter(lambda x: x != "latest")


@st.composite
def versions(draw: st.DrawFn, role: st.SearchStrategy[str] = roles) -> VersionFile:
    messages = [Message(draw(role), text) for text in draw(st.lists(texts, max_size=2))]
    messages.append(Message(draw(role), draw(filled)))
    if draw(st.booleans()):
        messages.insert(draw(st.integers(0, len(messages))), Message("placeholder", "history"))
    used = [msgspec.structs.replace(v, **draw(told(v))) for v in complete(messages, ())]
    config = draw(objects) | draw(
        st.sampled_from([{}, {"model": "openai:gpt-4o", "temperature": 0.2}])
    )
    return version(
        messages,
        used,
        config,
        author=draw(words),
        message=draw(words),
        created_at=draw(st.none() | zoned),
        metadata=draw(objects),
        number=draw(words),
        parents=tuple(draw(st.lists(st.sampled_from(["1", "a/b@2"]), unique=True))),
    )


@st.composite
def told(draw: st.DrawFn, variable: Variable) -> dict[str, Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": words,
        "number": st.integers(-9, 9) | st.floats(-1, 1),
        "boolean": st.booleans(),
        "list": st.lists(values, max_size=2),
        "object": objects,
    }
    kind = draw(st.sampled_from(sorted(kinds))) if variable.type != "list" else "list"
    return {
        "type": kind,
        "description": draw(words),
        "default": draw(st.none() | kinds[kind]),
        "example": draw(st.none() | kinds[kind]),
        "required": draw(st.booleans()),
    }


@st.composite
def prompts(draw: st.DrawFn, most: int = 3, role: st.SearchStrategy[str] = roles) -> PromptFile:
    held = draw(st.lists(versions(role), min_size=1, max_size=most))
    if draw(st.booleans()):
        first = draw(st.integers(1, 5))
        held = [msgspec.structs.replace(v, revision=first + i) for i, v in enumerate(held)]
    tags = [tag.strip() for tag in draw(st.lists(words, max_size=3)) if tag.strip()]
    place = st.integers(1, len(held))
    examples = st.builds(
        ExampleFile,
        inputs=objects,
        expected=values,
        description=words,
        tags=st.lists(words, max_size=2).map(tuple),
        checks=st.lists(objects, max_size=2).map(tuple),
    )
    return prompt(
        "/".join(draw(names)),
        held,
        "",
        category=draw(st.none() | words),
        tags=draw(st.sampled_from([None, tuple(dict.fromkeys(tags))])),
        description=draw(st.none() | words),
        owner=draw(words),
        labels=draw(st.dictionaries(labels, place, max_size=2)),
        examples=tuple(draw(st.lists(examples, max_size=2))),
    )


several = st.lists(prompts(), min_size=1, max_size=3, unique_by=lambda each: each.name)
patient = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def bare(reading: Reading) -> list[PromptFile]:
    """Without what only tells of the reading."""
    assert reading.problems == ()
    return [msgspec.structs.replace(each, notes=(), line=0, format="") for each in reading.prompts]


def back(format_: Format, written: dict[str, str]) -> list[PromptFile]:
    found: list[PromptFile] = []
    for filename, text in written.items():
        source = Source(filename, text)
        assert detect(source) is format_
        found += bare(format_.read(source))
    return found


@pytest.mark.parametrize("name", EXACT)
@patient
@given(several)
def test_the_whole_library_comes_back(name: str, given_: list[PromptFile]) -> None:
    format_ = by_name(name)
    assert back(format_, format_.write(given_)) == given_


@patient
@given(prompts(most=1))
def test_a_version_in_markdown_comes_back(one: PromptFile) -> None:
    format_ = by_name("markdown")
    assert back(format_, format_.write([one])) == [one]


@pytest.mark.parametrize("name", OTHERS)
@patient
@given(one=prompts(most=2))
def test_another_tools_file_holds_the_messages_and_the_names(name: str, one: PromptFile) -> None:
    if name == "prompty":
        one = trimmed(one)
    format_ = by_name(name)
    found = back(format_, format_.write([one]))
    assert [said(each) for each in found] == [said(one)]


def trimmed(one: PromptFile) -> PromptFile:
    """Files of Prompty hold no space around a message, and none that is empty."""
    held = one.latest
    messages = [Message(m.role, m.content.strip()) for m in held.messages if m.content.strip()]
    assume(all("\r" not in m.content and "\ufeff" not in m.content for m in messages))
    changed = msgspec.structs.replace(held, messages=tuple(messages))
    return msgspec.structs.replace(one, versions=(*one.versions[:-1], changed))


def said(one: PromptFile) -> tuple[str, Sequence[Message], set[str]]:
    return one.name, one.latest.messages, {variable.name for variable in one.latest.variables}


def test_a_role_that_a_format_does_not_know_is_refused() -> None:
    odd = PromptFile(name="a", versions=(version([Message("narrator", "Hi")]),))
    with pytest.raises(UsageError, match="role narrator") as caught:
        by_name("prompty").write([odd])
    assert caught.value.hint


@patient
@given(plain_text | st.lists(st.sampled_from(NASTY), max_size=8).map("".join))
def test_literal_text_renders_to_itself(text: str) -> None:
    with Renderer() as renderer:
        assert renderer.text(literal(text) + "{{ a }}", {"a": "!"}) == text + "!"
