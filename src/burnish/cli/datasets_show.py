"""Datasets on a terminal and in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burnish.cli.common import console, counted, note, on_terminal, out, styled, table, totals

if TYPE_CHECKING:
    from burnish.evals.datasets import ShownDataset
    from burnish.storage.datasets import Difference, ExampleChange
    from burnish.storage.example import Example

_VERSIONS = 10
_STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


def show_lines(found: ShownDataset) -> None:
    lines = [
        "\t".join((each.id, each.split, _json(each.inputs), _json(each.expected)))
        for each in found.examples
    ]
    out("\n".join(lines))


def show_terminal(found: ShownDataset) -> None:
    from rich.rule import Rule

    dataset, version, screen = found.dataset, found.version, console()
    screen.print(Rule(styled(version.reference, "bold"), style="dim", align="left"))
    if dataset.description:
        screen.print(styled(dataset.description))
    splits = totals((version.splits.get(name, 0), name) for name in ("train", "dev", "test"))
    screen.print(styled(f"{counted(version.size, 'example')}: {splits}\n", "dim"))
    rows = [
        (
            str(each.version),
            str(each.size),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            each.author,
            " · ".join(part for part in (each.origin, each.message) if part),
        )
        for each in found.versions[:_VERSIONS]
    ]
    table(("version", "examples", "UTC", "by", "from"), rows, wide="from")
    if (more := len(found.versions) - _VERSIONS) > 0:
        note(f"and {counted(more, 'older version')}; --json names all")
    for each in found.examples:
        _show_example(each)
    if (left := version.size - len(found.examples)) > 0:
        note(f"\n{left} more: burnish datasets export {version.reference}")


def _show_example(example: Example) -> None:
    screen = console()
    marks = (example.split, *example.tags, "synthetic" if example.synthetic else "")
    told = ", ".join(dict.fromkeys(mark for mark in marks if mark))
    screen.print()
    screen.print(styled(example.id, "bold cyan"), styled(f" {told}", "dim"))
    for name, value in example.inputs.items():
        screen.print(styled(f"{name}:", "dim"), styled(_text(value)))
    if example.expected is not None:
        screen.print(styled("expected:", "dim"), styled(_text(example.expected)))
    for each in example.scorers:
        value = "" if each.value is None else _text(each.value)
        screen.print(styled("scorer:", "dim"), styled(f"{each.name} {value}".rstrip()))


def show_difference(found: Difference) -> None:
    counts = ((found.added, "added"), (found.removed, "removed"), (found.changed, "changed"))
    if not on_terminal():
        out("\n".join("\t".join((e.kind, e.id, *_sides(e))) for e in found.items))
        return
    screen = console()
    screen.print(
        styled(f"{found.old} → {found.new}: {totals(counts) or 'nothing differs'}", "bold")
    )
    for each in found.items:
        screen.print()
        screen.print(styled(each.kind, _STYLES[each.kind]), styled(each.id, "bold"))
        for sign, side in zip("-+", _sides(each), strict=True):
            if side:
                screen.print(styled(f"{sign} {side}", "red" if sign == "-" else "green"))
    if (more := found.added + found.removed + found.changed - len(found.items)) > 0:
        note(f"\n{more} more; raise --limit")


def _sides(change: ExampleChange) -> tuple[str, str]:
    """Before and after; of a change, only the fields that differ."""
    before, after = _fields(change.before), _fields(change.after)
    if change.kind == "changed":
        same = {name for name in before if before[name] == after[name]}
        before = {name: value for name, value in before.items() if name not in same}
        after = {name: value for name, value in after.items() if name not in same}
    else:
        before = {name: value for name, value in before.items() if value}
        after = {name: value for name, value in after.items() if value}
    return _json(before) if before else "", _json(after) if after else ""


def _fields(example: Example | None) -> dict[str, Any]:
    if example is None:
        return {}
    names = ("inputs", "expected", "split", "tags", "metadata", "scorers")
    return {name: getattr(example, name) for name in names}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
