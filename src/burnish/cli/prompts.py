"""prompts list, show, create, edit, render, delete, restore."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    console,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    read_file,
    styled,
    table,
    text_of,
    warn,
)
from burnish.cli.version_options import Config, Type, configured, given_value, typed, used
from burnish.errors import NotFound, UsageError

if TYPE_CHECKING:
    from rich.text import Text

    import burnish
    from burnish.library.values import Expanded, Page, Saved
    from burnish.prompts.prompt import Message, Prompt, Variable
    from burnish.storage.store import Fetched

_SHORT = 60
_NONE_YET = 'No prompts yet. Try: burnish generate "your idea"; ready ones: burnish starter list'
Reference = Annotated[str, Parameter(help="name, name@3, name@label or name@branch:b.")]
Name = Annotated[str, Parameter(help="The prompt's name, such as writer/chapter.")]
File = Annotated[Path | None, Parameter(help="Read the text from this file.")]


def list_(
    *,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    tag: Annotated[list[str] | None, Parameter(help="Only with this tag; repeatable.")] = None,
    prefix: Annotated[str, Parameter(help="Only names that begin so.")] = "",
    deleted: Annotated[bool, Parameter(negative="", help="Deleted ones too.")] = False,
    sort: Annotated[Literal["rating", "name", "updated"], Parameter(help="Order.")] = "rating",
    limit: Annotated[int, Parameter(help="How many on a page.")] = 50,
    cursor: Annotated[str | None, Parameter(help="Where the last page ended.")] = None,
    top: Annotated[int | None, Parameter(help="Only the best n.")] = None,
    common: Common = NONE,
) -> None:
    """List prompts, best rated first, then most used."""
    with platform(common) as p:
        page = p.prompts.list(
            category=category,
            tags=tag or (),
            prefix=prefix,
            include_deleted=deleted,
            sort=sort,
            limit=limit,
            cursor=cursor,
            top=top,
        )
        nowhere = not page.items and not p.prompts.list(limit=1).total
    if common.json:
        out_json(page)
    elif not page.items:
        note(_NONE_YET if nowhere else "None found.")
    elif on_terminal():
        _list_terminal(page)
    else:
        out("\n".join(f"{each.name}\t{each.latest_revision}" for each in page.items))
        if page.next:
            warn(f"{len(page.items)} of {page.total}; the next page: --cursor {page.next}")


def _list_terminal(page: Page) -> None:
    headings = ("name", "rev", "rating", "uses", "category", "updated")
    table(headings, (_row(each) for each in page.items), wide="name")
    if page.next:
        note(f"{page.total} in all; next page: --cursor {page.next}")


def _row(prompt: Prompt) -> tuple[str | Text, ...]:
    gone = prompt.deleted_at is not None
    return (
        styled(f"{prompt.name} (deleted)", "dim") if gone else prompt.name,
        str(prompt.latest_revision),
        "-" if prompt.rating is None else f"{prompt.rating:.2f}",
        str(prompt.usage_count),
        prompt.category,
        prompt.updated_at.date().isoformat(),
    )


def show(
    reference: Reference,
    /,
    *,
    graph: Annotated[
        bool, Parameter(negative="", help="Show what it came from and what came from it.")
    ] = False,
    expand: Annotated[
        bool, Parameter(negative="", help="With the texts in it of the prompts that it includes.")
    ] = False,
    common: Common = NONE,
) -> None:
    """Show one version with its variables."""
    from burnish.cli.origin import show_graph

    with platform(common) as p:
        found = p.prompts.expand(reference) if expand else p.prompts.get(reference)
        lineage = p.prompts.graph(found.prompt.name, similar=True) if graph else None
    if lineage is not None:
        out_json(lineage) if common.json else show_graph(lineage)
    elif common.json:
        out_json(found)
    elif on_terminal():
        _show_terminal(found)
    else:
        out(found.version.text)


def _show_terminal(found: Fetched | Expanded) -> None:
    from rich.rule import Rule

    from burnish.cli import show as shown

    prompt, version = found.prompt, found.version
    how = f"by {found.via}, as last known" if found.stale else f"by {found.via}"
    title = f"{prompt.name}@{version.revision} ({how})"
    console().print(Rule(styled(title, "bold"), style="dim", align="left"))
    facts = [prompt.category, ", ".join(prompt.tags), f"by {version.author}"]
    facts.append(f"{version.created_at:%Y-%m-%d %H:%M} UTC")
    console().print(styled(" · ".join(fact for fact in facts if fact), "dim"))
    if prompt.description:
        console().print(styled(prompt.description))
    console().print()
    shown.messages(version.messages)
    shown.variables(version.variables)
    for each in getattr(found, "includes", ()):
        as_ = f" (as {each.asked})" if each.asked != each.reference else ""
        console().print(styled(f"includes {each.reference}{as_}", "dim"))
    if version.config:
        values = {key: json.dumps(each, ensure_ascii=False) for key, each in version.config.items()}
        rows = ((k, v if len(v) <= _SHORT else f"{v[: _SHORT - 1]}…") for k, v in values.items())
        table(("config", "value"), rows, wide="value")


def create(
    name: Name,
    text: Annotated[str | None, Parameter(help="The text; - reads standard input.")] = None,
    /,
    *,
    file: File = None,
    system: Annotated[str, Parameter(help="A system message before the text.")] = "",
    category: Annotated[str | None, Parameter(help="Category.")] = None,
    tag: Annotated[list[str] | None, Parameter(help="Tag; repeatable.")] = None,
    description: Annotated[str | None, Parameter(help="What it is for.")] = None,
    config: Config = None,
    type_: Type = None,
    message: Annotated[str, Parameter(name=["--message", "-m"], help="Why.")] = "",
    common: Common = NONE,
) -> None:
    """Store a text as a prompt; an existing name gets the next revision."""
    content = _content(text_of(text, "text", file=file), system)
    with platform(common) as p:
        saved = p.prompts.create(
            name,
            content,
            variables=typed(content, _known(p, name, content), type_) if type_ else None,
            config=configured({}, config) if config else None,
            category=category,
            tags=tag,
            description=description,
            message=message,
        )
        new = saved.change == "created"
        exact = f"{saved.prompt.name}@{saved.version.revision}"
        like = p.prompts.similar(exact, by=("wording",)) if new else ()
    _saved(saved, common)
    for each in like:
        note(f"much like {each.name}@{each.revision} ({each.score:.0%} of the wording)")


def _content(text: str, system: str) -> list[Message]:
    from burnish.prompts.prompt import Message

    user = Message("user", text)
    return [Message("system", system), user] if system else [user]


def _known(p: burnish.Platform, name: str, messages: Sequence[Message]) -> list[Variable]:
    try:
        return used(messages, p.prompts.get(f"{name}@latest").version.variables)
    except NotFound:
        return []


def edit(
    name: Name,
    text: Annotated[str | None, Parameter(help="The new text; - reads standard input.")] = None,
    /,
    *,
    file: File = None,
    editor: Annotated[bool, Parameter(negative="", help="Open $EDITOR.")] = False,
    category: Annotated[str | None, Parameter(help="New category.")] = None,
    tag: Annotated[list[str] | None, Parameter(help="New tags; repeatable.")] = None,
    description: Annotated[str | None, Parameter(help="New description.")] = None,
    config: Config = None,
    type_: Type = None,
    branch: Annotated[str, Parameter(help="The branch to save on.")] = "main",
    message: Annotated[str, Parameter(name=["--message", "-m"], help="Why.")] = "",
    common: Common = NONE,
) -> None:
    """Store a changed text, config or type as the next revision. The rest needs none."""
    about = {"category": category, "tags": tag, "description": description}
    changes = {key: value for key, value in about.items() if value is not None}
    if editor and not common.input:
        raise UsageError("an editor asks a person", hint="give the text, or leave out --no-input")
    with platform(common) as p:
        latest = p.prompts.get(f"{name}@branch:{branch}").version
        if changes:
            p.prompts.edit(name, category=category, tags=tag, description=description)
        same_text = text is None and file is None and not editor
        if changes and same_text and not config and not type_:
            found = p.prompts.get(f"{name}@latest")
            out_json(found.prompt) if common.json else out(f"{name}: changed, no new revision")
            return
        content, known = None, latest.variables
        if not same_text or not (config or type_):
            last = latest.messages[-1]
            new = _edited(last.content) if editor else text_of(text, "text", file=file)
            content = [*latest.messages[:-1], type(last)(last.role, new)]
            known = used(content, known)
        saved = p.prompts.update(
            name,
            content,
            variables=typed(content or latest.messages, known, type_) if type_ else None,
            config=configured(latest.config, config) if config else None,
            message=message,
            branch=branch,
            expected_revision=latest.revision,
        )
    _saved(saved, common)


def _edited(text: str) -> str:
    command = os.environ.get("EDITOR")  # noqa: TID251 - the editor is the person's, not a setting
    if not command:
        raise UsageError("EDITOR is not set", hint="set it to your editor, or give the text")
    if not sys.stdin.isatty():
        raise UsageError("an editor needs a terminal", hint="give the text, or --file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompt.md"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(command), str(path)], check=True)  # noqa: S603
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"the editor failed: {error}", hint="set EDITOR to another, or give the text"
            ) from None
        return read_file(path)


def _saved(saved: Saved, common: Common) -> None:
    for each in saved.warnings:
        warn(f"{each}; take it out, and make it a variable")
    if common.json:
        out_json(saved)
    else:
        out(f"{saved.prompt.name}@{saved.version.revision} {saved.change}")


def render(
    reference: Reference,
    /,
    *,
    var: Annotated[
        list[str] | None,
        Parameter(help="name=value, name=@file or name=- (standard input); repeatable."),
    ] = None,
    vars: Annotated[Path | None, Parameter(help="A JSON file with values.")] = None,  # noqa: A002
    common: Common = NONE,
) -> None:
    """Fill in the variables and print the result."""
    with platform(common) as p:
        version = p.prompts.expand(reference).version
        values = values_of(version.variables, var or [], vars)
        rendered = p.prompts.render(reference, values)
    if common.json:
        out_json(rendered)
        return
    from burnish.prompts.prompt import join_messages

    out(join_messages(rendered.messages))
    with_ = ", ".join(dict.fromkeys(each.reference for each in rendered.includes))
    note(f"{rendered.reference}, by {rendered.via}" + (f", with {with_}" if with_ else ""))


def values_of(
    variables: tuple[Variable, ...], pairs: list[str], file: Path | None
) -> dict[str, Any]:
    from burnish.prompts.variables import parse

    known = {variable.name: variable for variable in variables}
    values = _from_json(file) if file else {}
    for pair in pairs:
        name, equals, given = pair.partition("=")
        if not equals:
            raise UsageError(f"--var {pair!r} has no =", hint="write --var name=value")
        text = given_value(given)
        values[name] = parse(known[name], text) if name in known else text
    return values


def _from_json(path: Path) -> dict[str, Any]:
    import msgspec

    from burnish.shapes import decode

    try:
        return decode(read_file(path), dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        where = "standard input" if str(path) == STDIN else str(path)
        raise UsageError(
            f"{where} holds no JSON object: {error}", hint='write {"name": …}'
        ) from None


def delete(
    name: Name,
    /,
    *,
    force: Annotated[
        bool, Parameter(negative="", help="Even if other prompts include it.")
    ] = False,
    common: Common = NONE,
) -> None:
    """Take a prompt out of the library; restore brings it back whole."""
    with platform(common) as p:
        gone = p.prompts.delete(name, force=force)
    out_json(gone) if common.json else out(f"{name} deleted; burnish prompts restore {name}")


def restore(
    name: Name,
    /,
    *,
    as_name: Annotated[str | None, Parameter(help="Another name for it.")] = None,
    common: Common = NONE,
) -> None:
    """Bring a deleted prompt back, with its history and labels."""
    with platform(common) as p:
        back = p.prompts.restore(name, as_name=as_name)
    out_json(back) if common.json else out(f"{back.name} restored")
