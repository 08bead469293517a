import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.prompts.refs import Reference, check_label, check_name, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name", Reference(name="name")),
        (" writer/chapter ", Reference(name="writer/chapter")),
        ("a b/ü-ß_ö.x", Reference(name="a b/ü-ß_ö.x")),
        ("name@3", Reference(name="name", revision=3)),
        ("name@v1.2.0", Reference(name="name", label="v1.2.0")),
        ("name@latest", Reference(name="name", label="latest")),
        ("a/3", Reference(name="a/3")),
        ("prompts:/a/b/3", Reference(name="a/b", revision=3)),
        ("prompts:/a/b@production", Reference(name="a/b", label="production")),
        ("prompts:/a/3@production", Reference(name="a/3", label="production")),
        ("prompts:/a", Reference(name="a")),
        ("prompts:/3", Reference(name="3")),
        ("a/b@branch:try", Reference(name="a/b", branch="try")),
        ("a/b@branch:main", Reference(name="a/b", branch="main")),
        ("prompts:/a/b@branch:try.2", Reference(name="a/b", branch="try.2")),
    ],
)
def test_every_form_is_read(text: str, expected: Reference) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "@3", "name@", "name@0", "name@12345678901", "name@Prod", "name@a b"),
        *("a@b@c", "name@" + "a" * 37, "name@-x", "prompts:/", "name@branch:"),
        *("name@branch:X", "name@branch:a b", "prompts:/name@branch:"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "empty"),
        ("n" * 256, "more than 255"),
        ("a|b", "holds |"),
        ("a@b", "or @"),
        ("a\nb", "control"),
        ("a\x00b", "control"),
        ("a\u2028b", "control"),
        ("/a", "between slashes"),
        ("a//b", "between slashes"),
        ("a/", "between slashes"),
        ("a / b", "space"),
        ("../a", "is . or .."),
        ("a/./b", "is . or .."),
        ("prompts:/a", "like a reference"),
    ],
)
def test_a_name_breaks_a_rule(name: str, rule: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert rule in caught.value.what


def test_the_longest_name_is_a_name() -> None:
    assert check_name("n" * 255) == "n" * 255


@pytest.mark.parametrize("label", ["production", "v1.2.0", "a", "0x", "a" * 36, "a-b_c.d"])
def test_a_label(label: str) -> None:
    assert check_label(label) == label


@pytest.mark.parametrize("label", ["latest", "3", "", "A", "a b", ".a", "a" * 37, "é", "a\n"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_label(label)
    assert caught.value.hint


@given(
    name=st.text(min_size=1),
    pointer=st.none()
    | st.integers(1, 10**9 - 1)
    | st.from_regex("[a-z][a-z0-9._-]{0,35}", fullmatch=True),
)
def test_a_written_reference_reads_back(name: str, pointer: int | str | None) -> None:
    try:
        name = check_name(name)
    except UsageError:
        return
    reference = Reference(
        name=name,
        revision=pointer if isinstance(pointer, int) else None,
        label=pointer if isinstance(pointer, str) else None,
    )
    assert parse(str(reference)) == reference
