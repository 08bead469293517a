"""What a user's type checker sees. The strict checker reads this file; running it is cheap too."""

from __future__ import annotations

from typing import assert_type

import burnish
from burnish.library.values import Rendered, Saved
from burnish.storage.store import Fetched


def test_the_sync_face_keeps_the_types_of_the_async_core(p: burnish.Platform) -> None:
    made = assert_type(p.generate("write a haiku about rain", count=2), burnish.Generation)
    assert_type(made.variables, tuple[burnish.Variable, ...])
    assert_type(p.analyze("translate this"), burnish.Classification)
    assert_type(p.prompts.create("x", "Hello {{ name }}"), Saved)
    assert_type(p.prompts.get("x"), Fetched)
    assert assert_type(p.prompts.render("x", {"name": "Ana"}), Rendered).user == "Hello Ana"
