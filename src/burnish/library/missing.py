"""What to say about something that is not there: the nearest thing that is."""

from __future__ import annotations

import difflib

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import MAIN, PromptVersion
from burnish.prompts.refs import Reference
from burnish.storage.store import Prompts, Store

# Enough to compare with the whole of a small library, and with the neighbourhood in a large one.
_NEIGHBOURS = 1000


def check_in_use(version: PromptVersion) -> None:
    """Raises Conflict for an archived version: nothing may point at one."""
    if version.archived_at is not None:
        raise Conflict(
            f"revision {version.revision} is archived",
            hint="take it out of the archive first: burnish prompts archive NAME REVISION --undo",
            subject=str(version.revision),
        )


async def no_prompt(prompts: Prompts, name: str) -> NotFound:
    if await prompts.deleted(name) is not None:
        hint = f"it was deleted: burnish prompts restore {name!r} brings it back"
    else:
        near = difflib.get_close_matches(name, await prompts.names_near(name, _NEIGHBOURS), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "list prompts to see what there is"
    return NotFound(f"there is no prompt {name!r}", hint=hint, subject=name)


async def no_deleted_prompt(prompts: Prompts, name: str) -> NotFound:
    if await prompts.by_name(name) is not None:
        return NotFound(
            f"prompt {name!r} is not deleted", hint="there is nothing to restore", subject=name
        )
    error = await no_prompt(prompts, name)
    return NotFound(f"no prompt {name!r} was deleted", hint=error.hint, subject=name)


async def no_such_version(store: Store, reference: Reference) -> NotFound:
    prompt = await store.prompts.by_name(reference.name)
    if prompt is None:
        return await no_prompt(store.prompts, reference.name)
    if reference.revision is not None:
        return NotFound(
            f"prompt {prompt.name!r} has no revision {reference.revision}",
            hint=f"it has 1 to {prompt.last_revision}",
            subject=str(reference),
        )
    if reference.branch is not None:
        branches = [branch.name for branch in await store.branches.of(prompt.id)]
        return NotFound(
            f"prompt {prompt.name!r} has no branch {reference.branch!r}",
            hint=f"it has {', '.join([MAIN, *branches])}",
            subject=str(reference),
        )
    labels = [label.name for label in await store.labels.of(prompt.id)]
    return NotFound(
        f"prompt {prompt.name!r} has no label {reference.label!r}",
        hint=f"it has {', '.join([*labels, 'latest'])}",
        subject=str(reference),
    )
