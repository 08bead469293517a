"""Creating, changing and restoring prompts."""

import asyncio
from typing import Any

import pytest

from burnish.errors import Conflict, NotFound, TemplateRefused, UsageError
from burnish.library import Library, NewPrompt
from burnish.prompts.prompt import Message, Variable


async def test_a_new_prompt_has_all_its_fields(library: Library) -> None:
    topic = Variable(name="topic", description="what about")
    saved = await library.create(
        " writer/chapter ",
        [Message("system", "You write."), Message("user", "{{ topic }}")],
        variables=[topic],
        category=" writing ",
        tags=["a", " a ", "", "b"],
        description="d",
        author="ann",
        message="first",
        config={"model": "offline"},
        metadata={"source": "me"},
    )
    assert saved.change == "created"
    fetched = await library.get("writer/chapter")
    assert (fetched.prompt, fetched.version) == (saved.prompt, saved.version)
    prompt, version = fetched.prompt, fetched.version
    assert (prompt.category, prompt.tags, prompt.owner) == ("writing", ("a", "b"), "ann")
    assert (version.revision, version.author, version.message) == (1, "ann", "first")
    assert (version.variables, version.parents) == ((topic,), ())
    assert [m.role for m in version.messages] == ["system", "user"]
    assert version.created_at.utcoffset() is not None


async def test_creating_an_existing_name_adds_a_revision(library: Library) -> None:
    first = await library.create("a", "one", category="x", tags=["t"])
    second = await library.create("a", "two", author="bob", category="y")
    assert (second.change, second.version.revision) == ("revised", 2)
    assert second.version.parents == (first.version.id,)
    assert (second.prompt.category, second.prompt.tags) == ("y", ("t",))
    assert (await library.get("a")).prompt == second.prompt


async def test_the_same_content_again_is_said_to_be_unchanged(library: Library) -> None:
    first = await library.create("a", "one", config={"model": "m"})
    again = await library.create("a", "one", config={"model": "m"}, author="bob", tags=["t"])
    assert (again.change, again.version) == ("unchanged", first.version)
    assert (await library.get("a")).prompt.tags == ("t",)
    assert (await library.update("a", "one")).change == "unchanged"
    assert (await library.create("a", "one")).change == "unchanged"
    assert (await library.create("a", "one", config={})).change == "revised"
    assert (await library.update("a", metadata={"n": 1})).change == "revised"
    assert len(await library.history("a")) == 3


async def test_an_update_keeps_what_it_does_not_name(library: Library) -> None:
    topic = Variable(name="topic")
    await library.create("a", "{{ topic }}", variables=[topic], config={"model": "m"})
    version = (await library.update("a", "On {{ topic }}", author="bob")).version
    assert (version.variables, version.config, version.author) == ((topic,), {"model": "m"}, "bob")
    version = (await library.update("a", config={}, message="why")).version
    assert (version.text, version.config, version.message) == ("On {{ topic }}", {}, "why")
    optional = Variable(name="topic", required=False, default="sheep")
    assert (await library.update("a", variables=[optional])).version.variables == (optional,)


async def test_variables_that_new_content_still_uses_keep_their_types(library: Library) -> None:
    days = Variable(name="days", type="number", default=3, required=False)
    await library.create("a", "{{ days }} in {{ city }}", variables=[days])
    for save in (library.create, library.update):
        version = (await save("a", f"{save.__name__}: {{{{ days }}}} with {{{{ pet }}}}")).version
        assert version.variables == (days, Variable(name="pet"))
    assert (await library.create("a", "nothing to fill in")).version.variables == ()


async def test_what_nobody_declares_is_found_in_the_content(library: Library) -> None:
    saved = await library.create("a", [Message("placeholder", "past"), Message("user", "{{ x }}")])
    assert [(v.name, v.type) for v in saved.version.variables] == [
        ("past", "list"),
        ("x", "string"),
    ]
    assert (await library.update("a", variables=[])).change == "unchanged"
    with pytest.raises(TemplateRefused):
        await library.create("b", "{% for x in y %}")
    with pytest.raises(NotFound):
        await library.get("b")


@pytest.mark.spec("VER-01")
async def test_a_change_leaves_earlier_versions_as_they_were(library: Library) -> None:
    await library.create("a", "one", author="ann", message="first")
    first = (await library.get("a@1")).version
    await library.update("a", "two", author="bob", message="better")
    await library.edit("a", category="c")
    await library.set_label("a", "production", 1)
    await library.rollback("a", 1)
    library.reload()
    assert (await library.get("a@1")).version == first
    history = await library.history("a")
    assert [(e.version.author, e.version.message) for e in history[1:]] == [
        ("bob", "better"),
        ("ann", "first"),
    ]
    assert len({e.version.content_hash for e in history}) == 2


async def test_the_callers_later_changes_do_not_reach_a_version(library: Library) -> None:
    config: dict[str, Any] = {"model": "m"}
    saved = await library.create("a", "one", config=config)
    config["model"] = "other"
    assert saved.version.config == {"model": "m"}


async def test_the_expected_revision_guards_against_somebody_faster(library: Library) -> None:
    await library.create("a", "one", expected_revision=0)
    with pytest.raises(Conflict):
        await library.create("a", "two", expected_revision=0)
    await library.update("a", "two", expected_revision=1)
    with pytest.raises(Conflict, match="at revision 2, not 1") as caught:
        await library.update("a", "three", expected_revision=1)
    assert "look at the newer revision" in caught.value.hint
    with pytest.raises(NotFound):
        await library.create("b", "x", expected_revision=3)


