"""What all tables share: names of constraints, and types that mean the same on every database."""

# ruff: noqa: ARG002 - SQLAlchemy hands every hook a dialect, needed or not

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    MetaData,
    String,
    Text,
    TextClause,
    Uuid,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from burnish.errors import UsageError
from burnish.shapes import convert

# Batch migrations find a constraint by its name, so each has one.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_WHERE = "where"
Id = String(36).with_variant(Uuid(as_uuid=False), "postgresql")


class Verbatim(TypeDecorator[str]):
    """Text stored as it is. NUL is refused: PostgreSQL cannot keep it, and the same prompt must
    fit every store. Ordered by code point, as SQLite does it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and "\0" in value:
            raise UsageError("a text holds a NUL character", hint="remove it and try again")
        return value


class UtcTime(TypeDecorator[datetime]):
    """An aware time; in SQLite its ISO-8601 text in UTC, of fixed width, so that it sorts."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise UsageError(
                f"the time {value.isoformat()} has no time zone", hint="give an aware time"
            )
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar day as ISO text, which sorts and reads the same everywhere."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A value of `shape` as JSON. The shape is any type that msgspec can convert to; the engine's
    serializer must be `encode_json`, which knows them all."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: Any = Any) -> None:
        super().__init__()
        self.shape = shape

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return value if self.shape is Any else convert(value, self.shape)


def partial_index(
    name: str, *columns: ColumnElement[Any], where: TextClause, unique: bool = False
) -> None:
    """An index of the rows that meet a condition. PostgreSQL is told of it when it makes the index:
    an option of a dialect brings that whole dialect in, which nobody on SQLite should wait for."""
    Index(name, *columns, unique=unique, sqlite_where=where, info={_WHERE: where})


@compiles(CreateIndex, "postgresql")
def _create_index(element: CreateIndex, compiler: Any, **options: Any) -> str:
    index = element.element
    if _WHERE in index.info:
        index.dialect_options["postgresql"]["where"] = index.info[_WHERE]
    return compiler.visit_create_index(element, **options)


def encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
