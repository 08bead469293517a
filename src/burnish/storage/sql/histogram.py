"""Latencies as a histogram in a text to which another histogram can simply be appended.

A text is base64 of entries of six bytes (bucket, count), eight characters each without padding:
so joined texts are a histogram again, in which a bucket may occur more than once. That lets one
atomic statement add to it, and a query join the texts of all rows of a group.

Buckets grow by 1 %, so a latency is known to half a per cent.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping, Sequence

ENTRY_CHARS = 8
_ENTRY = struct.Struct("<HI")
_LEAST_MS = 0.01
_RATIO = 1.01
_LOG_RATIO = math.log(_RATIO)
_LAST_BUCKET = 0xFFFF
_MOST = 0xFFFF_FFFF


def bucket_of(latency_ms: float) -> int:
    # Not "<=": what is no number goes to the first bucket too.
    if not latency_ms > _LEAST_MS:
        return 0
    return int(min(1 + math.log(latency_ms / _LEAST_MS) / _LOG_RATIO, _LAST_BUCKET))


def pack(buckets: Mapping[int, int]) -> str:
    entries = [_ENTRY.pack(bucket, min(n, _MOST)) for bucket, n in sorted(buckets.items())]
    return base64.b64encode(b"".join(entries)).decode()


def unpack(text: str) -> dict[int, int]:
    buckets: dict[int, int] = {}
    for bucket, n in _ENTRY.iter_unpack(base64.b64decode(text)):
        buckets[bucket] = buckets.get(bucket, 0) + n
    return buckets


def percentiles_ms(text: str, shares: Sequence[float]) -> list[float]:
    """The latencies below which these shares (0..1) lie, between two of them in proportion."""
    import numpy as np

    entries = np.frombuffer(base64.b64decode(text), dtype=[("bucket", "<u2"), ("n", "<u4")])
    counts = np.bincount(entries["bucket"], weights=entries["n"])
    ranks = np.cumsum(counts)
    middles = _LEAST_MS * _RATIO ** (np.arange(len(counts)) - 0.5)
    middles[0] = 0.0
    places = np.asarray(shares) * (ranks[-1] - 1)
    lower = middles[np.searchsorted(ranks, np.floor(places), side="right")]
    upper = middles[np.searchsorted(ranks, np.ceil(places), side="right")]
    return [float(value) for value in lower + (upper - lower) * (places - np.floor(places))]
