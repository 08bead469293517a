"""How much who may ask for: by their tier, by their key, and by the address that they come from."""

from __future__ import annotations

from burnish.platform import AsyncPlatform
from burnish.principal import Principal
from burnish.security.buckets import Buckets, OwnBuckets, Taken
from burnish.settings.server_groups import ServerSettings


class Limits:
    """A limit of 0 is none."""

    def __init__(self, buckets: Buckets, usual: int, tiers: dict[str, int], refusals: int) -> None:
        self.buckets = buckets
        self.refusals = refusals
        self._usual = usual
        self._tiers = tiers

    def bound(self, who: Principal) -> tuple[str, int]:
        """Their bucket, and how much it holds; 0 where nothing bounds them. It is one for all
        projects, and for a person and all their keys."""
        return f"who {who.id}", self._tiers.get(who.tier, self._usual)

    async def asked(self, who: Principal) -> Taken | None:
        """None where nothing bounds them."""
        bucket, limit = self.bound(who)
        return await self.buckets.take(bucket, limit) if limit else None

    async def looked(self, address: str) -> Taken:
        """Whether the address is still heard."""
        return await self.buckets.take(f"from {address}", self.refusals, 0)

    async def refused(self, address: str) -> None:
        await self.buckets.take(f"from {address}", self.refusals)


def limits_of(platform: AsyncPlatform, asks: ServerSettings) -> Limits:
    pairs = (each.partition("=") for each in asks.tiers)
    return Limits(
        platform.buckets() if asks.limits == "shared" else OwnBuckets(),
        asks.requests_per_min,
        {name: int(limit) for name, _, limit in pairs},
        asks.refusals_per_min,
    )
