"""The named queries. Those in `HOT` must use an index; a test reads their plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from burnish.storage.run import RunCursor, RunFilter
from burnish.storage.sql.includes import is_included
from burnish.storage.store import PromptCursor, PromptFilter, Sort
from burnish.storage.tables import (
    branches,
    label_moves,
    labels,
    prompt_versions,
    prompts,
    runs,
    technique_statistics,
)

_EMPTY: ColumnElement[str] = literal_column("''")
_p, _v, _l, _r = prompts.c, prompt_versions.c, labels.c, runs.c
Query = Select[*tuple[Any, ...]]


def _alive() -> Query:
    return (
        select(prompts, prompt_versions)
        .join(prompt_versions, _v.prompt_id == _p.id)
        .where(_p.name == bindparam("name"), _p.deleted_at.is_(None))
    )


def _pointed() -> ScalarSelect[int]:
    here = (_l.prompt_id == _p.id, _l.name == bindparam("label"))
    return select(_l.revision).where(*here).scalar_subquery()


# Built once: building one again for each call takes longer than SQLite takes to answer it.
PROMPT_BY_NAME: Query = select(prompts).where(_p.name == bindparam("name"), _p.deleted_at.is_(None))
DELETED_PROMPT: Query = (
    select(prompts)
    .where(_p.name == bindparam("name"), _p.deleted_at.is_not(None))
    .order_by(_p.deleted_at.desc())
    .limit(1)
)
VERSION_BY_REVISION = _alive().where(_v.revision == bindparam("revision"))
VERSION_BY_LABEL = _alive().where(_v.revision == _pointed())
VERSION_OF_BRANCH: Query = (
    select(prompts, prompt_versions)
    .join(branches, branches.c.prompt_id == _p.id)
    .join(
        prompt_versions,
        and_(_v.prompt_id == branches.c.prompt_id, _v.revision == branches.c.revision),
    )
    .where(
        _p.name == bindparam("name"),
        _p.deleted_at.is_(None),
        branches.c.name == bindparam("branch"),
    )
)
VERSION_LATEST = _alive().where(_v.revision == _p.latest_revision)
# By `label` where that exists, else the latest; `via_label` tells which.
VERSION_DEFAULT: Query = (
    _alive()
    .add_columns(_pointed().is_not(None).label("via_label"))
    .where(_v.revision == func.coalesce(_pointed(), _p.latest_revision))
)
VERSION_BY_ID: Query = select(prompt_versions).where(_v.id == bindparam("id"))
LABELS: Query = select(labels).where(_l.prompt_id == bindparam("id")).order_by(_l.name)
RUN_BY_ID: Query = select(runs).where(_r.id == bindparam("id"))


def history(
    prompt_id: str, limit: int, before: int | None = None, branch: str | None = None
) -> Query:
    query = select(prompt_versions).where(_v.prompt_id == prompt_id)
    if before is not None:
        query = query.where(_v.revision < before)
    if branch is not None:
        query = query.where(_v.branch == branch)
    return query.order_by(_v.revision.desc()).limit(limit)


def label_log(prompt_id: str, label: str | None, limit: int) -> Query:
    c = label_moves.c
    query = select(label_moves).where(c.prompt_id == prompt_id)
    if label is not None:
        query = query.where(c.label == label)
    return query.order_by(c.moved_at.desc(), c.id.desc()).limit(limit)


def names_from(name: str, limit: int) -> Query:
    alive = _p.deleted_at.is_(None)
    return select(_p.name).where(_p.name >= name, alive).order_by(_p.name).limit(limit)


def names_before(name: str, limit: int) -> Query:
    alive = _p.deleted_at.is_(None)
    return select(_p.name).where(_p.name < name, alive).order_by(_p.name.desc()).limit(limit)


def unused(since: datetime, limit: int) -> Query:
    rests_from = func.coalesce(_p.last_used_at, _p.updated_at)
    quiet = (_p.updated_at < since, or_(_p.last_used_at.is_(None), _p.last_used_at < since))
    query = select(prompts).where(_p.deleted_at.is_(None), *quiet, ~is_included(_p))
    return query.order_by(rests_from, _p.name).limit(limit)


def prompt_page(
    where: PromptFilter, sort: Sort, limit: int, after: PromptCursor | None, dialect: str
) -> Query:
    query = select(prompts).where(*_prompt_conditions(where, dialect))
    if after is not None:
        query = query.where(_after(sort, after))
    orders: Mapping[Sort, tuple[ColumnElement[Any], ...]] = {
        "rating": (_p.rating_order.desc(), _p.usage_count.desc(), _p.name),
        "name": (_p.name,),
        "updated": (_p.updated_at.desc(), _p.name),
    }
    query = query.order_by(*orders[sort])
    if where.include_deleted:
        # Prompts share a name when one of them is deleted, so the id decides.
        query = query.order_by(_p.id)
    return query.limit(limit)


def prompt_count(where: PromptFilter, dialect: str) -> Query:
    return select(func.count()).select_from(prompts).where(*_prompt_conditions(where, dialect))


def run_page(
    where: RunFilter, limit: int, after: RunCursor | None, *, oldest_first: bool = False
) -> Query:
    query = select(runs).where(*_run_conditions(where))
    if after is not None:
        at = after.created_at
        if oldest_first:
            query = query.where(_r.created_at >= at, or_(_r.created_at > at, _r.id > after.id))
        else:
            query = query.where(_r.created_at <= at, or_(_r.created_at < at, _r.id < after.id))
    order = (_r.created_at, _r.id)
    if not oldest_first:
        order = (_r.created_at.desc(), _r.id.desc())
    return query.order_by(*order).limit(limit)


def runs_before(at: datetime, limit: int) -> Query:
    return select(_r.id).where(_r.created_at < at).order_by(_r.created_at).limit(limit)


def runs_by_prefix(prefix: str, limit: int) -> Query:
    return select(runs).where(_begins(_r.id, prefix)).order_by(_r.id).limit(limit)


def run_count(where: RunFilter) -> Query:
    return select(func.count()).select_from(runs).where(*_run_conditions(where))


def trace_cost(trace_id: str) -> Query:
    known = func.coalesce(func.sum(_r.cost_usd), 0.0)
    return select(known).where(*_run_conditions(RunFilter(trace_id=trace_id)))


def technique_days(technique: str | None, intent: str | None, since: date | None) -> Query:
    c = technique_statistics.c
    query = select(technique_statistics)
    if technique is not None:
        query = query.where(c.technique == technique)
    if intent is not None:
        query = query.where(c.intent == intent)
    if since is not None:
        query = query.where(c.day >= since)
    return query.order_by(c.technique, c.intent, c.day)


def technique_totals(intent: str | None, since: date | None) -> Query:
    c = technique_statistics.c
    query: Query = select(
        c.technique,
        c.intent,
        func.sum(c.uses).label("uses"),
        func.sum(c.successes).label("successes"),
        func.sum(c.score_sum).label("score_sum"),
        func.sum(c.score_n).label("score_n"),
    )
    if intent is not None:
        query = query.where(c.intent == intent)
    if since is not None:
        query = query.where(c.day >= since)
    return query.group_by(c.technique, c.intent).order_by(c.technique, c.intent)


def _prompt_conditions(where: PromptFilter, dialect: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if not where.include_deleted:
        conditions.append(_p.deleted_at.is_(None))
    if where.category is not None:
        conditions.append(_p.category == where.category)
    if where.owner is not None:
        conditions.append(_p.owner == where.owner)
    if where.prefix:
        conditions.append(_begins(_p.name, where.prefix))
    conditions += [_has_tag(tag, dialect) for tag in where.tags]
    return conditions


def _begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    # A range, not LIKE: it uses the index and % and _ in names stay plain characters.
    end = after_prefix(prefix)
    return and_(column >= prefix, column < end) if end else column >= prefix


def of_agent(prompt: ColumnElement[str], agent: str) -> ColumnElement[bool]:
    """Prompts called `agent` or `agent/…`; the first two conditions are one range of an index."""
    return and_(
        prompt >= agent,
        prompt < after_prefix(f"{agent}/"),
        or_(prompt == agent, prompt >= f"{agent}/"),
    )


def after_prefix(prefix: str) -> str:
    """The first text, by code point, after all that begin with `prefix`; "" when none is."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    # Surrogates are no characters.
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def _has_tag(tag: str, dialect: str) -> ColumnElement[bool]:
    unfold = func.json_each if dialect == "sqlite" else func.json_array_elements_text
    value = unfold(_p.tags).table_valued("value").c.value
    return exists(select(literal(1)).where(value == tag))


