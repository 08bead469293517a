"""prompts branch, merge, revert, copy."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    asked,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    visible,
)
from burnish.cli.prompts import Name, Reference
from burnish.cli.version_options import given_value
from burnish.errors import Conflict, UsageError

if TYPE_CHECKING:
    from burnish.library.branches import Choices, Preview
    from burnish.library.values import Saved
    from burnish.prompts.merge import MergeConflict, Own
    from burnish.prompts.prompt import Message as ChatMessage

Take = Annotated[
    list[str] | None,
    Parameter(help="NUMBER=ours, theirs, base or both; or a text of your own: 2:=text, 2:=@file."),
]
Ours = Annotated[bool, Parameter(negative="", help="Ours, for every conflict.")]
Theirs = Annotated[bool, Parameter(negative="", help="Theirs, for every conflict.")]
Message = Annotated[str, Parameter(name=["--message", "-m"], help="Why.")]


def branch(
    name: Name,
    branch: Annotated[str | None, Parameter(help="The branch; none lists them.")] = None,
    /,
    *,
    at: Annotated[
        str, Parameter(show_default="main", help="Where it begins: a revision, label or branch.")
    ] = "",
    delete: Annotated[bool, Parameter(negative="", help="Take the branch away.")] = False,
    common: Common = NONE,
) -> None:
    """Begin, list or take away branches; `prompts edit NAME --branch B` saves on one."""
    if branch is None and (delete or at):
        raise UsageError("no branch is named", hint=f"burnish prompts branch {name} NAME")
    if branch == "main" and delete:
        raise UsageError("main is the branch that every prompt has", hint="name another branch")
    with platform(common) as p:
        if branch is None:
            found = p.prompts.branches(name)
            rows = [(b.name, str(b.revision), str(b.from_revision), b.made_by) for b in found]
            if common.json:
                out_json(found)
            elif on_terminal():
                table(("branch", "rev", "from", "by"), rows, wide="branch")
            else:
                out("\n".join("\t".join(row) for row in rows))
            return
        done = (
            p.prompts.delete_branch(name, branch)
            if delete
            else p.prompts.branch(name, branch, at=at or None)
        )
    if common.json:
        out_json(done)
    elif delete:
        out(f"{name}: branch {branch} taken away; its versions stay, the newest is {done.revision}")
    else:
        out(f"{name}@branch:{branch} begins at revision {done.revision}")


def merge(
    name: Name,
    source: Annotated[str, Parameter(help="The branch to bring in; or a revision or label.")],
    /,
    *,
    into: Annotated[str, Parameter(help="The branch that takes it in.")] = "main",
    take: Take = None,
    ours: Ours = False,
    theirs: Theirs = False,
    dry_run: Annotated[bool, Parameter(negative="", help="Only tell what would happen.")] = False,
    message: Message = "",
    common: Common = NONE,
) -> int:
    """Bring two lines of versions together. What both changed differently is shown, and yours to
    decide."""
    with platform(common) as p:
        seen = p.prompts.preview_merge(name, source, into=into)
        conflicts = seen.merged.conflicts
        if dry_run:
            _planned(seen, common)
            return 4 if conflicts else 0
        choices = _choices(conflicts, take, common, ours=ours, theirs=theirs)
        saved = p.prompts.merge(
            name,
            source,
            into=into,
            choices=choices,
            preview=seen if choices else None,
            message=message,
        )
    _saved(saved, common, f"has what {source} brought")
    return 0


def revert(
    name: Name,
    revision: Annotated[int, Parameter(help="The revision whose change is taken back.")],
    /,
    *,
    branch: Annotated[str, Parameter(help="The branch to save on.")] = "main",
    take: Take = None,
    ours: Ours = False,
    theirs: Theirs = False,
    message: Message = "",
    common: Common = NONE,
) -> None:
    """Take back what one revision changed; what came after it stays."""
    with platform(common) as p:
        seen = p.prompts.preview_revert(name, revision, branch=branch)
        choices = _choices(seen.merged.conflicts, take, common, ours=ours, theirs=theirs)
        saved = p.prompts.revert(
            name, revision, branch=branch, choices=choices, preview=seen, message=message
        )
    _saved(saved, common, f"is without the change of revision {revision}")


def copy(
    reference: Reference,
    name: Annotated[str, Parameter(help="The new prompt's name.")],
    /,
    *,
    message: Message = "",
    common: Common = NONE,
) -> None:
    """Store a version as a prompt of its own that remembers where it came from."""
    with platform(common) as p:
        saved = p.prompts.copy(reference, name, message=message)
    _saved(saved, common, f"says what {reference} says")


def _saved(saved: Saved, common: Common, what: str) -> None:
    at = f"{saved.prompt.name}@{saved.version.revision}"
    if common.json:
        out_json(saved)
    elif saved.change == "unchanged":
        out(f"{at} has it already")
    else:
        out(f"{at} {what}")


def _choices(
    conflicts: Sequence[MergeConflict],
    take: Sequence[str] | None,
    common: Common,
    *,
    ours: bool,
    theirs: bool,
) -> Choices:
    """As given; on a terminal the rest is asked for. Left open, all are shown."""
    if ours and theirs:
        raise UsageError("--ours and --theirs are given", hint="leave one of them out")
    choices: dict[int, Any] = {}
    if ours or theirs:
        choices = {each.number: "ours" if ours else "theirs" for each in conflicts}
    by_number = {each.number: each for each in conflicts}
    for number, side, own in map(_pair, take or ()):
        choices[number] = _own(by_number.get(number), side) if own else side
    left = [each for each in conflicts if each.number not in choices]
    asks = common.input and not common.json and on_terminal() and sys.stdin.isatty()
    if left and asks:
        choices |= {each.number: _asked(each, len(conflicts)) for each in left}
    elif left and not common.json:
        _told(left)
    return choices


def _pair(given: str) -> tuple[int, str, bool]:
    """The conflict, what holds, and whether that is a text of one's own."""
    from burnish.prompts.merge import SIDES

    number, equals, side = given.partition("=")
    own = number.endswith(":")
    number = number.removesuffix(":").strip()
    if not equals or not (number.isascii() and number.isdigit() and len(number) < 6):
        raise UsageError(f"{given!r} decides nothing", hint="write --take 1=ours")
    if not own and side not in SIDES:
        raise UsageError(
            f"{side!r} is no side",
            hint=f"use {', '.join(SIDES)}; or {number}:=text for a text of your own",
        )
    return int(number), given_value(side) if own else side, own


