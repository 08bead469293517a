"""Labels, history, rollback and differences."""

import asyncio

import pytest

from burnish.errors import NotFound, UsageError
from burnish.library import Library
from burnish.prompts.prompt import Variable


async def two(library: Library) -> None:
    await library.create("a", "one", author="ann", message="first")
    await library.create("a", "two", author="bob", message="second")


@pytest.mark.spec("VER-05")
async def test_moving_a_label_is_atomic_and_logged(library: Library) -> None:
    await two(library)
    await library.set_label("a", "production", 1, by="ann", why="tested")
    seen: set[str] = set()
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            library.reload()
            fetched = await library.get("a")
            seen.add(f"{fetched.via} {fetched.version.revision}")

    async def moves() -> None:
        for n in range(20):
            await library.set_label("a", "production", 1 + n % 2, by="bob", why=f"move {n}")
        done.set()

    await asyncio.gather(read(), moves())
    # Never neither, which would have shown as "latest".
    assert seen
    assert seen <= {"production 1", "production 2"}
    log = await library.label_log("a", "production")
    assert len(log) == 21
    newest = log[0]
    assert (newest.moved_by, newest.why, newest.to_revision) == ("bob", "move 19", 2)
    assert [m.to_revision for m in log[1:]] == [m.from_revision for m in log[:-1]]
    assert log[-1].from_revision is None
    assert newest.moved_at >= log[-1].moved_at


async def test_labels_list_with_latest_kept_by_the_system(library: Library) -> None:
    await two(library)
    await library.set_label("a", "staging", 1, by="ann")
    labels = await library.labels("a")
    assert [(label.name, label.revision, label.moved_by) for label in labels] == [
        ("staging", 1, "ann"),
        ("latest", 2, "bob"),
    ]
    with pytest.raises(UsageError, match="cannot be set"):
        await library.set_label("a", "latest", 1)
    with pytest.raises(UsageError, match="cannot be set"):
        await library.remove_label("a", "latest")
    with pytest.raises(UsageError, match="no label"):
        await library.set_label("a", "Production!", 1)
    with pytest.raises(NotFound, match="no revision 3"):
        await library.set_label("a", "staging", 3)
    with pytest.raises(NotFound, match="no label 'other'"):
        await library.remove_label("a", "other")


async def test_history_lists_who_when_why_and_labels_newest_first(library: Library) -> None:
    await two(library)
    await library.set_label("a", "production", 1)
    await library.set_label("a", "v1.0", 1)
    newest, oldest = await library.history("a")
    assert (newest.version.author, newest.version.message) == ("bob", "second")
    assert newest.version.parents == (oldest.version.id,)
    assert newest.version.created_at >= oldest.version.created_at
    assert (newest.labels, oldest.labels) == (("latest",), ("production", "v1.0"))
    assert [e.version.revision for e in await library.history("a", limit=1)] == [2]
    assert [e.version.revision for e in await library.history("a", before=2)] == [1]


async def test_a_rollback_is_a_new_revision_with_the_old_text(library: Library) -> None:
    topic = Variable(name="topic")
    first = await library.create("a", "{{ topic }}", variables=[topic], config={"model": "m"})
    second = await library.create("a", "bad")
    saved = await library.rollback("a", 1, author="ann")
    version = saved.version
    assert (version.revision, version.content_hash) == (3, first.version.content_hash)
    assert (version.variables, version.config) == ((topic,), {"model": "m"})
    assert version.parents == (second.version.id, first.version.id)
    assert (version.author, version.message, saved.moved) == ("ann", "Roll back to revision 1", ())
    assert len(await library.labels("a")) == 1


async def test_a_rollback_moves_the_label_with_it(library: Library) -> None:
    await two(library)
    await library.set_label("a", "production", 2)
    await library.set_label("a", "staging", 2)
    saved = await library.rollback("a", 1, message="it failed", author="ann")
    assert saved.moved == ("production",)
    move = (await library.label_log("a"))[0]
    assert (move.label, move.to_revision, move.why) == ("production", 3, "it failed")
    assert (await library.get("a@staging")).version.revision == 2
    saved = await library.rollback("a", 2, label="staging")
    assert ((await library.get("a@staging")).version.revision, saved.moved) == (4, ("staging",))
    saved = await library.rollback("a", 1, label=None)
    assert (saved.version.revision, saved.moved) == (5, ())
    assert (await library.get("a")).version.revision == 3


async def test_a_rollback_to_what_is_there_moves_the_label_alone(library: Library) -> None:
    await library.create("a", "one")
    await library.create("a", "two")
    await library.create("a", "one")
    await library.set_label("a", "production", 2)
    saved = await library.rollback("a", 1)
    assert (saved.change, saved.version.revision, saved.moved) == ("unchanged", 3, ("production",))
    assert (await library.get("a")).version.revision == 3
    with pytest.raises(NotFound, match="no revision 9"):
        await library.rollback("a", 9)


async def test_a_difference_is_by_word_with_the_rest_apart(library: Library) -> None:
    await library.create("a", "Write a short poem.", config={"t": 1}, metadata={"m": 1})
    await library.create(
        "a", "Write a long poem.", variables=[Variable(name="x")], config={}, metadata={"m": 1}
    )
    diff = await library.diff("a@1", "a@latest")
    assert [s.text for s in diff.messages[0].segments] == ["Write a ", "short", "long", " poem."]
    assert [(v.name, v.change) for v in diff.variables] == [("x", "added")]
    assert [(c.path, c.change) for c in diff.config] == [(("t",), "removed")]
    assert diff.metadata == ()
    assert not (await library.diff("a@1", "prompts:/a/1")).changed
