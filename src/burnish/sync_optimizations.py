"""The sync face of optimisations."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.optimizers.room import AsyncOptimizations


class Optimizations(SyncFace[AsyncOptimizations]):
    """`platform.optimizations` of the sync face."""

    list = blocking(AsyncOptimizations.list)
    get = blocking(AsyncOptimizations.get)
    show = blocking(AsyncOptimizations.show)
    candidates = blocking(AsyncOptimizations.candidates)
    delete = blocking(AsyncOptimizations.delete)
