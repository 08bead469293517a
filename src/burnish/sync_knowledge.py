"""The sync face of knowledge, apart from other rooms: what it brings in takes longest to load."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.library.knowledge import AsyncKnowledge


class Knowledge(SyncFace[AsyncKnowledge]):
    """`platform.knowledge` of the sync face."""

    add = blocking(AsyncKnowledge.add)
    add_text = blocking(AsyncKnowledge.add_text)
    list = blocking(AsyncKnowledge.list)
    show = blocking(AsyncKnowledge.show)
    search = blocking(AsyncKnowledge.search)
    remove = blocking(AsyncKnowledge.remove)
    refresh = blocking(AsyncKnowledge.refresh)
