"""search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    console,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    progress_bar,
    styled,
    text_of,
    visible,
    warn,
)
from burnish.cli.runs import moment
from burnish.errors import UsageError
from burnish.library.ranked import Mode

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.library.search import Found, Hit
    from burnish.library.snippets import Snippet


Query = Annotated[str | None, Parameter(help="What to look for; - reads standard input.")]
By = Annotated[Mode, Parameter(name="--mode", help="By words, by meaning, or by both.")]
Category = Annotated[str | None, Parameter(help="Only this category.")]
Tag = Annotated[list[str] | None, Parameter(help="Only with this tag; repeatable.")]
Label = Annotated[str | None, Parameter(help="Only prompts with this label.")]
Author = Annotated[str | None, Parameter(help="Only texts by this author.")]
Model = Annotated[str | None, Parameter(help="Only for, or by, this model.")]
Provider = Annotated[str | None, Parameter(help="Only for, or by, its models.")]
Language = Annotated[str | None, Parameter(help="Only in this language.")]
Phase = Annotated[str | None, Parameter(help="Only texts that went through it.")]
Since = Annotated[str, Parameter(help="Changed from then on: 7d, 12h or a date.")]
Until = Annotated[str, Parameter(help="Changed before then: 7d, 12h or a date.")]
MinRating = Annotated[float | None, Parameter(help="Rated so at least, 0 to 1.")]
Limit = Annotated[
    int | None, Parameter(show_default="setting search.limit", help="How many at most.")
]
MinScore = Annotated[
    float | None,
    Parameter(show_default="setting search.min_score", help="Score so at least, 0 to 1."),
]
Reindex = Annotated[
    bool, Parameter(negative="", help="Make the index anew instead, and all vectors missing.")
]


def search(
    query: Query = None,
    /,
    *,
    mode: By = "hybrid",
    category: Category = None,
    tag: Tag = None,
    label: Label = None,
    author: Author = None,
    model: Model = None,
    provider: Provider = None,
    language: Language = None,
    phase: Phase = None,
    since: Since = "",
    until: Until = "",
    min_rating: MinRating = None,
    limit: Limit = None,
    min_score: MinScore = None,
    reindex: Reindex = False,
    common: Common = NONE,
) -> None:
    """Find prompts by words, by meaning, or by both.

    In a pipe: reference, score, snippet.
    """
    if reindex:
        _reindex(query, common)
        return
    text = text_of(query, "query")
    conditions: dict[str, Any] = {
        "category": category,
        "tags": tag or (),
        "label": label,
        "author": author,
        "model": model,
        "provider": provider,
        "language": language,
        "phase": phase,
        "since": moment(since),
        "until": moment(until),
        "min_rating": min_rating,
    }
    with platform(common) as p:
        _show(p.search(text, mode=mode, limit=limit, min_score=min_score, **conditions), common)


def _show(found: Found, common: Common) -> None:
    if common.json:
        out_json(found)
        return
    if not found.items:
        note("Nothing found." if found.within else "No prompt meets the filters.")
    elif on_terminal():
        for hit in found.items:
            _show_hit(hit)
        note(f"{len(found.items)} of {found.within}")
    else:
        out("\n".join("\t".join(_line(hit)) for hit in found.items))
    for each in found.notes:
        warn(each)


def _line(hit: Hit) -> tuple[str, ...]:
    return (_reference(hit), f"{hit.score:.3f}", " ".join(visible(hit.snippet.text).split()))


def _reference(hit: Hit) -> str:
    return f"{hit.prompt.name}@{hit.revision}"


def _show_hit(hit: Hit) -> None:
    line = styled(visible(_reference(hit)), "bold cyan")
    line.append(f"  {hit.score:.2f}", "dim")
    parts = (("words", hit.text), ("meaning", hit.semantic))
    ways = [f"by {name} #{part.rank}" for name, part in parts if part]
    line.append(f"  {', '.join(ways)}  {visible(hit.prompt.category)}".rstrip(), "dim")
    console().print(line)
    console().print(marked(hit.snippet), soft_wrap=False)


def marked(snippet: Snippet) -> Text:
    """On one line, with what was found in bold."""
    shown = styled("    … " if snippet.before else "    ", "dim")
    place = 0
    for begin, end in (*snippet.marks, (len(snippet.text), len(snippet.text))):
        shown.append(_flat(snippet.text[place:begin]))
        shown.append(_flat(snippet.text[begin:end]), "bold yellow")
        place = end
    shown.append(" …" if snippet.after else "", "dim")
    return shown


def _flat(text: str) -> str:
    return visible("".join(" " if c.isspace() else c for c in text))


def _reindex(query: str | None, common: Common) -> None:
    if query is not None:
        raise UsageError("--reindex searches for nothing", hint="leave the query out")
    with platform(common) as p, progress_bar() as bar:
        done = p.reindex(None if bar is None else partial(bar, "embedding"))
    if common.json:
        out_json(done)
        return
    out(f"{done.prompts} prompts indexed, {done.embedded} embedded with {done.embedder}")
    if done.removed:
        note(f"vectors of other embedders removed: {done.removed}")
