"""What taking a pack away may delete, and what stays because somebody made it their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from burnish.library.packs.report import InstalledPrompt, KeptPrompt, PromptState
from burnish.prompts.prompt import MAIN, content_hash
from burnish.storage.packs import PackPrompt, included_elsewhere
from burnish.storage.store import Store

_MOST = 100_000
_NAMED = 5


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """`going` are the prompts that nobody but the pack has a part in, by their names now; `gone`
    were deleted before."""

    going: Mapping[str, PackPrompt]
    kept: tuple[KeptPrompt, ...]
    gone: tuple[str, ...]

    def without(self, left: Iterable[PackPrompt], why: Leaving) -> Leaving:
        """What was done, where these were left after all; `why` is how they were found then."""
        ids = {each.prompt_id for each in left}
        going = {name: each for name, each in self.going.items() if each.prompt_id not in ids}
        told = {each.name for each in why.kept} | set(why.gone)
        later = [
            KeptPrompt(name=name, why="it changed meanwhile")
            for name in self.going
            if name not in going and name not in told
        ]
        kept = sorted((*self.kept, *why.kept, *later), key=lambda each: each.name)
        return Leaving(going=going, kept=tuple(kept), gone=(*self.gone, *why.gone))


async def leaving(store: Store, brought: Sequence[PackPrompt]) -> Leaving:
    going: dict[str, PackPrompt] = {}
    gone: list[str] = []
    kept: dict[str, str] = {}
    for each in brought:
        now = await state_of(store, each)
        if now.state == "deleted":
            gone.append(now.name)
        elif reason := await _why_kept(store, each, now):
            kept[now.name] = reason
        else:
            going[now.name] = each
    for name, others in included_elsewhere(await _includers(store, going)).items():
        del going[name]
        kept[name] = f"it is included by {_named(others)}"
    told = tuple(KeptPrompt(name=name, why=why) for name, why in sorted(kept.items()))
    return Leaving(going=going, kept=told, gone=tuple(gone))


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


async def _why_kept(store: Store, each: PackPrompt, now: InstalledPrompt) -> str:
    """Empty for a prompt that nobody but the pack has a part in."""
    if not each.created:
        return "it was there before the pack"
    if now.state == "changed" or now.latest != each.revision:
        return f"you changed it (revision {now.latest}, the pack's is {each.revision})"
    if labels := await store.labels.of(each.prompt_id):
        return f"it carries a label: {', '.join(label.name for label in labels)}"
    if branches := await store.branches.of(each.prompt_id):
        return f"it has a branch: {', '.join(branch.name for branch in branches)}"
    return ""


async def _includers(store: Store, names: Iterable[str]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(each.name for each in await store.relations.including(name, _MOST))
        for name in names
    }


def _named(names: frozenset[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(sorted(names)[:_NAMED])}{more}"
