"""packs build, preview, install, update, list, show, verify, uninstall, keygen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from burnish.cli import packs_show
from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    note,
    out,
    out_json,
    platform,
    read_file,
    waiting,
    warn,
)
from burnish.errors import NotFound, UsageError

if TYPE_CHECKING:
    import burnish

Source = Annotated[
    str,
    Parameter(
        help="A folder, a zip, the https address of one, or git: git+https://HOST/REPO@REF#FOLDER,"
        " user@host:path, or the path of a repository."
    ),
]
Name = Annotated[str, Parameter(help="The pack's name.")]
Conflicts = Annotated[
    Literal["skip", "overwrite", "new-revision"],
    Parameter(
        name="--conflict",
        help="What happens to a prompt of yours that says something else. skip: it stays."
        " new-revision: the pack's text is its next revision. overwrite: as well, and category,"
        " tags and description are the pack's.",
    ),
]
Sha256 = Annotated[
    str,
    Parameter(name="--sha256", help="The checksum that the pack must have, or nothing is done."),
]
Prefix = Annotated[
    str | None, Parameter(show_default="none", help="Folder to put its prompts in, such as team.")
]
DryRun = Annotated[bool, Parameter(negative="", help="Say what would happen; change nothing.")]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask.")]
Texts = Annotated[bool, Parameter(negative="", help="The whole text of each prompt.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Chosen:
    """Which prompts go in."""

    prompt: Annotated[list[str] | None, Parameter(help="This prompt; repeatable.")] = None
    prefix: Annotated[
        str, Parameter(name=["--prefix", "--prompts"], help="Prompts whose names begin so.")
    ] = ""
    category: Annotated[str | None, Parameter(help="Prompts of this category.")] = None
    tag: Annotated[list[str] | None, Parameter(help="Prompts with this tag; repeatable.")] = None
    all: Annotated[bool, Parameter(negative="", help="All there are.")] = False


@Parameter(name="*")
@dataclass(frozen=True)
class Said:
    """What the pack says of itself."""

    version: Annotated[str, Parameter(help="Which version of the pack it is.")] = "1.0.0"
    title: Annotated[str, Parameter(help="A title for people.")] = ""
    description: Annotated[str, Parameter(help="What it is for.")] = ""
    author: Annotated[list[str] | None, Parameter(help="Who made it; repeatable.")] = None
    licence: Annotated[str, Parameter(help="How others may use it, such as CC-BY-4.0.")] = ""
    homepage: Annotated[str, Parameter(help="An https address to read more at.")] = ""


_NOTHING_CHOSEN, _NOTHING_SAID = Chosen(), Said()


def build(
    name: Annotated[str, Parameter(help="What it is called, such as support-basics.")],
    /,
    *,
    to: Annotated[
        Path | None, Parameter(show_default="NAME-VERSION.zip", help="A .zip, or a folder.")
    ] = None,
    chosen: Chosen = _NOTHING_CHOSEN,
    said: Said = _NOTHING_SAID,
    readme: Annotated[Path | None, Parameter(help="A text file to go along.")] = None,
    sign: Annotated[Path | None, Parameter(help="Sign with this private key.")] = None,
    force: Annotated[bool, Parameter(negative="", help="Replace files that exist.")] = False,
    common: Common = NONE,
) -> None:
    """Make a pack of prompts in your library, to share it.

    It has the newest text of each. Who wrote it, its labels and its history stay here. The same
    prompts give the same file.
    """
    text = "" if readme is None else read_file(readme)
    with platform(common) as p:
        made = p.packs.build(
            name,
            to or Path(f"{name}-{said.version}.zip"),
            prompts=chosen.prompt or (),
            prefix=chosen.prefix,
            category=chosen.category,
            tags=chosen.tag or (),
            all=chosen.all,
            version=said.version,
            title=said.title,
            description=said.description,
            authors=said.author or (),
            licence=said.licence,
            homepage=said.homepage,
            readme=text,
            sign=sign,
            replace=force,
        )
    if common.json:
        out_json(made)
    else:
        packs_show.built(made)
    for remark in made.notes:
        warn(remark)


def keygen(
    path: Annotated[
        Path, Parameter(help="Where the private key goes; the public one is PATH.pub.")
    ],
    /,
    *,
    common: Common = NONE,
) -> None:
    """Make a key to sign packs with; whoever trusts you needs the .pub file."""
    with platform(common) as p:
        made = p.packs.keygen(path)
    if common.json:
        out_json(made)
        return
    out(f"{made.public}\t{made.key}")
    note(
        f"Keep {made.private} to yourself. Whoever trusts you puts a copy of {made.public} into "
        "trusted_keys in their own data folder (burnish doctor tells where that is)"
    )


def preview(
    source: Source,
    /,
    *,
    prefix: Prefix = None,
    conflict: Conflicts = "skip",
    texts: Texts = False,
    common: Common = NONE,
) -> None:
    """Look into a pack: what it says, who signed it, and what installing it would do here."""
    with platform(common) as p, waiting("fetching"):
        found = p.packs.preview(source, prefix=prefix, conflict=conflict)
    if common.json:
        out_json(found)
        return
    packs_show.preview(found, texts=texts)
    for remark in found.notes:
        warn(remark)
    for reason in found.refused:
        warn(f"it cannot be installed: {reason}")


def install(
    source: Source,
    /,
    *,
    sha256: Sha256 = "",
    conflict: Conflicts = "skip",
    prefix: Prefix = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    common: Common = NONE,
) -> int:
    """Store the prompts of a pack in your library, all or none; twice changes nothing.

    It shows the pack and asks first, unless --yes or its checksum is given.
    """
    with platform(common) as p:
        if not (dry_run or yes or sha256):
            with waiting("fetching"):
                found = p.packs.preview(source, prefix=prefix, conflict=conflict)
            # What was looked at is what is installed.
            sha256 = found.checksum
            packs_show.question(found)
            if not found.refused and not confirmed(
                "Install it?", "the pack is somebody else's work", may_ask=common.input
            ):
                note("Nothing was installed.")
                return 1
        with waiting("installing"):
            report = p.packs.install(
                source, sha256=sha256, conflict=conflict, prefix=prefix, dry_run=dry_run
            )
    out_json(report) if common.json else packs_show.report(report)
    return 0


def update(
    name: Name,
    /,
    *,
    source: Annotated[
        str, Parameter(name="--from", show_default="where it came from", help="Where it is now.")
    ] = "",
    sha256: Sha256 = "",
    conflict: Conflicts = "skip",
    dry_run: DryRun = False,
    common: Common = NONE,
) -> None:
    """Fetch an installed pack again and take what is new in it.

    Prompts of it that you did not change get the new text as their next revision; those that you
    deleted stay so.
    """
    with platform(common) as p, waiting("fetching"):
        report = p.packs.update(
            name, source=source, sha256=sha256, conflict=conflict, dry_run=dry_run
        )
    out_json(report) if common.json else packs_show.report(report)


def list_(*, common: Common = NONE) -> None:
    """List the installed packs."""
    with platform(common) as p:
        found = p.packs.list()
    out_json(found) if common.json else packs_show.packs(found)


def show(
    what: Annotated[
        str, Parameter(help="The name of an installed pack, or a source to look into.")
    ],
    /,
    *,
    texts: Texts = False,
    common: Common = NONE,
) -> None:
    """Show an installed pack with its prompts; of any other source, the preview."""
    with platform(common) as p:
        try:
            found = p.packs.show(what)
        except NotFound as error:
            _show_source(p, what, error, texts=texts, common=common)
            return
    out_json(found) if common.json else packs_show.installed(found)


def _show_source(
    p: burnish.Platform, what: str, error: NotFound, *, texts: bool, common: Common
) -> None:
    try:
        with waiting("fetching"):
            found = p.packs.preview(what)
    except (NotFound, UsageError):
        if any(mark in what for mark in "/\\:."):
            raise
        raise error from None
    out_json(found) if common.json else packs_show.preview(found, texts=texts)


def verify(name: Name, /, *, common: Common = NONE) -> int:
    """Tell whether its prompts still say what the pack brought; exit code 1 where not."""
    with platform(common) as p:
        found = p.packs.verify(name)
    out_json(found) if common.json else packs_show.verified(found)
    return 0 if found.intact else 1


def uninstall(name: Name, /, *, dry_run: DryRun = False, common: Common = NONE) -> None:
    """Take a pack away: what it brought and you did not change.

    Its prompts are deleted as `prompts delete` does it, so `prompts restore` brings one back. What
    you changed, labelled, branched or include elsewhere stays and is named.
    """
    with platform(common) as p:
        report = p.packs.uninstall(name, dry_run=dry_run)
    out_json(report) if common.json else packs_show.uninstalled(report)
