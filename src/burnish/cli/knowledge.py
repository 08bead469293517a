"""knowledge add, list, show, search, remove, refresh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    MAX_BYTES,
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
    table,
    text_of,
    visible,
    warn,
)
from burnish.errors import UsageError
from burnish.library.ranked import Mode

if TYPE_CHECKING:
    from burnish.library.knowledge import AddReport, KnowledgeFound, KnowledgeHit, ShownDocument

Name = Annotated[str, Parameter(help="Its name, such as docs/handbook.md.")]
Tag = Annotated[list[str] | None, Parameter(help="Only with this tag; repeatable.")]
_SHOWN_LEFT_OUT = 10


def add(
    *paths: Annotated[str, Parameter(help="Files and folders; - reads standard input.")],
    name: Annotated[
        str, Parameter(show_default="that of the file", help="Name of it, or of the folder.")
    ] = "",
    tag: Annotated[list[str] | None, Parameter(help="Tag of it; repeatable.")] = None,
    category: Annotated[str, Parameter(help="Category of it.")] = "",
    common: Common = NONE,
) -> int:
    """Take in text, Markdown, HTML, PDF (extra pdf), tables and code; a folder with all in it.

    The same content again changes nothing; a changed file replaces what it was. Exit code 1 when
    one of several files that are named could not be read.
    """
    if not paths:
        raise UsageError("no file is named", hint="burnish knowledge add FILE, or a folder")
    if paths == ("-",):
        report = _from_stdin(name, tag, category, common)
    else:
        with platform(common) as p, progress_bar() as bar:
            report = p.knowledge.add(
                *paths, name=name, tags=tag or (), category=category, progress=bar
            )
    _show_report(report, common)
    named = {Path(path).name for path in paths}
    return int(any(each.name in named for each in report.left_out))


def _from_stdin(name: str, tag: list[str] | None, category: str, common: Common) -> AddReport:
    import sys

    if not name:
        raise UsageError(
            "text from standard input has no name", hint="give one with --name, such as notes.md"
        )
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UsageError(
            f"standard input has more than {MAX_BYTES >> 20} MB", hint="save it as a file"
        )
    with platform(common) as p:
        return p.knowledge.add_text(content, name, tags=tag or (), category=category)


def refresh(
    *names: Annotated[str, Parameter(help="Names; all that came from files without one.")],
    common: Common = NONE,
) -> None:
    """Read the files of documents again; what vanished stays and is told."""
    with platform(common) as p, progress_bar() as bar:
        report = p.knowledge.refresh(*names, progress=bar)
    _show_report(report, common)


def list_(
    *,
    tag: Annotated[str | None, Parameter(help="Only with this tag.")] = None,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    common: Common = NONE,
) -> None:
    """List the documents."""
    with platform(common) as p:
        found = p.knowledge.list(tag=tag, category=category)
    if common.json:
        out_json(found)
        return
    rows = [
        (
            each.name,
            each.kind,
            str(each.chunks),
            ", ".join(each.tags),
            f"{each.updated_at:%Y-%m-%d}",
        )
        for each in found
    ]
    if on_terminal() and found:
        table(("name", "kind", "pieces", "tags", "read"), rows, wide="name")
    elif found:
        out("\n".join("\t".join(row) for row in rows))
    else:
        note("No document. Add one with: burnish knowledge add FILE")


def show(name: Name, /, *, common: Common = NONE) -> None:
    """Show a document and its pieces; in a pipe, their text alone."""
    with platform(common) as p:
        found = p.knowledge.show(name)
    if common.json:
        out_json(found)
    elif on_terminal():
        _show_document(found)
    else:
        out("\n\n".join(chunk.body for chunk in found.chunks))


def search(
    query: Annotated[
        str | None, Parameter(help="What to look for; - reads standard input.")
    ] = None,
    /,
    *,
    mode: Annotated[Mode, Parameter(help="By words, by meaning, or by both.")] = "hybrid",
    tag: Tag = None,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 10,
    common: Common = NONE,
) -> None:
    """Find pieces of documents by words, by meaning, or by both.

    In a pipe: where, score, snippet.
    """
    text = text_of(query, "query")
    with platform(common) as p:
        found = p.knowledge.search(text, mode=mode, tags=tag or (), category=category, limit=limit)
        empty = not found.within and not p.knowledge.list()
    if common.json:
        out_json(found)
        return
    _show_found(found, empty=empty)


def remove(
    *names: Annotated[str, Parameter(help="Names; one that ends in / means all under it.")],
    common: Common = NONE,
) -> None:
    """Take documents out, with their text, words and vectors. Your files stay."""
    if not names:
        raise UsageError("no document is named", hint="see burnish knowledge list")
    with platform(common) as p:
        gone = p.knowledge.remove(*names)
    if common.json:
        out_json(gone)
        return
    out("\n".join(f"removed\t{each.name}" for each in gone.documents))
    for each in gone.notes:
        warn(each)


def _show_report(report: AddReport, common: Common) -> None:
    if common.json:
        out_json(report)
        return
    rows = [
        (each.outcome, each.name, f"as {each.same_as}" if each.same_as else _pieces(each.chunks))
        for each in report.documents
    ]
    if on_terminal() and rows:
        table(("", "document", ""), rows, wide="document")
    elif rows:
        out("\n".join("\t".join(row) for row in rows))
    for each in report.documents:
        if each.outcome == "vanished":
            warn(f"the file of {each.name} is gone; burnish knowledge remove takes it out here too")
        elif each.note and each.outcome in ("new", "changed"):
            warn(f"{each.name}: {each.note}")
    for each in report.left_out[:_SHOWN_LEFT_OUT]:
        warn(f"left out {each.name}: {each.reason}" + (f"; {each.hint}" if each.hint else ""))
    if (more := len(report.left_out) - _SHOWN_LEFT_OUT) > 0:
        warn(f"left out {more} more; --json names them all")
    if not rows and not report.left_out:
        note("Nothing to read.")


def _pieces(count: int) -> str:
    return "1 piece" if count == 1 else f"{count} pieces"


def _show_document(found: ShownDocument) -> None:
    from rich.rule import Rule

    from burnish.library.knowledge import cite

    document, screen = found.document, console()
    screen.print(Rule(styled(document.name, "bold"), style="dim", align="left"))
    facts = [document.kind, _pieces(len(found.chunks)), document.category, *document.tags]
    facts += [document.origin, document.note]
    screen.print(styled(" · ".join(fact for fact in facts if fact), "dim"))
    for chunk in found.chunks:
        place = cite("", chunk).removeprefix(", ")
        head = " · ".join(part for part in (place, chunk.heading) if part)
        screen.print(styled(f"\n{head}", "bold cyan"))
        screen.print(styled(chunk.body))


def _show_found(found: KnowledgeFound, *, empty: bool) -> None:
    if empty:
        note("Your knowledge is empty. Add to it with: burnish knowledge add FILE")
    elif not found.items:
        note("Nothing found." if found.within else "No document meets the filters.")
    elif on_terminal():
        for hit in found.items:
            _show_hit(hit)
        note(f"{len(found.items)} of {_pieces(found.within)}")
    else:
        out("\n".join("\t".join(_line(hit)) for hit in found.items))
    for each in found.notes:
        warn(each)


def _line(hit: KnowledgeHit) -> tuple[str, str, str]:
    return visible(hit.cite), f"{hit.score:.3f}", " ".join(visible(hit.snippet.text).split())


def _show_hit(hit: KnowledgeHit) -> None:
    from burnish.cli.search import marked

    line = styled(visible(hit.cite), "bold cyan")
    line.append(f"  {hit.score:.2f}  {visible(hit.chunk.heading)}".rstrip(), "dim")
    console().print(line)
    console().print(marked(hit.snippet), soft_wrap=False)
