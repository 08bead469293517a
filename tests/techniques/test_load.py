from __future__ import annotations

from pathlib import Path

import pytest

from burnish.errors import UsageError
from burnish.techniques import Catalog, built_in_techniques, load_folder, load_technique

GOOD = """\
name: house_style
title: House style
category: structure
complexity: 1
calls: 2
suits: [all]
section: constraints
template: |
  - Keep to {{ style }}.
parameters:
  - name: style
    default: our style
    description: The style.
examples:
  - before: a
    after: b
evidence:
  - source: practice
    note: ours
harm: None known.
summary: Adds the house style.
why: no
"""


def write(folder: Path, text: str, name: str = "house_style.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_good_file(tmp_path: Path) -> None:
    technique = load_technique(write(tmp_path, GOOD))
    assert technique.calls == "2"
    assert technique.why == "no"
    assert technique.suits == ("all",)
    assert technique.parameters[0].default == "our style"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("complexity: 1", "complexity: 9", 4, "field complexity: Expected `int` <= 5"),
        ("category: structure", "category: magic", 3, "field category: Invalid enum value"),
        ("    description: The style.", "    describe: x", 13, "unknown field `describe`"),
        ("harm: None known.", "hurt: none", 20, "field hurt: .*unknown field `hurt`"),
        ("calls: 2", "calls: many", 5, "field calls: Expected `str` matching"),
        ("    after: b", "    after: 7", 16, "field examples.0.after: Expected `str`, got `int`"),
        ("why: no", "why: no\nwhy: yes", 23, "has the key 'why' twice"),
        ("why: no", "why: &a no", 22, "uses an anchor"),
        ("why: no", "why: !!int 3", 22, "uses a tag"),
        ("suits: [all]", "suits: [all", 7, "is not valid YAML"),
        ("suits: [all]", "suits: [all]\navoid_for: [research]", 7, "avoid_for needs avoid_because"),
        ("{{ style }}", "{{ stile }}", 8, "field template: uses stile, which parameters does not"),
        ("{{ style }}", "{{ style ", 8, "field template: is not a valid template"),
    ],
)
def test_a_wrong_file_is_named_with_field_and_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(UsageError, match=problem) as caught:
        load_technique(path)
    assert caught.value.what.startswith(f"{path}:{line} ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("- a list", "Expected `object`, got `array`"),
        ("just words", "Expected `object`, got `str`"),
        (GOOD + "---\nmore: 1\n", ":23 holds a second document"),
        (GOOD.replace("harm: None known.\n", ""), "missing required field `harm`"),
        ("? [a]\n: b\n", ":1 has a key that is not a word"),
    ],
)
def test_what_is_no_technique_at_all(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        load_technique(write(tmp_path, text))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_technique(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        load_technique(tmp_path / "latin.yaml")
    with pytest.raises(UsageError, match="is not a folder"):
        load_folder(tmp_path / "none")


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("house_style", "second"), "second.yml")
    write(tmp_path, "not a technique", "README.md")
    loaded = load_folder(tmp_path)
    assert [each.name for each in loaded] == ["house_style", "second"]
    catalog = Catalog((*built_in_techniques(), *loaded))
    assert catalog.get("second").title == "House style"
