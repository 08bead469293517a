"""Which prompts a sync is about, and who decides what clashes."""

from __future__ import annotations

import msgspec

from burnish.library.sync.file_form import Form
from burnish.library.sync.reconcile import Take


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`prefix` and `category` (None: any) choose prompts; `take` is the side that holds where
    both changed the same; a `dry_run` only tells."""

    prefix: str = ""
    category: str | None = None
    take: Take = ""
    dry_run: bool = False

    def has(self, name: str, form: Form | None) -> bool:
        if not name.startswith(self.prefix):
            return False
        return self.category is None or form is None or form.category == self.category
