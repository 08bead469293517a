"""prompts history, diff, label, rollback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    console,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
)
from burnish.cli.prompts import Name, Reference
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.library.values import HistoryEntry
    from burnish.prompts.composition import Included
    from burnish.prompts.diff import Diff, Segment, ValueDiff
    from burnish.storage.store import LabelMove

_CONTEXT_LINES = 3
_SHORT = 60
_HISTORY = ("rev", "when", "who", "hash", "why", "labels")
_NARROW = 80
_ADDRESS = re.compile(r"\s*<[^<>]*>\Z")
Why = Annotated[str, Parameter(name=["--message", "-m"], help="Why.")]


def history(
    name: Name,
    /,
    *,
    limit: Annotated[int, Parameter(help="How many versions at most.")] = 50,
    texts: Annotated[bool, Parameter(negative="", help="Print each text too.")] = False,
    branch: Annotated[str | None, Parameter(help="Only this branch.")] = None,
    common: Common = NONE,
) -> None:
    """Who changed what, when and why; newest first."""
    with platform(common) as p:
        if branch is not None:
            p.prompts.get(f"{name}@branch:{branch}")
        entries = p.prompts.history(name, limit=limit, branch=branch)
    if common.json:
        out_json(entries)
        return
    if on_terminal() and not texts:
        _print_history(entries)
        return
    for entry in entries:
        out("\t".join(_row(entry)).rstrip())
        if texts:
            out(f"{entry.version.text}\n")


def _print_history(entries: Iterable[HistoryEntry]) -> None:
    """Names without addresses, and on a narrow screen days without times, without hashes."""
    narrow = console().width < _NARROW
    rows = [
        (rev, when[:10] if narrow else when, _ADDRESS.sub("", who) or who, key, why, labels)
        for rev, when, who, key, why, labels in map(_row, entries)
    ]
    kept = [at for at, heading in enumerate(_HISTORY) if not narrow or heading != "hash"]
    table(
        [_HISTORY[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        wide="why",
        wraps="labels",
    )


def _row(entry: HistoryEntry) -> tuple[str, str, str, str, str, str]:
    version, when = entry.version, f"{entry.version.created_at:%Y-%m-%d %H:%M}"
    line = () if version.branch == "main" else (f"branch:{version.branch}",)
    put_away = ("archived",) if version.archived_at else ()
    with_ = [f"includes {_included(each)}" for each in entry.includes]
    why = "; ".join(part for part in (version.message, *with_) if part)
    labels = ", ".join((*entry.labels, *line, *put_away))
    return str(version.revision), when, version.author, version.content_hash[:10], why, labels


def _included(each: Included) -> str:
    if not each.reference:
        return f"{each.asked} (which is not there)"
    return each.asked + (f" (now {each.reference})" if each.reference != each.asked else "")


def diff(
    before: Reference,
    after: Reference,
    /,
    *,
    common: Common = NONE,
) -> None:
    """Compare two versions word by word; variables and the rest apart."""
    with platform(common) as p:
        found = p.prompts.diff(before, after)
    if common.json:
        out_json(found)
    else:
        _print_diff(found)


def _print_diff(found: Diff) -> None:
    text = _diff_text(found)
    if not on_terminal():
        out(text)
        return
    shown = styled(text)
    shown.highlight_regex(r"(?s)\[-.*?-\]", "red")
    shown.highlight_regex(r"(?s)\{\+.*?\+\}", "green")
    console().print(shown)


def _diff_text(found: Diff) -> str:
    """The messages that changed, then variables, config and what is known about the version."""
    parts: list[str] = []
    for message in found.messages:
        if message.changed:
            role = message.role_after or f"{message.role_before}, removed"
            added = ", added" if message.role_before is None else ""
            parts.append(f"[{role}{added}]\n{_segments(message.segments)}")
    if not parts:
        parts.append("texts are the same")
    parts += [f"variable {each.name}: {each.change}" for each in found.variables]
    for kind, values in (("config", found.config), ("about", found.metadata)):
        parts += [f"{kind} {'.'.join(each.path)}: {_change(each)}" for each in values]
    return "\n".join(parts)


def _change(found: ValueDiff) -> str:
    """Short values themselves; of long ones, that they changed."""
    values = [
        json.dumps(value, ensure_ascii=False) if value is not None else "-"
        for value in (found.before, found.after)
    ]
    if found.change != "changed" or max(map(len, values)) > _SHORT:
        return found.change
    return " → ".join(values)


def _segments(segments: tuple[Segment, ...]) -> str:
    """Words with their marks; long stretches without a change are cut to the lines beside one."""
    from burnish.prompts.diff import Segment, as_words

    cut: list[Segment] = []
    for index, segment in enumerate(segments):
        lines = segment.text.split("\n")
        if segment.kind == "equal" and len(lines) > 2 * _CONTEXT_LINES + 1:
            head = lines[:_CONTEXT_LINES] if index else []
            tail = lines[-_CONTEXT_LINES:] if index < len(segments) - 1 else []
            segment = Segment("equal", "\n".join([*head, "…", *tail]))  # noqa: PLW2901
        cut.append(segment)
    return as_words(cut)


def label(
    name: Name,
    label: Annotated[str | None, Parameter(help="The label; none lists them.")] = None,
    revision: Annotated[int | None, Parameter(help="The revision it shall point at.")] = None,
    /,
    *,
    remove: Annotated[bool, Parameter(negative="", help="Remove the label.")] = False,
    log: Annotated[bool, Parameter(negative="", help="Who moved what, when and why.")] = False,
    tag: Annotated[bool, Parameter(negative="", help="Make it a tag, which never moves.")] = False,
    ask: Annotated[
        bool, Parameter(negative="", help="Ask another person to approve the move.")
    ] = False,
    by: Annotated[str, Parameter(show_default="setting author", help="Who you are.")] = "",
    message: Why = "",
    common: Common = NONE,
) -> None:
    """Move, remove or list labels; a bare name gives production where it exists."""
    if (remove or ask or tag) and not label:
        raise UsageError("no label is named", hint=f"burnish prompts label {name} staging --remove")
    if label and not log and (revision is None) is not remove:
        raise UsageError(
            "give either a revision or --remove", hint=f"burnish prompts label {name} {label} 1"
        )
    with platform(common) as p:
        if log:
            moves = p.prompts.label_log(name, label)
            _print(common, moves, ("when", "label", "moved", "who", "why"), map(_moved, moves))
        elif label is None:
            labels = p.prompts.labels(name)
            rows = (
                (f"{each.name} (tag)" if each.tag else each.name, str(each.revision), each.moved_by)
                for each in labels
            )
            _print(common, labels, ("label", "rev", "moved by"), rows)
        elif ask:
            request = p.prompts.ask_label(name, label, revision, tag=tag, by=by, why=message)
            told = f"asked; another person approves it with: burnish prompts approve {request.id}"
            out_json(request) if common.json else out(told)
        elif revision is None:
            move = p.prompts.remove_label(name, label, by=by, why=message)
            out_json(move) if common.json else out(f"{name}: {label} removed")
        else:
            put = p.prompts.tag if tag else p.prompts.set_label
            move = put(name, label, revision, by=by, why=message)
            out_json(move) if common.json else out(f"{name}@{label} is now revision {revision}")


def _print(
    common: Common, found: object, headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]
) -> None:
    if common.json:
        out_json(found)
    elif on_terminal():
        table(headings, rows, wide=headings[-1])
    else:
        lines = ["\t".join(row) for row in rows]
        if lines:
            out("\n".join(lines))


def _moved(move: LabelMove) -> tuple[str, ...]:
    way = f"{move.from_revision or '-'} → {move.to_revision or '-'}"
    return (f"{move.moved_at:%Y-%m-%d %H:%M}", move.label, way, move.moved_by, move.why)


def rollback(
    name: Name,
    revision: Annotated[int, Parameter(help="The revision to bring back.")],
    /,
    *,
    label: Annotated[str, Parameter(help="Label to move, if it exists.")] = "production",
    message: Why = "",
    common: Common = NONE,
) -> None:
    """Bring an old revision back as a new one; nothing is rewritten."""
    with platform(common) as p:
        saved = p.prompts.rollback(name, revision, label=label or None, message=message)
    if common.json:
        out_json(saved)
        return
    moved = f"; {', '.join(saved.moved)} moved" if saved.moved else ""
    if saved.change == "unchanged":
        out(f"{name}@{saved.version.revision} says what revision {revision} says already{moved}")
        return
    out(f"{name}@{saved.version.revision} says what revision {revision} said{moved}")