def _own(conflict: MergeConflict | None, text: str) -> Own:
    """The text itself, or for a value what it says as JSON."""
    import msgspec

    from burnish.prompts.merge import Own
    from burnish.prompts.prompt import Variable
    from burnish.shapes import decode

    if conflict is None or conflict.kind in ("text", "message"):
        return Own(text)
    try:
        return Own(decode(text, Variable if conflict.kind == "variable" else object))
    except msgspec.DecodeError as error:
        if conflict.kind == "config":
            return Own(text)
        raise UsageError(
            f"{conflict.where}: {error}", hint='write the variable as JSON: {"name": "tone"}'
        ) from None


def _planned(seen: Preview, common: Common) -> None:
    """What a merge would give."""
    from burnish.library.branches import MergePlan

    plan = MergePlan.of(seen)
    if common.json:
        out_json(plan)
    elif plan.nothing:
        out("There is nothing to bring over.")
    elif plan.text is None:
        _told(plan.conflicts)
    else:
        out(plan.text)


def _told(conflicts: Sequence[MergeConflict]) -> None:
    for each in conflicts:
        lines = [f"conflict {each.number}: {each.where}"]
        for side in ("base", "ours", "theirs"):
            text = _shown(getattr(each, side))
            lines += [f"  {side + ':':8}{line}" for line in text.splitlines() or ["(nothing)"]]
        sys.stderr.write("".join(f"{visible(line)}\n" for line in lines))


def _shown(value: Any) -> str:
    import json

    import msgspec

    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        messages = cast("tuple[ChatMessage, ...]", value)
        return "\n".join(f"[{message.role}] {message.content}" for message in messages)
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def _asked(conflict: MergeConflict, count: int) -> Any:
    from burnish.cli.common import console

    screen = console()
    screen.print(styled(f"\nConflict {conflict.number} of {count}: {conflict.where}", "bold"))
    for side, style in (("base", "dim"), ("ours", "green"), ("theirs", "cyan")):
        text = _shown(getattr(conflict, side)).rstrip("\n") or "(nothing)"
        screen.print(styled(f"{side + ':':8}", "dim"), styled(text, style), sep="")
    words = ["ours", "theirs", "base"]
    words += ["both"] if conflict.kind in ("text", "message") else []
    words += ["write", "quit"]
    while True:
        question = f"{', '.join(words[:-1])} or quit? "
        word = asked(question).strip().lower() or "?"
        fitting = [each for each in words if each.startswith(word)]
        if len(fitting) != 1:
            screen.print(styled(f"Type one of {', '.join(words)}, or how it begins.", "dim"))
            continue
        if fitting[0] == "quit":
            raise Conflict("nothing was merged", hint="run it again when you have decided")
        if fitting[0] != "write":
            return fitting[0]
        try:
            return _own(conflict, asked("the text: "))
        except UsageError as error:
            screen.print(styled(str(error), "red"))
