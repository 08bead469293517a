"""Labels under those who include a prompt by them."""

import pytest

from burnish.errors import Conflict, NotFound, NotPermitted
from burnish.library import Library
from burnish.prompts.prompt import Message, Variable
from burnish.storage.store import Store

TONE = '{% include "shared/tone@production" %}'


@pytest.fixture
async def toned(library: Library) -> Library:
    await library.create("shared/tone", "Be kind.")
    await library.set_label("shared/tone", "production", 1)
    await library.create("mail", f"Mail. {TONE}")
    return library


async def _stands(library: Library) -> int:
    return (await library.get("shared/tone@production")).version.revision


async def test_a_label_that_would_close_a_circle_stays(toned: Library) -> None:
    await toned.update("mail", "Mail, alone.")
    await toned.update("shared/tone", 'Be kind. {% include "mail@latest" %}')
    await toned.update("shared/tone", "Be short.")
    await toned.update("mail", f"Mail. {TONE}")
    with pytest.raises(Conflict, match=r"mail@3.* could not be rendered: .*in a circle") as caught:
        await toned.set_label("shared/tone", "production", 2)
    assert "include a revision" in caught.value.hint
    assert await _stands(toned) == 1
    assert (await toned.expand("mail")).version.text == "Mail. Be kind."
    await toned.update("mail", 'Mail. {% include "shared/tone@1" %}')  # pinned
    await toned.set_label("shared/tone", "production", 2)
    assert await _stands(toned) == 2


async def test_a_label_stays_where_those_that_include_it_would_break(toned: Library) -> None:
    number = Variable(name="size", type="number")
    await toned.create("level", "Level {{ size }}", variables=[number])
    both = f'{TONE} {{% include "level@1" %}}'
    await toned.create("near", both)
    await toned.create("far", 'Far. {% include "near@1" %}')
    await toned.update("shared/tone", "Be {{ size }}.")
    await toned.update("shared/tone", [Message("system", "a"), Message("assistant", "b")])
    for revision, told in ((2, "'size' as string"), (3, "no user message")):
        with pytest.raises(Conflict, match=told) as caught:
            await toned.set_label("shared/tone", "production", revision)
        assert "near@1" in caught.value.what
        assert "far@1" in caught.value.what
        assert await _stands(toned) == 1
    # What cannot be rendered anyway holds nothing back, and what is no longer in use neither.
    await toned.delete("level", force=True)
    await toned.update("mail", "Mail, alone.")
    await toned.set_label("shared/tone", "production", 2)
    assert await _stands(toned) == 2


async def test_a_rollback_that_moves_the_label_is_checked_too(toned: Library) -> None:
    await toned.update("shared/tone", [Message("system", "a"), Message("assistant", "b")])
    await toned.update("shared/tone", "Be short.")
    with pytest.raises(Conflict, match="mail@1 could not be rendered"):
        await toned.rollback("shared/tone", 2)
    assert await _stands(toned) == 1


async def test_a_label_that_others_include_is_not_removed(toned: Library) -> None:
    with pytest.raises(Conflict, match="mail@1 includes shared/tone@production"):
        await toned.remove_label("shared/tone", "production")
    assert await _stands(toned) == 1
    await toned.update("mail", "Mail, alone.")
    await toned.remove_label("shared/tone", "production")
    with pytest.raises(NotFound):
        await toned.get("shared/tone@production")


@pytest.fixture
async def guarded(store: Store) -> Library:
    """With `production` protected. An include of each kind, the loose ones deep inside."""
    library = Library(store, protected=["production"])
    await library.create("base", "Be {{ mood }}.")
    await library.set_label("base", "staging", 1)
    await library.create("tone", 'Tone. {% include "base@staging" %}')
    await library.create("mail", 'Mail. {% include "tone@1" %}')
    return library


async def test_a_protected_label_does_not_rest_on_one_that_anybody_moves(guarded: Library) -> None:
    lines = guarded.lines
    with pytest.raises(Conflict, match=r"mail@1 includes base@staging, which anybody") as caught:
        await lines.ask_label("mail", "production", 1, by="Ann")
    assert "pin" in caught.value.hint
    assert await lines.label_requests() == ()
    await guarded.update("mail", 'Mail. {% include "base@latest" %}')
    with pytest.raises(Conflict, match="base@latest"):
        await lines.ask_label("mail", "production", 2, by="Ann")
    with pytest.raises(NotPermitted):
        await guarded.set_label("mail", "production", 2)
    await lines.ask_label("mail", "staging", 2, by="Ann")  # not protected
    await guarded.update("mail", 'Mail. {% include "base@1" %}')
    asked = await lines.ask_label("mail", "production", 3, by="Ann")
    assert (await lines.approve(asked.id, by="Bob")).to_revision == 3


async def test_a_protected_label_may_rest_on_another(guarded: Library) -> None:
    lines = guarded.lines
    asked = await lines.ask_label("base", "production", 1, by="Ann")
    await lines.approve(asked.id, by="Bob")
    await guarded.update("mail", 'Mail. {% include "base@production" %}')
    asked = await lines.ask_label("mail", "production", 2, by="Ann")
    await lines.approve(asked.id, by="Bob")
    assert (await guarded.expand("mail@production")).version.text == "Mail. Be {{ mood }}."


async def test_what_was_asked_for_before_a_label_was_protected_is_looked_at_again(
    store: Store, guarded: Library
) -> None:
    free = Library(store)
    asked = await free.lines.ask_label("mail", "production", 1, by="Ann")
    with pytest.raises(Conflict, match="base@staging"):
        await guarded.lines.approve(asked.id, by="Bob")
