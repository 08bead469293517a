"""Prompts as files in git: changes go both ways, with who made them, when and why."""

from burnish.library.sync.reconcile import Take
from burnish.library.sync.report import SyncedPrompt, SyncReport
from burnish.library.sync.sync import sync

__all__ = ["SyncReport", "SyncedPrompt", "Take", "sync"]
