"""What is put together from prompts of which some are only known from before."""

from __future__ import annotations

from pathlib import Path

import pytest

import burnish

MAIL = 'Late. {% include "shared/tone@production" %}'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("shared/tone", "Be kind.")
        p.prompts.set_label("shared/tone", "production", 1)
        p.prompts.create("mail", MAIL)
        assert not p.prompts.render("mail").stale
        assert not p.prompts.expand("mail").stale
    return tmp_path


def test_what_includes_something_stale_is_stale_and_counts_no_use(home: Path) -> None:
    with burnish.open(str(home)) as p:
        (uses,) = [each.usage_count for each in p.prompts.list().items if each.name == "mail"]
        assert uses == 1
    file = home / "burnish.sqlite"
    with burnish.open(str(home)) as p:
        p.prompts.get("mail@1")  # never too old
        away = file.with_name("away.sqlite")
        file.rename(away)
        assert not p.prompts.get("mail@1").stale
        whole = p.prompts.expand("mail@1")
        assert (whole.version.text, whole.stale) == ("Late. Be kind.", True)
        made = p.prompts.render("mail@1")
        assert (made.user, made.stale) == ("Late. Be kind.", True)

        @burnish.prompted("mail@1", p)
        def ask(filled: burnish.Filled) -> str:
            return f"answer to {filled}"

        assert str(ask()) == "answer to Late. Be kind."
        away.rename(file)
    with burnish.open(str(home)) as p:
        assert p.prompts.get("mail").prompt.usage_count == uses
        assert p.stats() == []


def test_the_fallback_is_used_where_an_include_is_missing(home: Path) -> None:
    with burnish.open(str(home)) as p:
        p.prompts.delete("shared/tone", force=True)
        with pytest.raises(burnish.NotFound, match="mail@1 includes"):
            p.prompts.render("mail")
        made = p.prompts.render("mail", {"x": "y"}, fallback="Plain {{ x }}.")
        assert (made.user, made.via, made.reference) == ("Plain y.", "fallback", "mail@0")
        assert not made.includes
        with pytest.raises(burnish.NotFound):
            p.prompts.render("mail", fallback=MAIL)
