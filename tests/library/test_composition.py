"""Prompts that include others, over a store."""

from collections.abc import Callable
from pathlib import Path

import pytest

import burnish
from burnish.errors import Conflict, NotFound, TemplateRefused, VariableError
from burnish.library import Library, NewPrompt
from burnish.prompts.composition import Included
from burnish.prompts.prompt import Message, Variable
from burnish.storage.store import Store

from .conftest import Clock

MAIL = 'Tell {{ name }} that it is late.\n{% include "shared/tone@production" %}'


@pytest.fixture
async def toned(library: Library) -> Library:
    await library.create("shared/tone", "Be {{ mood }}.")
    await library.set_label("shared/tone", "production", 1)
    await library.create("mail/late", MAIL)
    return library


@pytest.mark.spec("LIB-18")
async def test_a_prompt_includes_another_at_a_pinned_revision_and_history_shows_both(
    toned: Library,
) -> None:
    await toned.update("mail/late", MAIL.replace("@production", "@1"))
    await toned.update("shared/tone", "Be {{ mood }} and brief.")
    await toned.set_label("shared/tone", "production", 2)
    pinned = await toned.expand("mail/late@2")
    assert pinned.version.text == "Tell {{ name }} that it is late.\nBe {{ mood }}."
    assert [entry.includes for entry in await toned.history("mail/late")] == [
        (Included("shared/tone@1", "shared/tone@1"),),
        (Included("shared/tone@production", "shared/tone@2"),),
    ]


async def test_what_is_stored_is_the_include_and_what_is_expanded_follows_the_label(
    toned: Library,
) -> None:
    before = (await toned.get("mail/late")).version
    assert before.text == MAIL
    assert [v.name for v in before.variables] == ["name"]
    expanded = await toned.expand("mail/late")
    assert expanded.version.id == before.id
    assert [v.name for v in expanded.version.variables] == ["name", "mood"]
    await toned.update("shared/tone", "Speak {{ how }}.", author="bob")
    await toned.set_label("shared/tone", "production", 2)
    moved = await toned.expand("mail/late")
    assert moved.version.text.endswith("Speak {{ how }}.")
    assert [v.name for v in moved.version.variables] == ["name", "how"]
    assert (await toned.get("mail/late")).version == before
    assert (await toned.update("mail/late", MAIL)).change == "unchanged"


async def test_a_label_that_another_process_moves_shows_after_its_time_to_live(
    toned: Library, another: Callable[[], Library], clock: Clock
) -> None:
    far = another()
    assert (await far.expand("mail/late")).version.text.endswith("Be {{ mood }}.")
    await toned.update("shared/tone", "Be short.")
    await toned.set_label("shared/tone", "production", 2)
    clock.seconds += 61
    assert (await far.expand("mail/late")).version.text.endswith("Be short.")


async def test_what_is_not_there_cannot_be_included(toned: Library) -> None:
    for text, told in (
        ('{% include "shared/ton@1" %}', r"mail/x@1 includes 'shared/ton@1'.*did you mean"),
        ('{% include "shared/tone@7" %}', "no revision 7"),
        ('{% include "shared/tone@staging" %}', "no label 'staging'"),
        ('{% include "shared/tone@1#system" %}', "no system message"),
    ):
        with pytest.raises(NotFound, match=told):
            await toned.create("mail/x", text)
        with pytest.raises(NotFound, match=told.replace("mail/x@1", "mail/late@2")):
            await toned.update("mail/late", text)
    with pytest.raises(NotFound, match="no prompt 'mail/x'"):
        await toned.get("mail/x")
    assert (await toned.get("mail/late")).version.revision == 1
    await toned.update("shared/tone", "Be short.")
    await toned.set_label("shared/tone", "production", 2)
    await toned.lines.archive("shared/tone", [1])
    with pytest.raises(Conflict, match="revision 1 is archived"):
        await toned.create("mail/x", '{% include "shared/tone@1" %}')


