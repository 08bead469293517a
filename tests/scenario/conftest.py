"""Commands, in this process and in their own."""

from tests.cli.conftest import run, spawn

__all__ = ["run", "spawn"]