def _after(sort: Sort, last: PromptCursor) -> ColumnElement[bool]:
    by_name = or_(_p.name > last.name, and_(_p.name == last.name, _p.id > last.id))
    if sort == "name":
        return and_(_p.name >= last.name, by_name)
    if sort == "updated":
        at = last.updated_at
        # The first condition is implied by the second; it lets an index begin there.
        return and_(
            _p.updated_at <= at, or_(_p.updated_at < at, and_(_p.updated_at == at, by_name))
        )
    rating = -1.0 if last.rating is None else last.rating
    by_usage = or_(
        _p.usage_count < last.usage_count,
        and_(_p.usage_count == last.usage_count, by_name),
    )
    return and_(
        _p.rating_order <= rating,
        or_(_p.rating_order < rating, and_(_p.rating_order == rating, by_usage)),
    )


def _run_conditions(where: RunFilter) -> list[ColumnElement[bool]]:
    conditions = [
        _r[name] == value
        for name in ("kind", "version_id", "model", "parent_id", "who", "trace_id", "phase")
        if (value := getattr(where, name)) is not None
    ]
    if where.not_model is not None:
        conditions.append(_r.model != where.not_model)
    if where.prompt is not None:
        conditions.append(_r.prompt == where.prompt)
    if where.agent is not None:
        conditions.append(of_agent(_r.prompt, where.agent))
    # The indexes on these hold the rows that have a value; SQLite takes them when it is told so.
    if where.prompt or where.agent:
        conditions.append(_r.prompt != _EMPTY)
    if where.trace_id:
        conditions.append(_r.trace_id != _EMPTY)
    if where.failed is not None:
        conditions.append(_r.error != _EMPTY if where.failed else _r.error == _EMPTY)
    if where.cached is not None:
        conditions.append(_r.cached == where.cached)
    if where.since is not None:
        conditions.append(_r.created_at >= where.since)
    if where.until is not None:
        conditions.append(_r.created_at < where.until)
    return conditions


