"""What every store must do with texts, however hostile."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.prompts.prompt import Message, Prompt, Variable
from burnish.storage.ids import Ids
from burnish.storage.run import Run, RunFilter, TechniqueStatistic
from burnish.storage.store import Draft, LabelChange, PromptFilter, Store

IDS = Ids()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "'; DROP TABLE prompts; --",
            "x' OR '1'='1",
            '"quoted" and `ticked` and [bracketed]',
            "%_\\%s :name ?1 $1 {0}",
            "\u202eright to left\u202c שלום مرحبا",
            "👩‍👩‍👧‍👦 🇩🇪 e\u0301",
            " \t\r\n trailing \n",
            "\ufeff\u200b\x01\x1f\x7f",
        ]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
)


@pytest.mark.spec("SEC-04")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=HOSTILE)
async def test_every_text_field_keeps_what_it_was_given(store: Store, text: str) -> None:
    new = Prompt(
        id=IDS(),
        name=IDS() + text,
        category=text,
        tags=(text,),
        description=text,
        owner=text,
        created_at=NOON,
        updated_at=NOON,
    )
    draft = Draft(
        id=IDS(),
        messages=(Message(text, text),),
        variables=(Variable(name=text, description=text, default=text, example=text),),
        config={text: text},
        author=text,
        message=text,
        content_hash=text,
        created_at=NOON,
        metadata={text: [text]},
    )
    await store.prompts.add(new, draft)
    logged = await store.labels.change(
        new.id, LabelChange(id=IDS(), label=text, revision=1, by=text, why=text, at=NOON)
    )
    full = Run(
        id=IDS(),
        created_at=NOON,
        kind=text,
        model=text,
        parameters={text: text},
        input={text: text},
        output=text,
        error=text,
        who=text,
        trace_id=new.id + text,
        phase=text,
    )
    await store.runs.add([full])
    statistic = TechniqueStatistic(technique=new.id, intent=text, day=NOON.date(), uses=1)
    await store.techniques.add([statistic])

    found = await store.versions.find(new.name, label=text)
    assert found is not None
    assert found.version == draft.at(new.id, 1)
    kept = (found.prompt.category, found.prompt.description, found.prompt.owner)
    assert (*kept, *found.prompt.tags) == (text,) * 4
    assert await store.labels.log(new.id, text) == [logged]
    where = PromptFilter(category=text, tags=(text,), owner=text, prefix=new.name)
    assert [p.id for p in await store.prompts.page(where, "name", 2)] == [new.id]
    assert await store.runs.page(RunFilter(trace_id=full.trace_id), 2) == [full]
    assert await store.techniques.days(technique=new.id, intent=text) == [statistic]


async def test_what_no_store_can_keep_is_refused(store: Store) -> None:
    async def add(**fields: Any) -> None:
        base: dict[str, Any] = {"id": IDS(), "name": "a", "created_at": NOON, "updated_at": NOON}
        draft = Draft(id=IDS(), messages=(), content_hash="", created_at=NOON)
        await store.prompts.add(Prompt(**base | fields), draft)

    with pytest.raises(UsageError, match="NUL"):
        await add(description="x\0y")
    with pytest.raises(UsageError, match="surrogate"):
        await add(description="\ud800")
    with pytest.raises(UsageError, match="time zone"):
        await add(created_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the very case
    assert await store.prompts.count(PromptFilter()) == 0
