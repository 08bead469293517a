"""Branches and merges, tags and approvals, the origin of lines, and what rests."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import burnish
from burnish.errors import (
    Conflict,
    NotFound,
    NotPermitted,
    SettingsError,
    TemplateRefused,
    UsageError,
)
from burnish.library import Library
from burnish.library.cache import Cache
from burnish.prompts.merge import Own
from burnish.prompts.prompt import Message, Variable
from burnish.storage.store import Store

TEXT = "Write a note.\nBe brief.\nUse plain words.\n"


@pytest.fixture
async def branched(library: Library) -> Library:
    await library.create("note", TEXT, author="ann")
    await library.lines.branch("note", "try", by="bob")
    return library


async def test_a_branch_is_a_line_of_its_own(branched: Library) -> None:
    there = await branched.update("note", TEXT.replace("brief", "kind"), branch="try", author="bob")
    here = await branched.update("note", TEXT.replace("plain", "short"), author="ann")
    assert (there.version.revision, there.prompt.latest_revision) == (2, 1)
    assert (here.version.revision, here.version.parents) == (3, there.version.parents)
    assert (await branched.get("note")).version == here.version
    assert (await branched.get("note@branch:main")).version == here.version
    assert (await branched.get("note@branch:try")).version == there.version
    assert (await branched.get("note@2")).version.branch == "try"
    assert [(b.name, b.revision) for b in await branched.lines.branches("note")] == [
        ("main", 3),
        ("try", 2),
    ]
    on_branch = await branched.history("note", branch="try")
    assert [entry.version.revision for entry in on_branch] == [2]
    with pytest.raises(NotFound, match=r"no branch 'other'; it has main, try"):
        await branched.get("note@branch:other")


@pytest.mark.spec("VER-04")
async def test_two_branches_that_change_different_lines_merge(branched: Library) -> None:
    there = await branched.update("note", TEXT.replace("brief", "kind"), branch="try")
    here = await branched.update("note", TEXT.replace("plain", "short"))
    merged = await branched.lines.merge("note", "try", author="ann")
    assert merged.version.text == "Write a note.\nBe kind.\nUse short words.\n"
    assert merged.version.parents == (here.version.id, there.version.id)
    assert merged.version.message == "Merge try at revision 2 into main"
    assert (await branched.get("note")).version == merged.version
    again = await branched.lines.merge("note", "try")
    assert (again.change, again.version) == ("unchanged", merged.version)


@pytest.mark.spec("VER-04")
async def test_the_same_line_conflicts_until_it_is_resolved(branched: Library) -> None:
    await branched.update("note", TEXT.replace("brief", "kind"), branch="try")
    await branched.update("note", TEXT.replace("brief", "exact"))
    with pytest.raises(Conflict, match=r"1 conflict to resolve"):
        await branched.lines.merge("note", "try")
    seen = await branched.lines.preview_merge("note", "try")
    (conflict,) = seen.merged.conflicts
    assert (conflict.ours, conflict.theirs) == ("Be exact.\n", "Be kind.\n")
    assert len(await branched.history("note")) == 3
    merged = await branched.lines.merge("note", "try", choices={1: Own("Be kind and exact.\n")})
    assert "Be kind and exact.\nUse plain" in merged.version.text


async def test_a_merge_may_go_into_any_branch(branched: Library) -> None:
    await branched.update("note", TEXT + "More.\n")
    merged = await branched.lines.merge("note", "main", into="try")
    assert (merged.version.branch, merged.version.text) == ("try", TEXT + "More.\n")
    assert (await branched.get("note")).version.revision == 2


async def test_a_merge_that_would_break_the_template_is_refused(branched: Library) -> None:
    text = "{% if a %}\nx\n{% endif %}\n" + TEXT
    await branched.update("note", text)
    await branched.lines.branch("note", "next")
    await branched.update(
        "note", text.replace("{% endif %}\n", "{{ b }}{% endif %}\n"), branch="next"
    )
    await branched.update(
        "note", text.replace("{% if a %}\nx\n", "x\n").replace("{% endif %}\n", "")
    )
    with pytest.raises(Conflict):
        await branched.lines.merge("note", "next")
    with pytest.raises(TemplateRefused):
        await branched.lines.merge("note", "next", choices={1: Own("{% if a %}\n")})
    assert (await branched.get("note")).version.text.startswith("x\n")


async def test_a_merge_keeps_variables_and_config_of_both(library: Library) -> None:
    base = Variable(name="a", default="x")
    await library.create(
        "p", "{{ a }}\nmiddle\nend\n", variables=[base], config={"temperature": 0.1}
    )
    await library.lines.branch("p", "try")
    await library.update(
        "p",
        "{{ a }}\nmiddle\nend {{ b }}\n",
        variables=[base, Variable(name="b", type="number")],
        branch="try",
    )
    await library.update("p", config={"temperature": 0.9})
    merged = (await library.lines.merge("p", "try")).version
    assert [v.name for v in merged.variables] == ["a", "b"]
    assert (merged.variables[1].type, merged.config) == ("number", {"temperature": 0.9})


async def test_two_people_merge_at_once(branched: Library, store: Store) -> None:
    for number in range(6):
        await branched.lines.branch("note", f"b{number}")
        await branched.update(
            "note", f"{number}.\n{TEXT}" if number else TEXT + "Z.\n", branch=f"b{number}"
        )
    others = [Library(store) for _ in range(2)]
    await asyncio.gather(
        others[0].lines.merge("note", "b0", author="ann"),
        others[1].lines.merge("note", "b1", author="bob"),
    )
    assert (await branched.get("note@latest")).version.text == f"1.\n{TEXT}Z.\n"


async def test_what_cannot_be_merged_says_why(branched: Library) -> None:
    await branched.create("other", "x")
    with pytest.raises(UsageError, match="another prompt than 'note'"):
        await branched.lines.merge("note", "other@1")
    with pytest.raises(NotFound, match="no branch 'none'"):
        await branched.lines.merge("note", "none")
    with pytest.raises(UsageError, match="has a branch 'main' already"):
        await branched.lines.branch("note", "main")
    with pytest.raises(Conflict, match="has a branch 'try' already"):
        await branched.lines.branch("note", "try")
    await branched.delete("note")
    with pytest.raises(NotFound, match="it was deleted: burnish prompts restore"):
        await branched.lines.merge("note", "try")


async def test_a_deleted_branch_leaves_its_versions(branched: Library) -> None:
    await branched.update("note", "there", branch="try")
    assert (await branched.lines.delete_branch("note", "try")).revision == 2
    assert (await branched.get("note@2")).version.text == "there"
    with pytest.raises(NotFound):
        await branched.get("note@branch:try")


async def test_one_change_is_taken_back_and_what_came_after_stays(library: Library) -> None:
    await library.create("note", TEXT)
    await library.update("note", TEXT.replace("brief", "rude"))
    await library.update("note", TEXT.replace("brief", "rude") + "Thanks.\n")
    done = await library.lines.revert("note", 2)
    assert done.version.text == TEXT + "Thanks.\n"
    assert done.version.message == "Revert revision 2"
    graph = await library.lines.graph("note")
    two = next(node.id for node in graph.nodes if node.reference == "note@2")
    assert ("reverted", two, done.version.id) in [(e.kind, e.parent, e.child) for e in graph.edges]
    with pytest.raises(UsageError, match="is the first"):
        await library.lines.revert("note", 1)
    await library.update("note", "all new")
    with pytest.raises(Conflict):
        await library.lines.revert("note", 2)


async def test_each_line_names_the_version_that_brought_it(branched: Library) -> None:
    await branched.update("note", TEXT.replace("brief", "kind"), branch="try", author="bob")
    await branched.update("note", TEXT + "Date it.\n", author="cleo", message="dated")
    await branched.lines.merge("note", "try", author="ann")
    blamed = await branched.lines.blame("note")
    assert [(line.text, line.revision, line.author) for line in blamed] == [
        ("Write a note.", 1, "ann"),
        ("Be kind.", 2, "bob"),
        ("Use plain words.", 1, "ann"),
        ("Date it.", 3, "cleo"),
    ]
    assert (blamed[3].why, blamed[3].message, blamed[3].line) == ("dated", 1, 4)
    old = await branched.lines.blame("note@2")
    assert [line.revision for line in old] == [1, 2, 1]


@pytest.mark.spec("LIB-19")
async def test_the_graph_tells_how_versions_came_about(branched: Library) -> None:
    await branched.update("note", TEXT + "There.\n", branch="try")
    await branched.update("note", "Here.\n" + TEXT)
    await branched.lines.merge("note", "try")
    await branched.rollback("note", 1)
    copy = await branched.lines.copy("note@2", "copied")
    graph = await branched.lines.graph("note")
    names = {node.id: node.reference for node in graph.nodes}
    assert {(names[e.parent], e.kind, names[e.child]) for e in graph.edges} == {
        ("note@1", "branched", "note@2"),
        ("note@1", "revised", "note@3"),
        ("note@3", "revised", "note@4"),
        ("note@2", "merged", "note@4"),
        ("note@4", "revised", "note@5"),
        ("note@1", "rolled back", "note@5"),
        ("note@2", "derived", "copied@1"),
    }
    assert graph.nodes[0].labels == ("latest",)
    other = await branched.lines.graph("copied")
    assert [(e.kind, e.child) for e in other.edges] == [("derived", copy.version.id)]


async def test_a_copy_says_the_same_under_another_name(library: Library) -> None:
    messages = [Message("system", "You write."), Message("user", "{{ topic }}")]
    await library.create(
        "a/b",
        messages,
        variables=[Variable(name="topic", default="x")],
        config={"temperature": 0.2},
        tags=["t"],
        description="d",
    )
    copied = await library.lines.copy("a/b", "c/d", author="bob")
    original = await library.get("a/b")
    assert copied.version.content_hash == original.version.content_hash
    assert (copied.prompt.category, copied.prompt.tags, copied.prompt.description) == (
        "c",
        ("t",),
        "d",
    )
    with pytest.raises(Conflict):
        await library.lines.copy("a/b", "c/d")


async def test_a_tag_stays_where_it_is(library: Library) -> None:
    await library.create("a", "one")
    await library.update("a", "two")
    await library.lines.tag("a", "v1.0", 1, by="ann")
    assert (await library.get("a@v1.0")).version.text == "one"
    for move in (library.set_label("a", "v1.0", 2), library.lines.tag("a", "v1.0", 2)):
        with pytest.raises(Conflict, match="tags never move"):
            await move
    await library.remove_label("a", "v1.0")


@pytest.fixture
def strict(store: Store) -> Library:
    return Library(store, cache=Cache(), protected=["production", "live-*"])


@pytest.mark.spec("VER-08")
async def test_a_protected_label_moves_when_another_person_approves(strict: Library) -> None:
    await strict.create("a", "one")
    await strict.update("a", "two")
    for move in (
        strict.set_label("a", "production", 2),
        strict.remove_label("a", "live-eu"),
        strict.lines.tag("a", "live-us", 1),
    ):
        with pytest.raises(NotPermitted, match="another person has to approve"):
            await move
    await strict.set_label("a", "staging", 2)
    asked = await strict.lines.ask_label("a", "production", 2, by="ann", why="it won")
    assert await strict.lines.label_requests("a") == (asked,)
    with pytest.raises(NotPermitted, match="somebody else has to approve"):
        await strict.lines.approve(asked.id, by="ann")
    moved = await strict.lines.approve(asked.id, by="bob")
    assert (moved.to_revision, moved.moved_by, moved.why) == (2, "bob", "it won")
    assert (await strict.get("a")).via == "production"
    assert await strict.lines.label_requests("a") == ()
    (done,) = await strict.lines.label_requests("a", state=None)
    assert (done.state, done.decided_by) == ("approved", "bob")
    with pytest.raises(Conflict, match="approved already"):
        await strict.lines.approve(asked.id, by="bob")


async def test_what_a_label_protects_stays_where_it_is(strict: Library) -> None:
    await strict.create("a", "one")
    await strict.update("a", "two")
    asked = await strict.lines.ask_label("a", "production", 1, by="ann")
    for alike in ("Ann", " ann "):
        with pytest.raises(NotPermitted, match="somebody else"):
            await strict.lines.approve(asked.id, by=alike)
    await strict.lines.approve(asked.id, by="bob")
    for change in (
        strict.rollback("a", 1),
        strict.delete("a"),
        strict.lines.tag("a", "production", 2),
    ):
        with pytest.raises(NotPermitted):
            await change
    tag = await strict.lines.ask_label("a", "live-1", 1, tag=True, by="ann")
    await strict.lines.approve(tag.id, by="bob")
    assert {each.name for each in await strict.labels("a") if each.tag} == {"live-1"}


async def test_a_deleted_prompt_takes_no_label_to_another_name(
    strict: Library, library: Library
) -> None:
    await library.create("junk", "one")
    await library.set_label("junk", "production", 1)
    await library.delete("junk")
    with pytest.raises(NotPermitted, match="carries the protected label"):
        await strict.restore("junk", as_name="a")
    await strict.restore("junk")


def test_a_pattern_that_no_label_is_like_is_refused(store: Store) -> None:
    for pattern in ("Production", " production", ""):
        with pytest.raises(SettingsError, match="no label is like"):
            Library(store, protected=[pattern])


async def test_choices_are_for_what_was_seen(branched: Library) -> None:
    await branched.update("note", TEXT.replace("brief", "kind"), branch="try")
    await branched.update("note", TEXT.replace("brief", "exact"))
    seen = await branched.lines.preview_merge("note", "try")
    await branched.update("note", TEXT.replace("plain", "long"), branch="try")
    with pytest.raises(Conflict, match="changed since you looked"):
        await branched.lines.merge("note", "try", choices={1: "ours"}, preview=seen)
    undo = await branched.lines.preview_revert("note", 3)
    await branched.update("note", "Something else.")
    with pytest.raises(Conflict, match="changed since you looked"):
        await branched.lines.revert("note", 3, choices={1: "ours"}, preview=undo)


async def test_what_no_version_may_hold_is_not_merged_into_one(library: Library) -> None:
    config = {"temperature": 0.1}
    await library.create("p", "one\n", config=config)
    await library.lines.branch("p", "try")
    await library.update("p", "two\n", config={"temperature": 0.2}, branch="try")
    await library.update("p", "three\n", config={"temperature": 0.3})
    for text, value in (("", 0.5), ("x", "hot"), ("x", object()), ("x\0", 0.5)):
        with pytest.raises(UsageError):
            await library.lines.merge("p", "try", choices={1: Own(text), 2: Own(value)})
    assert len(await library.history("p")) == 3


async def test_a_request_is_refused_or_overtaken(strict: Library, library: Library) -> None:
    await strict.create("a", "one")
    await strict.update("a", "two")
    first = await strict.lines.ask_label("a", "production", 1, by="ann")
    second = await strict.lines.ask_label("a", "production", 2, by="ann")
    refused = await strict.lines.refuse(first.id, by="bob", because="not yet")
    assert (refused.state, refused.because) == ("refused", "not yet")
    await library.set_label("a", "production", 1)
    with pytest.raises(Conflict, match="has moved since"):
        await strict.lines.approve(second.id, by="bob")
    with pytest.raises(UsageError, match="who asks"):
        await strict.lines.ask_label("a", "production", 1)
    with pytest.raises(NotFound):
        await strict.lines.ask_label("a", "production", 9, by="ann")
    with pytest.raises(NotFound, match="no request"):
        await strict.lines.approve("nothing", by="bob")


def test_the_setting_protects_labels(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path), library__protected_labels=("production",)) as p:
        p.prompts.create("a", "one")
        with pytest.raises(NotPermitted):
            p.prompts.set_label("a", "production", 1)
        asked = p.prompts.ask_label("a", "production", 1, by="ann")
        p.prompts.approve(asked.id, by="bob")
        assert p.prompts.get("a").via == "production"


async def test_archived_versions_stay_in_the_history(library: Library) -> None:
    for number in range(5):
        await library.create("a", f"text {number}")
    await library.set_label("a", "production", 2)
    await library.lines.branch("a", "try", at="3")
    assert await library.lines.archive("a", [1, 4]) == (1, 4)
    history = await library.history("a")
    assert [bool(e.version.archived_at) for e in history] == [False, True, False, False, True]
    assert (await library.get("a@1")).version.archived_at is not None
    for revision, pointer in ((5, "latest"), (2, "production"), (3, "branch:try")):
        with pytest.raises(Conflict, match=f"{pointer} points at it"):
            await library.lines.archive("a", [1, revision])
    with pytest.raises(NotFound, match="no revision 9"):
        await library.lines.archive("a", [9])
    for point in (library.set_label("a", "old", 1), library.lines.branch("a", "b", at="1")):
        with pytest.raises(Conflict, match="revision 1 is archived"):
            await point
    assert await library.lines.unarchive("a", [1, 2]) == (1,)


@pytest.mark.spec("LIB-15")
async def test_prompts_that_rest_are_found(store: Store) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    library = Library(store, now=lambda: now[0])
    for name in ("rests", "used", "changed"):
        await library.create(name, "x")
    now[0] += timedelta(days=60)
    await library.record_use((await library.get("used")).prompt.id)
    await library.update("changed", "y")
    now[0] += timedelta(days=10)
    assert [p.name for p in await library.lines.unused(30)] == ["rests"]
    assert await library.lines.unused(90) == ()
    with pytest.raises(UsageError):
        await library.lines.unused(0)
