"""Examples that are for some of the prompts and models alone."""

from __future__ import annotations

from typing import Any, Final

from burnish.prompts.formats.gather import items
from burnish.storage.example import Example

ONLY: Final = "only"
ANY: Final = "*"


def is_asked(example: Example, prompt: str, model: str) -> bool:
    """Whether the prompt of that name is to be asked of the model for this example: where its
    metadata has pairs of both under `only` (`*` for any), one of them says so."""
    pairs: Any = example.metadata.get(ONLY)
    if not items(pairs):
        return True
    return any(
        len(pair) == 2 and pair[0] in (prompt, ANY) and pair[1] in (model, ANY)
        for pair in map(items, pairs)
    )
