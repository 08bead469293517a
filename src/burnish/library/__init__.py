from burnish.library.library import Library
from burnish.library.values import Content, HistoryEntry, NewPrompt, Page, Saved
from burnish.storage.store import Fetched

__all__ = ["Content", "Fetched", "HistoryEntry", "Library", "NewPrompt", "Page", "Saved"]
