"""feedback: say how good something was, or see what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, out_json, platform, table, warn
from burnish.cli.runs import moment
from burnish.errors import UsageError

# Cyclopts reads them where they stand.
from burnish.learning.opinion import Done, Thumb
from burnish.storage.feedback import Signal

if TYPE_CHECKING:
    from burnish.learning import FeedbackPage, GivenFeedback
    from burnish.storage.feedback import FeedbackEvent

_SHORT = 13


Success = Annotated[
    bool | None,
    Parameter(negative="--failed", help="Whether the task was done; a failure counts as 0."),
]
DoneWith = Annotated[Done | None, Parameter(help="What was done with the answer: no rating.")]
Learn = Annotated[bool, Parameter(help="--no-learn keeps it out of everything that learns.")]


def feedback(
    target: Annotated[
        str, Parameter(help="The id of a run, or a prompt's reference such as mail/late@3.")
    ] = "",
    *,
    thumb: Annotated[Thumb | None, Parameter(help="Up or down.")] = None,
    stars: Annotated[int | None, Parameter(help="1 to 5.")] = None,
    score: Annotated[float | None, Parameter(help="0 to 1.")] = None,
    success: Success = None,
    done: DoneWith = None,
    latency_ms: Annotated[float | None, Parameter(help="How long it took.")] = None,
    comment: Annotated[str, Parameter(help="In words.")] = "",
    learn: Learn = True,
    kind: Annotated[Signal | None, Parameter(help="List only this kind.")] = None,
    who: Annotated[str | None, Parameter(help="List only what this person said.")] = None,
    since: Annotated[str, Parameter(help="List from then on: 7d, 12h or a date.")] = "",
    limit: Annotated[int, Parameter(help="How many to list.")] = 20,
    cursor: Annotated[str | None, Parameter(help="Where the last page ended.")] = None,
    common: Common = NONE,
) -> None:
    """Say how good an answer or a prompt was. Without anything said, list what others said, of one
    prompt or of all.

    In a pipe: id, time, prompt, kind, rating, who, comment.
    """
    said: dict[str, Any] = {
        "thumb": thumb,
        "stars": stars,
        "score": score,
        "success": success,
        "done": done,
    }
    if comment or any(each is not None for each in said.values()):
        said |= {"latency_ms": latency_ms, "comment": comment, "learn": learn}
        _give(target, said, common)
        return
    if latency_ms is not None:
        raise UsageError("nothing is said beside how long it took", hint="add --success")
    with platform(common) as p:
        page = p.feedback_events(
            target, kind=kind, who=who, since=moment(since), limit=limit, cursor=cursor
        )
    _list(page, as_json=common.json)


def _give(target: str, said: dict[str, Any], common: Common) -> None:
    with platform(common) as p:
        given = p.feedback(target, **said)
    _told(given, as_json=common.json)


def _told(given: GivenFeedback, *, as_json: bool) -> None:
    for each in given.notes:
        warn(each)
    if as_json:
        out_json(given)
        return
    event = given.event
    of = f"{event.prompt}@{event.revision}" if event.revision else event.prompt or event.run_id
    counts = "" if event.rating is None else f": counts as {event.rating:.2g} of 1"
    note(f"Kept for {of}{counts}.")
    for name in given.experiments:
        note(f"It is an outcome of experiment {name}.")


def _list(page: FeedbackPage, *, as_json: bool) -> None:
    if as_json:
        out_json(page)
    elif not page.items:
        note("No feedback.")
    elif on_terminal():
        headings = ("when (UTC)", "of", "kind", "rating", "who", "comment")
        table(headings, (tuple(_columns(each)) for each in page.items), wide="comment", wraps="of")
        if page.next:
            note(f"the next page: --cursor {page.next}")
    else:
        out("\n".join("\t".join(_line(each)) for each in page.items))
        if page.next:
            note(f"there are more; raise --limit, or go on with --cursor {page.next}")


def _columns(event: FeedbackEvent) -> Iterator[str]:
    yield f"{event.created_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    yield _of(event)
    yield event.kind
    yield _rating(event)
    yield event.who or "-"
    yield " ".join(event.comment.split())


def _line(event: FeedbackEvent) -> Iterator[str]:
    yield event.id
    yield event.created_at.astimezone(UTC).isoformat(timespec="milliseconds")
    yield _of(event)
    yield event.kind
    yield _rating(event)
    yield event.who
    yield " ".join(event.comment.split())


def _of(event: FeedbackEvent) -> str:
    if event.revision is not None:
        return f"{event.prompt}@{event.revision}"
    return event.prompt or f"run {(event.run_id or '')[:_SHORT]}"


def _rating(event: FeedbackEvent) -> str:
    return "-" if event.rating is None else f"{event.rating:.2f}"
