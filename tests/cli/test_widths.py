"""Tables on narrow and broad screens: what a row is about never goes."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Run
from tests.cli.test_terminal import screen

from burnish.cli.widths import GAP, widths

AUTHOR = "Augusta Ada Lovelace <augusta.ada.lovelace@analytical-engines.example.org>"


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_a_history_keeps_revision_reason_and_labels(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("BURNISH_AUTHOR", AUTHOR)
    run("prompts", "create", "mail/late", "Hi {{ a }}", "-m", "because customers asked for it")
    run("prompts", "create", "mail/late", "Ho {{ a }}", "-m", "second")
    for label in ("production", "staging-of-europe", "canary"):
        assert run("prompts", "label", "mail/late", label, "1").code == 0
    heads, *rows = screen("prompts", "history", "mail/late", columns=columns).splitlines()
    assert heads.split() == ["rev", "when", "who", *(["hash"] * (columns >= 80)), "why", "labels"]
    assert [row.split()[0] for row in rows[:2]] == ["2", "1"]
    assert all(len(row) <= columns for row in rows)
    assert "@analytical" not in "".join(rows)
    # A word of another column may stand between two lines of one cell.
    together = "".join(rows).replace(" ", "")
    assert all(part in together for part in ("because", "customers", "asked", "latest", "canary"))


@pytest.mark.parametrize("columns", [40, 60])
def test_the_first_column_stays(run: Run, columns: int) -> None:
    run("prompts", "create", "support/replies", "Hi", "--category", "a-long-category-of-support")
    shown = screen("prompts", "list", columns=columns)
    lines = shown.splitlines()
    assert lines[0].startswith("name ")
    assert "supportreplies" in "".join(line.split(" ")[0] for line in lines[1:]).replace("/", "")
    assert all(len(line) <= columns for line in lines)


@pytest.mark.parametrize("room", [20, 30, 40, 60, 90, 200])
@pytest.mark.parametrize("wide", [0, 2, 4])
def test_columns_fit_and_none_vanishes(room: int, wide: int) -> None:
    natural = [3, 16, 40, 10, 60]
    fitted = widths(natural, room, wide)
    assert all(0 < width <= need for width, need in zip(fitted, natural, strict=True))
    assert fitted[0] == 3
    if room >= 40:
        assert sum(fitted) + GAP * 4 <= room