async def test_a_circle_is_refused_when_it_is_saved_and_when_a_label_would_close_it(
    toned: Library,
) -> None:
    with pytest.raises(TemplateRefused, match=r"mail/late@2 → mail/late@2"):
        await toned.update("mail/late", 'x {% include "mail/late@latest" %}')
    await toned.update("mail/late", '{% include "shared/tone@latest" %}')
    with pytest.raises(TemplateRefused, match=r"shared/tone@2 → mail/late@2 → shared/tone@2"):
        await toned.update("shared/tone", '{% include "mail/late@latest" %}')
    # An older version of itself is no circle, until a label moves onto it.
    await toned.update("shared/tone", 'Be firm. {% include "shared/tone@production" %}')
    assert (await toned.expand("shared/tone@2")).version.text == "Be firm. Be {{ mood }}."
    with pytest.raises(Conflict, match=r"circle: shared/tone@2 → shared/tone@2"):
        await toned.set_label("shared/tone", "production", 2)
    assert (await toned.expand("shared/tone@2")).version.text == "Be firm. Be {{ mood }}."


async def test_a_rollback_that_moves_its_own_label_is_checked_with_it_moved(
    library: Library,
) -> None:
    await library.create("a", "one")
    await library.set_label("a", "production", 1)
    await library.update("a", 'two {% include "a@production" %}')
    await library.update("a", "three")
    with pytest.raises(TemplateRefused, match=r"a@4 → a@4"):
        await library.rollback("a", 2)
    kept = await library.rollback("a", 2, label=None)
    assert (await library.expand("a@4")).version.text == "two one"
    assert kept.version.text == 'two {% include "a@production" %}'


async def test_declared_variables_of_what_is_included_survive_a_new_text(toned: Library) -> None:
    mood = Variable(name="mood", default="kind", required=False)
    await toned.update("mail/late", variables=[Variable(name="name"), mood])
    assert mood in (await toned.expand("mail/late")).version.variables
    changed = await toned.update("mail/late", MAIL.replace("late", "very late"))
    assert changed.version.variables == (Variable(name="name"), mood)
    plain = await toned.update("mail/late", "Tell {{ name }}.")
    assert plain.version.variables == (Variable(name="name"),)
    number = Variable(name="mood", type="number")
    await toned.create("shared/level", "Level {{ mood }}", variables=[number])
    with pytest.raises(VariableError, match="'mood' as string, shared/level@1 as number"):
        await toned.create("both", MAIL + '{% include "shared/level@1" %}')


async def test_branches_merge_and_copies_keep_includes_whole(toned: Library) -> None:
    await toned.lines.branch("mail/late", "try")
    await toned.update("mail/late", MAIL.replace("@production", "@1"), branch="try")
    await toned.update("mail/late", MAIL.replace("late", "very late"))
    merged = await toned.lines.merge("mail/late", "try")
    assert merged.version.text.splitlines() == [
        "Tell {{ name }} that it is very late.",
        '{% include "shared/tone@1" %}',
    ]
    copied = await toned.lines.copy("mail/late", "mail/other")
    assert copied.version.text == merged.version.text
    await toned.delete("shared/tone", force=True)
    with pytest.raises(NotFound, match="mail/third@1 includes 'shared/tone@1'"):
        await toned.lines.copy("mail/late", "mail/third")


async def test_what_others_include_is_deleted_only_by_force(toned: Library) -> None:
    with pytest.raises(Conflict, match="'shared/tone' is included by mail/late") as caught:
        await toned.delete("shared/tone")
    assert "--force" in caught.value.hint
    await toned.delete("shared/tone", force=True)
    with pytest.raises(NotFound, match=r"mail/late@1 includes 'shared/tone@production', but there"):
        await toned.expand("mail/late")
    (entry,) = await toned.history("mail/late")
    assert entry.includes == (Included("shared/tone@production"),)
    await toned.restore("shared/tone")
    assert (await toned.expand("mail/late")).includes
    # Versions that nothing points at any more hold nothing back.
    await toned.update("mail/late", "Tell {{ name }}.")
    await toned.delete("shared/tone")


async def test_a_revision_that_others_pin_is_not_archived(toned: Library) -> None:
    await toned.create("pins", '{% include "shared/tone@1#user" %}')
    await toned.update("shared/tone", "Be short.")
    await toned.set_label("shared/tone", "production", 2)
    with pytest.raises(Conflict, match="revision 1 is in use: pins@1 includes it"):
        await toned.lines.archive("shared/tone", [1])
    await toned.update("pins", '{% include "shared/tone@2" %}')
    assert await toned.lines.archive("shared/tone", [1]) == (1,)


async def test_what_is_included_is_never_unused(toned: Library, store: Store) -> None:
    names = [prompt.name for prompt in await toned.lines.unused(1e-9)]
    assert names == ["mail/late"]
    await toned.delete("mail/late")
    assert [prompt.name for prompt in await toned.lines.unused(1e-9)] == ["shared/tone"]
    assert await store.relations.including("shared/tone", 10) == []


