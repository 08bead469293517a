"""What taking a pack away may delete, and what stays because somebody made it their own."""

from __future__ import annotations

from burnish.library.packs.report import InstalledPrompt, KeptPrompt, PromptState
from burnish.prompts.prompt import MAIN, content_hash
from burnish.storage.packs import PackPrompt
from burnish.storage.store import Store


async def state_of(store: Store, each: PackPrompt) -> InstalledPrompt:
    """How the prompt stands now beside what the pack brought; its text is hashed anew."""
    prompt = await store.prompts.by_id(each.prompt_id)
    name, latest, state = each.name, each.revision, "deleted"
    if prompt is not None:
        name = prompt.name
        newest = await store.versions.history(prompt.id, 1, branch=MAIN)
        latest = newest[0].revision
        said = content_hash(newest[0].messages, newest[0].variables, newest[0].config)
        if prompt.deleted_at is None:
            state = "same" if said == each.content_hash else "changed"
    found: PromptState = state
    return InstalledPrompt(
        name=name,
        packed=each.name,
        revision=each.revision,
        latest=latest,
        state=found,
        created=each.created,
        listed=each.listed,
    )


async def why_kept(store: Store, each: PackPrompt, now: InstalledPrompt) -> KeptPrompt | None:
    """None for a prompt that nobody but the pack has a part in."""
    why = ""
    if not each.created:
        why = "it was there before the pack"
    elif now.state == "changed" or now.latest != each.revision:
        why = f"you changed it (revision {now.latest}, the pack's is {each.revision})"
    elif labels := await store.labels.of(each.prompt_id):
        why = f"it carries a label: {', '.join(label.name for label in labels)}"
    elif branches := await store.branches.of(each.prompt_id):
        why = f"it has a branch: {', '.join(branch.name for branch in branches)}"
    return KeptPrompt(name=now.name, why=why) if why else None
