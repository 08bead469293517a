"""How packs look: tables for a terminal, tab-separated lines for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from burnish.cli.common import (
    console,
    counted,
    note,
    on_terminal,
    out,
    styled,
    table,
    totals,
    visible,
    warn,
)

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.library.packs import (
        BuiltPack,
        InstalledPack,
        ListedPack,
        PackPreview,
        PackReport,
        UninstallReport,
    )
    from burnish.library.packs.report import PackOutcome, PlannedPrompt, PreviewedPrompt

_STYLES = {
    **dict.fromkeys(("new", "revised", "edited", "same"), "green"),
    **dict.fromkeys(("skipped", "changed", "deleted", "kept"), "yellow"),
}
_LINES, _WIDTH = 3, 100
_COUNTED: tuple[tuple[PackOutcome, str], ...] = (
    ("new", "new"),
    ("revised", "new revision"),
    ("edited", "edited"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
)


def built(made: BuiltPack) -> None:
    _facts(
        (
            ("pack", f"{made.name} {made.version}, {counted(made.prompts, 'prompt')}"),
            ("file", made.path),
            ("checksum", made.checksum),
            ("signed by", made.key),
        )
    )


def preview(found: PackPreview, *, texts: bool) -> None:
    _facts(_said(found))
    if not on_terminal():
        for each in found.prompts:
            names = ", ".join(variable.name for variable in each.variables)
            out(f"{each.plan.outcome}\t{each.plan.name}\t{names}")
            if texts:
                out(_whole(each))
        return
    screen = console()
    for each in found.prompts:
        screen.print()
        screen.print(_title(each))
        for fact in _of_prompt(each):
            screen.print(styled(f"  {fact}", "dim"))
        for line in _whole(each).splitlines() if texts else _first_lines(each):
            screen.print(styled(f"  {line}"))
    if not texts:
        note("--texts shows the whole texts")


def question(found: PackPreview) -> None:
    """What a person should know before saying yes, on stderr like the question itself."""
    for name, value in _said(found):
        if value:
            sys.stderr.write(f"{name + ':':11}{visible(' '.join(value.split()))}\n")
    for each in found.prompts:
        why = f" ({each.plan.why})" if each.plan.why else ""
        sys.stderr.write(visible(f"  {each.plan.outcome:10}{each.plan.name}{why}") + "\n")
    for remark in found.notes:
        warn(remark)


def report(done: PackReport) -> None:
    rows = [_row(each) for each in done.prompts]
    if on_terminal():
        table(("", "prompt", ""), rows, wide="prompt")
    else:
        lines = (("\t".join(_plain(each))) for each in done.prompts)
        out("\n".join(line.rstrip("\t") for line in lines))
    was = f" (was {done.was})" if done.was and done.was != done.version else ""
    told = f"{done.name} {done.version}{was}: {_summary(done)}"
    out(f"would be: {told}" if done.dry_run else told)
    note(f"checksum {done.checksum}; {done.signature}")
    for remark in done.notes:
        warn(remark)
    if done.left:
        warn(f"no longer in the pack, and left as they are: {', '.join(done.left)}")
    if skipped := done.count("skipped"):
        warn(
            f"{counted(skipped, 'prompt')} skipped; --conflict new-revision puts the pack's text "
            "on top of yours"
        )


def packs(found: Sequence[ListedPack]) -> None:
    if not found:
        note("No pack is installed; burnish packs install SOURCE brings one")
    elif on_terminal():
        rows = (
            (styled(p.name, "cyan"), p.version, str(each.prompts), p.title, p.source)
            for each in found
            for p in (each.pack,)
        )
        table(("name", "version", "prompts", "title", "from"), rows, wide="from")
    else:
        out(
            "\n".join(
                f"{each.pack.name}\t{each.pack.version}\t{each.prompts}\t{each.pack.source}"
                for each in found
            )
        )


def installed(found: InstalledPack) -> None:
    pack = found.pack
    _facts(
        (
            ("pack", f"{pack.name} {pack.version}"),
            ("title", pack.title),
            ("about", pack.description),
            ("authors", ", ".join(pack.authors)),
            ("licence", pack.licence or "none named"),
            ("homepage", pack.homepage),
            ("checksum", pack.checksum),
            ("signed by", pack.key),
            ("from", pack.source),
            ("commit", pack.commit),
            ("folder", pack.prefix),
            ("installed", f"{pack.installed_at:%Y-%m-%d %H:%M} UTC by {pack.installed_by}"),
        )
    )
    _states(found)


def verified(found: InstalledPack) -> None:
    _states(found)
    other = sum(each.state != "same" for each in found.prompts)
    told = f"{counted(other, 'prompt')} of {len(found.prompts)} not as the pack brought them"
    pack = f"{found.pack.name} {found.pack.version}"
    out(f"{pack}: {told}" if other else f"{pack}: all as the pack brought them")


def uninstalled(done: UninstallReport) -> None:
    rows = [("removed", name, "") for name in done.removed]
    rows += [("kept", each.name, each.why) for each in done.kept]
    rows += [("gone", name, "was deleted before") for name in done.gone]
    if on_terminal():
        shown = ((styled(o, _STYLES.get(o, "dim")), name, why) for o, name, why in rows)
        table(("", "prompt", "why"), shown, wide="why")
    else:
        out("\n".join("\t".join(row).rstrip("\t") for row in rows))
    told = f"{done.name} {done.version}: {len(done.removed)} removed, {len(done.kept)} kept"
    out(f"would be: {told}" if done.dry_run else told)
    if done.removed and not done.dry_run:
        note(f"To bring one back: burnish prompts restore {done.removed[0]}")


def _states(found: InstalledPack) -> None:
    rows = [
        (
            each.state,
            f"{each.name}@{each.latest}",
            f"the pack's is revision {each.revision}" if each.latest != each.revision else "",
        )
        for each in found.prompts
    ]
    if on_terminal():
        shown = ((styled(s, _STYLES[s]), name, told) for s, name, told in rows)
        table(("", "prompt", ""), shown, wide="prompt")
    else:
        out("\n".join("\t".join(row).rstrip("\t") for row in rows))


def _said(found: PackPreview) -> tuple[tuple[str, str], ...]:
    version = found.version
    if found.installed:
        version += f" (installed is {found.installed})"
    return (
        ("pack", f"{found.name} {version}"),
        ("title", found.title),
        ("about", found.description),
        ("authors", ", ".join(found.authors)),
        ("licence", found.licence or "none named"),
        ("homepage", found.homepage),
        ("checksum", found.checksum),
        ("signature", str(found.signature)),
        ("from", found.source),
        ("commit", found.commit),
    )


def _facts(facts: Sequence[tuple[str, str]]) -> None:
    """Those that say something."""
    for name, value in facts:
        if value and on_terminal():
            line = styled("")
            line.append(f"{name:11}", "dim")
            line.append(visible(value))
            console().print(line)
        elif value:
            out(f"{name}\t{' '.join(value.split())}")


def _title(each: PreviewedPrompt) -> Text:
    why = f" ({each.plan.why})" if each.plan.why else ""
    line = styled("")
    line.append(visible(each.plan.name), "bold cyan")
    line.append(f"  {each.plan.outcome}{why}", _STYLES.get(each.plan.outcome, "dim"))
    return line


def _of_prompt(each: PreviewedPrompt) -> Iterator[str]:
    if each.description:
        yield each.description
    names = ", ".join(v.name if v.required else f"{v.name} (optional)" for v in each.variables)
    facts = (
        f"variables: {names}" if names else "no variables",
        f"asks for the model {each.model}" if each.model else "",
        counted(each.tests, "test") if each.tests else "",
    )
    yield " · ".join(fact for fact in facts if fact)


def _first_lines(each: PreviewedPrompt) -> Iterator[str]:
    lines = [line.rstrip() for line in _whole(each).splitlines() if line.strip()]
    for line in lines[:_LINES]:
        yield line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"
    if len(lines) > _LINES:
        yield f"… {counted(len(lines) - _LINES, 'more line')}"


def _whole(each: PreviewedPrompt) -> str:
    from burnish.prompts.prompt import join_messages

    return join_messages(each.messages)


def _row(each: PlannedPrompt) -> tuple[str | Text, ...]:
    outcome, name, why = _plain(each)
    return styled(outcome, _STYLES.get(outcome, "dim")), name, why


def _plain(each: PlannedPrompt) -> tuple[str, str, str]:
    name = each.name if each.revision is None else f"{each.name}@{each.revision}"
    return each.outcome, name, each.why


def _summary(done: PackReport) -> str:
    return totals((done.count(outcome), text) for outcome, text in _COUNTED) or "nothing"