async def test_the_graph_shows_includes_from_both_sides(toned: Library) -> None:
    for name in ("mail/late", "shared/tone"):
        graph = await toned.lines.graph(name)
        names = {node.id: node.reference for node in graph.nodes}
        assert [(names[e.parent], names[e.child], e.kind, e.asked) for e in graph.edges] == [
            ("shared/tone@1", "mail/late@1", "included", "shared/tone@production")
        ]
    await toned.delete("shared/tone", force=True)
    (edge,) = (await toned.lines.graph("mail/late")).edges
    assert edge.parent == edge.asked == "shared/tone@production"


async def test_many_at_once_may_include_each_other_in_any_order(library: Library) -> None:
    first = NewPrompt(name="a", content='A {% include "b@1" %}')
    await library.create_many([first, NewPrompt(name="b", content="B")])
    assert (await library.expand("a")).version.text == "A B"
    ring = [
        NewPrompt(name="c", content='{% include "d@latest" %}'),
        NewPrompt(name="d", content='{% include "c@1" %}'),
    ]
    with pytest.raises(TemplateRefused, match="in a circle"):
        await library.create_many(ring)
    with pytest.raises(NotFound, match="e@1 includes 'f@1'"):
        await library.create_many([NewPrompt(name="e", content='{% include "f@1" %}')])
    assert (await library.list(sort="name")).total == 2


