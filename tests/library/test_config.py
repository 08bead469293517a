"""A version's config is checked when it is stored; ratings take a reference or an id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish import NotFound, UsageError
from burnish.library import Library
from burnish.library.values import NewPrompt

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"temperature": "hot"}, "config temperature got str; it takes a number from 0 to 2"),
    ({"temperature": 5}, "config temperature is 5; it takes a number from 0 to 2"),
    ({"temperature": True}, "config temperature got bool"),
    ({"max_tokens": 0}, "config max_tokens is 0; it takes a whole number from 1"),
    ({"max_tokens": 1.5}, "config max_tokens is 1.5"),
    ({"min_length": -1}, "config min_length is -1"),
    ({"max_length": "9"}, "config max_length got str"),
    ({"model": 5}, "config model is 5; it takes text"),
    ({"language": ["en"]}, "config language got list; it takes text"),
    ({"min_length": 9, "max_length": 5}, "config min_length is 9, above max_length"),
    ({"min_lenght": 5}, "config has no key 'min_lenght'; did you mean 'min_length'?"),
    ({"Temperature": 1}, "did you mean 'temperature'?"),
    ({"max-tokens": 9}, "did you mean 'max_tokens'?"),
    ({"models": "openai:gpt-5-mini"}, "did you mean 'model'?"),
    ({"example": [{"input": "a"}]}, "did you mean 'examples'?"),
]


@pytest.mark.parametrize(("config", "told"), WRONG)
async def test_a_wrong_config_is_refused_by_every_door(
    library: Library, config: dict[str, Any], told: str
) -> None:
    await library.create("there", "one")
    for stored in (
        library.create("a", "one", config=config),
        library.update("there", config=config),
        library.create_many([NewPrompt(name="b", content="one", config=config)]),
    ):
        with pytest.raises(UsageError) as caught:
            await stored
        assert told in str(caught.value)
    assert (await library.list()).total == 1
    assert (await library.get("there")).version.revision == 1


async def test_keys_of_ones_own_are_kept(library: Library) -> None:
    config = {"model": "openai:gpt-5-mini", "temperature": 1, "team": "ops", "stop": ["x"]}
    config |= {"models": ["a:b", "c:d"], "example": "one of them", "languages": ["en", "de"]}
    saved = await library.create("a", "one", config=config)
    assert saved.version.config == config


async def test_an_old_version_comes_back_whatever_its_config_says(library: Library) -> None:
    await library.create("a", "one", config={"team": "ops"})
    await library.create("a", "two", config={})
    assert (await library.rollback("a", 1)).version.config == {"team": "ops"}


def test_a_rating_takes_a_reference_or_an_id(p: burnish.Platform) -> None:
    saved = p.prompts.create("team/a", "one")
    p.prompts.create("team/a", "two")
    p.prompts.set_label("team/a", "production", 1)
    given = ["team/a", "team/a@2", "team/a@production", saved.prompt.id, saved.version.id]
    for number, reference in enumerate(given, start=1):
        p.prompts.record_rating(reference, 1 if number < 5 else 0)
    assert p.prompts.list().items[0].rating == 0.8


async def test_a_rating_of_the_async_face(tmp_path: Path) -> None:
    async with burnish.open_async(str(tmp_path)) as p:
        saved = await p.prompts.create("a", "one")
        await p.prompts.record_rating("a@1", 0.5)
        await p.prompts.record_rating(saved.version.id, 1.0)
        assert (await p.prompts.list()).items[0].rating == 0.75


def test_a_rating_of_nothing_and_one_that_is_none(p: burnish.Platform) -> None:
    p.prompts.create("a", "one")
    with pytest.raises(NotFound):
        p.prompts.record_rating("b", 0.5)
    with pytest.raises(NotFound):
        p.prompts.record_rating("a@7", 0.5)
    with pytest.raises(NotFound):
        p.prompts.record_rating(p.new_id(), 0.5)
    wrong: list[Any] = [2, -0.1, float("nan"), "good", True]
    for value in wrong:
        with pytest.raises(UsageError, match="is no rating"):
            p.prompts.record_rating("a", value)
