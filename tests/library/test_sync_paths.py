"""Names of prompts as paths of files, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.library.sync.paths import Places, is_safe, name_of, path_key, path_of
from burnish.prompts.refs import check_name

UGLY = [
    "a/b",
    "Über uns/größe 1",
    'what? <now>: 100% "sure"*',
    "con",
    "AUX.old/x",
    ".git/config",
    ".hidden",
    "git~1/x",
    "a.md/b",
    "end.",
    "end./x",
    "back\\slash",
    "zero\u200bwidth",
    "100%41",
    "a/b.md",
]


@pytest.mark.parametrize("name", UGLY)
def test_a_name_can_be_read_back_from_its_path(name: str) -> None:
    path = path_of(name)
    assert name_of(path) == name
    assert all(is_safe(part) and not part.startswith(".") for part in path.split("/"))
    assert not set(path) & set('\\:*?"<>|')


@given(st.text(min_size=1, max_size=60))
def test_any_name_has_a_path_that_stays_in_the_folder(text: str) -> None:
    try:
        name = check_name(text)
    except UsageError:
        return
    path = path_of(name)
    assert name_of(path) == name
    assert all(is_safe(part) for part in path.split("/"))
    assert all(len(part.encode()) <= 255 for part in path.split("/"))


def test_a_long_name_keeps_within_what_file_systems_take() -> None:
    paths = {path_of("語" * 254 + end) for end in "ab"}
    assert len(paths) == 2
    assert all(len(path.encode()) < 255 for path in paths)


def test_two_prompts_never_share_a_file() -> None:
    places = Places(["README.md", "docs/a.md/x.txt", "mail"])
    names = ["Late", "late", "LATE", "readme", "docs/a", "mail/late", "cafe\u0301", "caf\u00e9"]
    paths = [places.free(name) for name in names]
    assert len({path_key(path) for path in paths}) == len(names)
    assert paths[0] == "Late.md"
    assert not paths[5].startswith("mail/")


@pytest.mark.parametrize("part", ["..", ".", "", ".git", ".GIT", ".git ", ".git::$INDEX", "a\\b",
                                  "git~1", ".g\u200cit"])  # fmt: skip
def test_names_that_lead_elsewhere_are_not_safe(part: str) -> None:
    assert not is_safe(part)