async def test_changes_to_different_parts_at_once_are_all_kept(library: Library) -> None:
    await library.create("a", "one")
    # Not among them: a new text drops what belongs to the old one.
    await library.update("a", "two")
    changes: list[dict[str, Any]] = [
        {"config": {"model": "m"}},
        {"metadata": {"n": 1}},
        {"variables": [Variable(name="x")]},
    ]
    await asyncio.gather(*(library.update("a", **change) for change in changes))
    version = (await library.get("a")).version
    assert (version.revision, version.text) == (5, "two")
    assert (version.config, version.metadata) == ({"model": "m"}, {"n": 1})
    assert version.variables == (Variable(name="x"),)


async def test_one_name_created_many_times_at_once_is_one_prompt(library: Library) -> None:
    saved = await asyncio.gather(*(library.create("a", f"text {n}") for n in range(8)))
    assert sorted(s.version.revision for s in saved) == list(range(1, 9))
    assert sorted(s.change for s in saved) == ["created"] + ["revised"] * 7
    assert len({s.prompt.id for s in saved}) == 1


async def test_an_edit_makes_no_revision(library: Library) -> None:
    await library.create("a", "one", category="x", description="d")
    await library.get("a@1")
    edited = await library.edit("a", category="y", tags=["t"])
    assert (edited.category, edited.tags, edited.description) == ("y", ("t",), "d")
    assert edited.latest_revision == 1
    assert (await library.get("a@1")).prompt == edited
    assert await library.edit("a") == edited


async def test_a_deleted_prompt_comes_back_with_everything(library: Library) -> None:
    await library.create("a", "one", tags=["t"])
    await library.update("a", "two")
    await library.set_label("a", "production", 1, by="ann")
    before = await library.get("a")
    assert (await library.delete("a")).deleted_at is not None
    with pytest.raises(NotFound, match="no prompt 'a'") as caught:
        await library.get("a")
    assert "restore 'a'" in caught.value.hint
    assert (await library.list()).total == 0
    restored = await library.restore("a")
    assert restored.deleted_at is None
    after = await library.get("a")
    assert (after.version, after.via) == (before.version, "production")
    assert len(await library.label_log("a")) == 1
    with pytest.raises(NotFound, match="not deleted"):
        await library.restore("a")


async def test_the_name_of_a_deleted_prompt_is_free(library: Library) -> None:
    old = await library.create("a", "old")
    await library.delete("a")
    new = await library.create("a", "new")
    assert (new.change, new.version.revision) == ("created", 1)
    with pytest.raises(Conflict, match="another prompt is named 'a'") as caught:
        await library.restore("a")
    assert "another name" in caught.value.hint
    restored = await library.restore("a", as_name="b")
    assert (restored.id, restored.name) == (old.prompt.id, "b")
    assert (await library.get("b")).version == old.version
    assert (await library.get("a")).version == new.version


async def test_many_are_created_in_one_step(library: Library) -> None:
    with pytest.raises(NotFound):
        await library.get("n/1")
    new = [NewPrompt(name=f"n/{n}", content=f"text {n}", tags=("t",)) for n in range(30)]
    assert await library.create_many(new, author="ann") == 30
    fetched = await library.get("n/1")
    assert (fetched.version.text, fetched.prompt.owner) == ("text 1", "ann")
    # What came in together equals what would have come in singly.
    single = await library.create("n/1", "text 1")
    assert single.change == "unchanged"
    with pytest.raises(Conflict, match="n/1"):
        await library.create_many([NewPrompt(name="new", content="x"), new[1]])
    assert (await library.list(tags=["t"])).total == 30
    assert (await library.list()).total == 30


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("  \n", {}, "empty"),
        ([], {}, "empty"),
        ([Message("", "x")], {}, "no role"),
        ("a\0b", {}, "NUL"),
        ("x", {"config": {"a": object()}}, "config"),
        ("x", {"metadata": {"a": float("nan")}}, "metadata"),
        ("x", {"variables": [Variable(name="a"), Variable(name="a")]}, "twice"),
        ("x", {"variables": [Variable(name="not a name")]}, "not a variable name"),
    ],
)
async def test_what_cannot_be_a_prompt_is_refused(
    library: Library, content: Any, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        await library.create("a", content, **options)
    assert caught.value.hint
    assert (await library.list()).total == 0


async def test_the_expected_revision_counts_for_equal_content_too(library: Library) -> None:
    await library.create("a", "one")
    await library.create("a", "two")
    with pytest.raises(Conflict):
        await library.create("a", "two", expected_revision=0)
    with pytest.raises(Conflict):
        await library.update("a", "two", expected_revision=1)
    assert (await library.update("a", "two", expected_revision=2)).change == "unchanged"


async def test_a_new_text_keeps_the_config_and_drops_what_was_known_of_the_old(
    library: Library,
) -> None:
    await library.create("a", "one", config={"model": "m"}, metadata={"idea": "i"})
    version = (await library.create("a", "two")).version
    assert (version.config, version.metadata) == ({"model": "m"}, {})


@pytest.mark.parametrize(
    "message",
    [
        Message("sys\x1b[31mtem", "x"),
        Message("placeholder", "not a name!"),
        Message("user", "half \ud800 a pair"),
    ],
)
async def test_messages_that_could_not_be_shown_or_stored_are_refused(
    library: Library, message: Message
) -> None:
    with pytest.raises(UsageError):
        await library.create("a", [message, Message("user", "text")])


@pytest.mark.parametrize("revision", [0, -1, 10**20])
async def test_numbers_that_no_revision_has_are_refused(library: Library, revision: int) -> None:
    await library.create("a", "one")
    with pytest.raises(UsageError, match="no revision"):
        await library.rollback("a", revision)
    with pytest.raises(UsageError, match="no revision"):
        await library.set_label("a", "production", revision)
    with pytest.raises(UsageError, match="page"):
        await library.history("a", limit=0)