HOT: Mapping[str, Query] = {
    "prompt by name": PROMPT_BY_NAME,
    "version by revision": VERSION_BY_REVISION,
    "version by label": VERSION_BY_LABEL,
    "version by default rule": VERSION_DEFAULT,
    "latest version": VERSION_LATEST,
    "history": history("x", 50),
    "labels": LABELS,
    "label log": label_log("x", None, 50),
    "best prompts": prompt_page(PromptFilter(), "rating", 50, None, "sqlite"),
    "best prompts of a category": prompt_page(
        PromptFilter(category="x"), "rating", 50, None, "sqlite"
    ),
    "prompts by name prefix": prompt_page(PromptFilter(prefix="x/"), "name", 50, None, "sqlite"),
    "newest runs": run_page(RunFilter(), 50, None),
    "newest runs of a version": run_page(RunFilter(version_id="x"), 50, None),
    "newest runs of a kind": run_page(RunFilter(kind="x"), 50, None),
    "newest runs of a prompt": run_page(RunFilter(prompt="x"), 50, None),
    "newest runs of all models but one": run_page(RunFilter(not_model="x"), 50, None),
    "newest failed runs": run_page(RunFilter(failed=True), 50, None),
    "oldest runs": run_page(RunFilter(), 50, None, oldest_first=True),
    "runs of a trace": run_count(RunFilter(trace_id="x")),
    "cost of a trace": trace_cost("x"),
    "runs by the beginning of their id": runs_by_prefix("x", 2),
    "children of a run": run_page(RunFilter(parent_id="x"), 50, None),
    "runs to forget": runs_before(datetime(2026, 1, 1, tzinfo=UTC), 50),
    "technique totals of an intent": technique_totals("x", None),
}
