"""What of the knowledge a prompt is given: the pieces that have most to do with its idea."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from burnish.errors import NotFound
from burnish.generation.grounding import Excerpt, Grounding, Source, grounding_of
from burnish.generation.wish import Wish
from burnish.settings import KnowledgeSettings

if TYPE_CHECKING:
    from burnish.library.knowledge import AsyncKnowledge, KnowledgeHit

# So many are looked at for those that fit into the prompt.
_LOOKED_AT = 50
_EMPTY = "your knowledge is empty; add to it with: burnish knowledge add FILE"
# A search takes a question; what a long idea wants stands at its beginning or at its end.
_HEAD, _TAIL = 3000, 1000
# Names of variables are no words of the idea.
_TAGS = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")


async def ground(
    wish: Wish, knowledge: Callable[[], AsyncKnowledge], settings: KnowledgeSettings
) -> Grounding:
    """Nothing for a wish that asks for none. Where nothing is found, a warning says so. Raises
    NotFound for a tag that no document has."""
    if not wish.knowledge:
        return Grounding()
    tags = (wish.knowledge,) if isinstance(wish.knowledge, str) else ()
    found = await knowledge().search(_query(wish.idea), tags=tags, limit=_LOOKED_AT)
    if not found.within and tags:
        raise await _no_tag(knowledge(), tags[0])
    if not found.within:
        return Grounding(warnings=(_EMPTY,))
    chosen = list(_chosen(found.items, settings))
    if not chosen:
        of = f" with the tag {tags[0]!r}" if tags else ""
        said = f"nothing in your knowledge{of} fits the idea, so the prompt was made without it"
        return Grounding(warnings=(said, *found.notes))
    return grounding_of([_excerpt(hit) for hit in chosen], found.notes)


def _query(idea: str) -> str:
    text = _TAGS.sub(" ", idea).strip() or idea
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def _chosen(hits: Sequence[KnowledgeHit], settings: KnowledgeSettings) -> Iterator[KnowledgeHit]:
    """The most relevant first; a long one that no longer fits makes room for a shorter one."""
    left, number = settings.context_tokens, settings.context_pieces
    for hit in sorted(hits, key=lambda each: -each.relevance):
        if number and hit.relevance >= settings.min_score and hit.chunk.tokens <= left:
            left -= hit.chunk.tokens
            number -= 1
            yield hit


def _excerpt(hit: KnowledgeHit) -> Excerpt:
    chunk = hit.chunk
    source = Source(
        cite=hit.cite,
        document=hit.document,
        document_id=hit.document_id,
        heading=chunk.heading,
        page=chunk.page,
        first_line=chunk.first_line,
        last_line=chunk.last_line,
        relevance=hit.relevance,
    )
    return Excerpt(source, chunk.body)


async def _no_tag(knowledge: AsyncKnowledge, tag: str) -> NotFound:
    known = sorted({each for document in await knowledge.list() for each in document.tags})
    near = difflib.get_close_matches(tag.lower(), known, n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = "burnish knowledge list shows the tags" if known else "add one with --tag"
    return NotFound(f"no document of your knowledge has the tag {tag!r}", hint=hint, subject=tag)
