"""Builds the object graph: the only place where rooms are wired to each other."""

from burnish.platform.platform import AsyncPlatform

__all__ = ["AsyncPlatform"]
