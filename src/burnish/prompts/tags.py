"""Where the tags of a template are."""

from __future__ import annotations

import re

STRING = r"(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')"
# One of `raw` (the whole block), `expression`, `block` and `comment` is what the tag holds.
TAG = re.compile(
    r"\{%[-+]?\s*raw\s*[-+]?%\}(?P<raw>.*?)\{%[-+]?\s*endraw\s*[-+]?%\}"
    r"|\{\{(?P<expression>(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\"'])*?)\}\}"
    r"|\{%(?P<block>(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\"'])*?)%\}"
    r"|\{#(?P<comment>.*?)#\}",
    re.DOTALL,
)
# A tag that includes another prompt, found without reading the rest of the template.
INCLUDE = r"\{%[-+]?\s*include\b(?:\"[^\"\n]*\"|'[^'\n]*'|[^\"'\n%])*%\}"


def line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
