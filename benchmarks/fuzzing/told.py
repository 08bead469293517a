"""What was answered, and whether a server may answer so."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from burnish.errors import MissingExtra, ModelFailed, OutputRejected, Unavailable, codes_of

# Of each sort, so many ids are kept to ask for.
KEPT = 20
# What needs what is not there: a model, the network, an extra package.
AWAY = {
    code
    for each in (ModelFailed, OutputRejected, Unavailable, MissingExtra)
    for code in codes_of(each)
}
# A schema cannot say that a name has to be one that somebody has given; and as a name has slashes,
# what is one operation's path is another one's name.
LEFT_OUT = (
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "object_level_authorization",
)


class Told:
    """What was answered."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.operations: dict[str, Counter[str]] = {}
        self.away: Counter[str] = Counter()
        self.ids: dict[str, list[str]] = {}
        self.errors: list[str] = []
        self.violations: dict[str, str] = {}

    @property
    def cases(self) -> int:
        return sum(self.statuses.values())

    def answered(self, kind: str, label: str, response: Any) -> None:
        status = response.status_code
        group = f"{status // 100}xx"
        self.kinds[kind] += 1
        self.statuses[group] += 1
        self.operations.setdefault(label, Counter())[group] += 1
        if status >= 500:
            self._failed(label, response)
        elif status < 300:
            literal = [each for each in label.split("/")[1:] if "{" not in each]
            self._keep_ids(literal[-1], response)

    def _keep_ids(self, group: str, response: Any) -> None:
        """What there is to ask for."""
        if "json" not in response.headers.get("content-type", [""])[0]:
            return
        body: dict[str, Any] = response.json()
        things: list[tuple[str, Any]] = [
            (group, body),
            *((f"{name}s", each) for name, each in body.items()),
        ]
        listed: list[Any] = body.get("items") or []
        things += [(group, each) for each in listed]
        for kind, each in things:
            if found := _id(each):
                self.ids[kind] = [*self.ids.get(kind, []), found][-KEPT:]

    def _failed(self, label: str, response: Any) -> None:
        try:
            code = response.json()["type"].rpartition(":")[2]
        except (ValueError, KeyError):
            code = "no problem document"
        if code in AWAY:
            self.away[code] += 1
        else:
            self.errors.append(f"{label}: {response.status_code} {code}: {response.text[:300]}")

    def wrong(self, label: str, check: str, failure: object, sent: str) -> None:
        """One of each sort is shown."""
        if check != "not_a_server_error":
            self.violations.setdefault(f"{label}: {check}", f"{failure}\n{sent}"[:2_000])


def _id(thing: Any) -> str:
    return cast("dict[str, str]", thing).get("id", "") if type(thing) is dict else ""
