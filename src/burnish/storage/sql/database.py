"""Connections for reading and for writing, and errors that say what to do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from burnish.errors import BurnishError, StoreError, UsageError
from burnish.storage.keeping import Keeping


class Database:
    """Reads and writes go through connections of their own.

    A writer's transaction must take its lock when it begins: reading first and upgrading later
    loses updates or fails. Each adapter sees to that on its `writer`. No transaction may stay
    open across a call to a model.
    """

    def __init__(
        self,
        reader: AsyncEngine,
        writer: AsyncEngine,
        explain: Callable[[StatementError], StoreError],
        keeping: Keeping | None = None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.keeping = keeping or Keeping()
        self._explain = explain

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """Each statement inside sees the newest state; several need not see the same one."""
        with self._plain_errors():
            async with self.reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction: what is read inside cannot change before it ends."""
        with self._plain_errors():
            async with self.writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing_by_hand(self) -> AsyncGenerator[Any]:
        """The writer's own driver. Who has it begins and commits; what is not committed is undone
        at the end."""
        with self._plain_errors():
            async with self.writer.connect() as connection:
                yield (await connection.get_raw_connection()).driver_connection

    async def close(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()

    @contextmanager
    def _plain_errors(self) -> Generator[None]:
        try:
            yield
        except IntegrityError:
            # What a broken constraint means is known where the statement was built.
            raise
        except StatementError as error:
            if isinstance(error.orig, BurnishError):
                raise error.orig from None
            raise self._explain(error) from error
        except PoolTimeout as error:
            raise StoreError(
                "the database was busy for too long",
                hint="try again, or end what holds it",
                retryable=True,
            ) from error
        except UnicodeEncodeError as error:
            raise UsageError(
                "a text holds half of a surrogate pair, which is no character",
                hint="remove it and try again",
            ) from error
