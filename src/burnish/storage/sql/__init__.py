"""The store on SQLAlchemy Core: the same statements on every database."""

from burnish.storage.sql.database import Database
from burnish.storage.sql.sqlstore import SqlStore

__all__ = ["Database", "SqlStore"]
