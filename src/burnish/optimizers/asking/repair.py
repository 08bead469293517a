"""What a model dropped put back, where it is certain where it stood."""

from __future__ import annotations

import re

from burnish.errors import UsageError
from burnish.optimizers.blocks import Block, blocks, carries, join, tags
from burnish.optimizers.frozen import CLOSES, OPENS, regions
from burnish.prompts.preserve import lost

_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_LABEL_WORDS = 8
# A shorter text may stand somewhere by chance.
_CERTAIN = 8
_WORD = re.compile(r"\w+")
_WHOLE = ("code", "json", "table", "url", "include")


def repaired(old: str, new: str) -> str:
    """The new text with kept parts, variables, code and data of the old one that it lost, each as
    the whole block that it stood in, between the neighbours that it had. What has no neighbour
    left stays away: the rules then turn the text down."""
    try:
        return _with_blocks(old, _with_marks(old, _with_braces(old, new)))
    except UsageError:
        return new  # its marks do not match, which the rules say


def _with_braces(old: str, new: str) -> str:
    """`{name}` for `{{ name }}`."""
    for name in dict.fromkeys(_NAME.findall(old)):
        single = re.compile(rf"(?<!\{{)\{{\s*{name}\s*\}}(?!\}})")
        live = any(tag.text == f"{{{{ {name} }}}}" for tag in tags(new))
        if not live and not single.search(_NAME.sub(" ", old)):
            new = single.sub(f"{{{{ {name} }}}}", new)
    return new


def _with_marks(old: str, new: str) -> str:
    """Kept parts whose text is there without the marks around it."""
    for region in regions(old):
        inner = region[region.index("#}") + 2 : region.rindex("{#")]
        certain = len(inner.strip()) >= _CERTAIN and new.count(inner.strip()) == 1
        if region not in new and certain:
            new = new.replace(inner.strip(), region)
    return new


def _with_blocks(old: str, new: str) -> str:
    parts = blocks(old)
    for number, part in enumerate(parts):
        if part.text not in new and _stands_alone(part.text) and _is_missing(part.text, new):
            new = _between(parts, number, new)
    return new


def _is_missing(block: str, new: str) -> bool:
    if any(region not in new for region in regions(block)):
        return True
    if OPENS in block and OPENS not in new:
        return CLOSES not in new
    live = {tag.text for tag in tags(new)}
    if any(tag.text not in live for tag in tags(block)):
        return True
    return any(loss.kind in _WHOLE for loss in lost(block, new))


def _stands_alone(block: str) -> bool:
    """Whether the block is what was lost, and no instruction that the model may have reworded."""
    if regions(block) or OPENS in block:
        return True
    if tags(block):
        return carries(block) or any(tag.logic for tag in tags(block))
    words = len(_WORD.findall(block))
    return block.lstrip().startswith(("```", "~~~", "{", "[", "|")) or words <= _LABEL_WORDS


def _between(parts: list[Block], number: int, new: str) -> str:
    """Behind the block before it, or before the one behind it; at the begin and the end of a text
    there is no doubt."""
    text = parts[number].text
    before = next((part.text for part in reversed(parts[:number]) if part.text), "")
    after = next((part.text for part in parts[number + 1 :] if part.text), "")
    now = blocks(new)
    places = {block.text: n for n, block in enumerate(now)}
    if len(places) != len(now):
        return new  # two blocks alike: which one it stood beside is not known
    behind = before in places
    at = places[before] + 1 if behind else places.get(after)
    if at is None and not after:
        at, behind = len(now), True
    if at is None and not before:
        at = 0
    if at is None:
        return new
    if behind and at:
        # It takes the gap that came behind the block before it, which gets its own again.
        gap = parts[number - 1].gap if number else ""
        last = at == len(now)
        put = Block(text, now[at - 1].gap if last else _wider(now[at - 1].gap, parts[number].gap))
        now[at - 1 : at] = [Block(now[at - 1].text, gap if "\n" in gap else "\n\n"), put]
    else:
        gap = parts[number].gap
        now.insert(at, Block(text, gap if "\n" in gap else "\n\n"))
    return join(now)


def _wider(a: str, b: str) -> str:
    return max(a, b, key=lambda gap: gap.count("\n"))