def test_more_than_a_hundred_prompts_in_one_are_refused(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create_many([NewPrompt(name=f"p{n}", content=str(n)) for n in range(101)])
        tags = [f'{{% include "p{n}@1" %}}' for n in range(101)]
        p.prompts.create("most", "".join(tags[:100]))
        with pytest.raises(TemplateRefused, match="more than 100 prompts"):
            p.prompts.create("more", "".join(tags))


def test_rendering_tells_what_was_put_in_and_a_value_is_never_read_as_a_template(
    tmp_path: Path,
) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create(
            "shared/tone", [Message("system", "Be {{ mood }}."), Message("user", "Go on.")]
        )
        content = [
            Message("system", '{% include "shared/tone@1" %}'),
            Message("user", '{{ ask }} {% include "shared/tone@1" %}'),
        ]
        p.prompts.create("mail", content)
        hostile = '{% include "shared/tone@1" %}'
        made = p.prompts.render("mail", {"ask": hostile, "mood": "{{ ask }}"})
        assert (made.system, made.user) == ("Be {{ ask }}.", f"{hostile} Go on.")
        assert made.includes == (Included("shared/tone@1", "shared/tone@1"),)
        with pytest.raises(VariableError, match="'mood' is missing"):
            p.prompts.render("mail", {"ask": "x"})
        assert p.complete("mail", {"ask": "x", "mood": "kind"}, model="fake:echo").text
        p.prompts.delete("shared/tone", force=True)
        with pytest.raises(NotFound, match="mail@1 includes"):
            p.prompts.render("mail", {"ask": "x", "mood": "kind"})


def test_a_function_gets_the_variables_of_what_its_prompt_includes(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("shared/tone", "Be {{ mood }}.")
        p.prompts.create("mail", 'Write. {% include "shared/tone@1" %}')

        @burnish.prompted("mail", platform=p)
        def answer(prompt: str) -> str:
            return f"said {prompt}"

        assert answer(mood="kind") == "said Write. Be kind."


def test_a_set_comes_in_whatever_its_order_and_tells_what_is_missing(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path / "one")) as p:
        p.prompts.create("z/last", "Z {{ x }}")
        p.prompts.create("a/first", 'A {% include "z/last@1" %}')
        p.export_(tmp_path / "set")
        p.export_(tmp_path / "alone", names=["a/first"])
        for format_ in ("burnish-yaml", "markdown", "csv"):
            kept = p.export_(names=["a/first"], format=format_)
            assert all("z/last@1" in text and "{% include" in text for text in kept.files.values())
            assert not any("stands in" in each for each in kept.loses)
        told = p.export_(format="openai")
        assert told.loses[-1] == "includes; what they bring stands in a/first"
        assert any("A Z" in text for text in told.files.values())
        assert not any("z/last@1" in text for text in told.files.values())
    with burnish.open(str(tmp_path / "two")) as p:
        report = p.import_(tmp_path / "set")
        assert (report.new, report.bad) == (2, 0)
        assert not any(each.notes for each in report.files)
        assert p.prompts.render("a/first", {"x": "y"}).user == "A Z y"
        assert p.import_(tmp_path / "set").unchanged == 2
    with burnish.open(str(tmp_path / "three")) as p:
        report = p.import_(tmp_path / "alone")
        assert (report.new, report.bad) == (1, 0)
        assert [each.notes for each in report.files] == [
            ("a/first@1 includes 'z/last@1', but there is no prompt 'z/last'",)
        ]
        p.import_(tmp_path / "set")
        assert p.prompts.render("a/first", {"x": "y"}).user == "A Z y"
        with pytest.raises(Conflict, match="included by a/first"):
            p.prompts.delete("z/last")


def test_one_outgrown_revision_that_cannot_be_put_together_stops_no_export(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("shared/tone", "Be kind.")
        p.prompts.create("mail", 'Old. {% include "shared/tone@1" %}')
        p.prompts.update("mail", "New, alone.")
        p.prompts.create("shared/rest", "All of it.")
        p.prompts.create("note", 'Note. {% include "shared/rest@1" %}')
        p.prompts.delete("shared/tone")
        with pytest.raises(NotFound, match="mail@1 includes 'shared/tone@1'"):
            p.prompts.history_file("mail", expand=True)
        made = p.export_(format="langfuse")
        whole = "".join(made.files.values())
        assert made.prompts == 3
        assert "New, alone." in whole
        assert "Note. All of it." in whole
        assert 'include \\"shared/tone@1' in whole
        (told,) = [each for each in made.loses if "stays as text" in each]
        assert "mail@1 includes 'shared/tone@1', but there is no prompt" in told


def test_templates_of_agents_include_each_other_too(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "agent"
    folder.mkdir(parents=True)
    (folder / "first.yaml").write_text("template: 'A {% include \"agent/last@v1\" %}'\n")
    (folder / "last_v1.yaml").write_text("template: Z\n")
    (folder / "other.yaml").write_text("template: 'A {% include \"agent/gone@1\" %}'\n")
    with burnish.open(str(tmp_path / "home")) as p:
        report = p.import_(tmp_path / "set")
        told = {each.name: each.notes for each in report.files}
        assert report.new == 3
        assert p.prompts.render("agent/first").user == "A Z"
        assert not told["agent/first"]
        assert "agent/gone" in told["agent/other"][0]


def test_a_sync_brings_in_prompts_that_include_each_other(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path / "one")) as p:
        p.prompts.create("z/last", "Z")
        p.prompts.create("a/first", 'A {% include "z/last@1" %}')
        p.sync(tmp_path / "repo")
    with burnish.open(str(tmp_path / "two")) as p:
        report = p.sync(tmp_path / "repo")
        assert (report.versions, report.notes) == (2, ())
        assert p.prompts.render("a/first").user == "A Z"
        (tmp_path / "repo" / "z" / "last.md").rename(tmp_path / "repo" / "z" / "end.md")
        notes = p.sync(tmp_path / "repo").notes
        assert notes == ("z/last is gone, and a/first cannot be rendered any more",)
    with burnish.open(str(tmp_path / "three")) as p:
        report = p.sync(tmp_path / "repo", prefix="a/")
        assert report.notes == ("a/first@1 includes 'z/last@1', but there is no prompt 'z/last'",)


def test_prompts_that_are_alike_are_found_when_somebody_asks(tmp_path: Path) -> None:
    text = "Summarise the article below in five bullets for a busy reader. Say what is new."
    with burnish.open(str(tmp_path), search__embedder="hashed") as p:
        p.prompts.create("news/digest", text)
        p.prompts.create("press/brief", text.replace("five", "three"))
        p.prompts.create("food/soup", "How long do lentils cook?")
        like = p.prompts.similar("news/digest")
        assert [(each.name, each.by) for each in like] == [("press/brief", "wording")]
        assert like == p.near_duplicates(text, leave_out="news/digest")
        (near,) = p.prompts.similar("news/digest", by=("meaning",))
        assert (near.name, near.by) == ("press/brief", "meaning")
        assert not p.prompts.graph("news/digest").edges
        (edge,) = p.prompts.graph("news/digest", similar=True).edges
        assert (edge.kind, edge.score, edge.by) == ("similar", like[0].score, "wording")
        p.prompts.copy("news/digest", "news/weekly")
        edges = p.prompts.graph("news/weekly", similar=True).edges
        assert [each.kind for each in edges] == ["derived", "similar"]
