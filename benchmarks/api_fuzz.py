"""Requests that a program makes up of the OpenAPI document, sent to a real server: of its examples,
of everything at and beyond the bounds of its schemas, in chains along its links, and near to its
examples. Every answer has to be one that the document describes, and none a mistake of ours.

It is asked without accounts, and with them as an admin, an editor, a viewer, and as nobody. No
provider of models is there: what needs one may say so.

    python benchmarks/api_fuzz.py [--cases 20000] [--seed 7]
"""

from __future__ import annotations

import argparse
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import schemathesis
from _report import report
from fuzzing.near import TIMEOUT_S, ask_near
from fuzzing.place import Caller, Place, prepared, served
from fuzzing.told import LEFT_OUT, Told
from schemathesis.engine import events, from_schema

import burnish
from burnish.principal import Role
from burnish.rest.operations import OPERATIONS

# Of all cases, who sends how many of a hundred.
SHARES: dict[str, int] = {"no accounts": 40, "admin": 25, "editor": 15, "viewer": 15, "nobody": 5}
STEPS = 8
BOUNDS_FROM = 10_000


def asked(place: Place, chance: int, share: int, *, bounds: bool) -> Told:
    """About so many cases."""
    told = Told()
    _engine(_schema(place, chance, share), told, place.caller, bounds=bounds)
    ask_near(_schema(place, chance, share), told, place, chance, share // 4)
    return told


def _schema(place: Place, chance: int, share: int) -> Any:
    config = _config(chance, share)
    library: Any = schemathesis
    schema = library.openapi.from_url(f"{place.url}/openapi.json", config=config)
    if place.caller is not None:
        schema.auth(refresh_interval=None)(place.caller.signs())
    return schema


def _config(chance: int, share: int) -> Any:
    each = max(1, share // 2 // len(OPERATIONS))
    left_out = {name: {"enabled": False} for name in LEFT_OUT}
    library: Any = schemathesis.Config
    return library.from_dict(
        {
            "seed": chance,
            "suppress-health-check": ["all"],
            "continue-on-failure": True,
            "request-timeout": TIMEOUT_S,
            "checks": left_out,
            "generation": {"database": "none", "max-examples": each},
            "phases": {
                "stateful": {
                    "max-steps": STEPS,
                    "generation": {"max-examples": max(1, share // 4 // STEPS)},
                }
            },
        }
    )


def _engine(schema: Any, told: Told, caller: Caller | None, *, bounds: bool) -> None:
    phases = ["examples", "fuzzing", "stateful", *(["coverage"] if bounds else [])]
    schema.config.phases.update(phases=phases)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _scenario(event.recorder, event.phase.value, told, caller)
        elif isinstance(event, events.NonFatalError):
            told.wrong(event.label, "error", event.value, str(event.info))
        elif isinstance(event, events.FatalError):
            raise event.exception


def _scenario(recorder: Any, phase: str, told: Told, caller: Caller | None) -> None:
    for case_id, seen in recorder.interactions.items():
        node = recorder.cases.get(case_id)
        if node is None or seen.response is None:
            continue
        label = node.value.operation.label
        told.answered(phase.lower(), label, seen.response)
        if caller is not None and seen.response.status_code == HTTPStatus.UNAUTHORIZED:
            caller.refused()
        for check in recorder.checks.get(case_id, ()):
            if check.failure_info is not None:
                found = check.failure_info
                body = seen.response.text[:500]
                told.wrong(label, check.name, found.failure, f"{body}\n{found.code_sample}")


def setting(who: str, chance: int, share: int, *, bounds: bool) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        has_accounts = who != "no accounts"
        with served(home, "accounts" if has_accounts else "none") as url:
            with burnish.open(str(home), log__level="off") as platform:
                prepared(platform)
            is_somebody = has_accounts and who != "nobody"
            caller = Caller(home, cast("Role", who)) if is_somebody else None
            told = asked(Place(url, home, caller), chance, share, bounds=bounds)
            if (died := _died(url)) is not None:
                told.errors.append(died)
        return told


def _died(url: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=TIMEOUT_S):
            return None
    except OSError as error:
        return f"the server is no longer ready: {error}"


def rows(found: dict[str, Told]) -> Iterator[dict[str, Any]]:
    for who, told in found.items():
        yield {
            "what": f"as {who}" if who in {"admin", "editor", "viewer", "nobody"} else who,
            "cases": told.cases,
            **dict(sorted(told.statuses.items())),
            "operations": len(told.operations),
            "kinds": dict(sorted(told.kinds.items())),
            "needed_what_is_away": dict(sorted(told.away.items())),
            "server_errors": len(told.errors),
            "violations": len(told.violations),
        }
    wrong = sum(len(each.errors) + len(each.violations) for each in found.values())
    cases = sum(each.cases for each in found.values())
    done = {label for told in found.values() for label, by in told.operations.items() if by["2xx"]}
    seen = {label for told in found.values() for label in told.operations}
    yield {"what": "cases in all", "cases": cases, "target": 20_000, "met": cases >= 20_000}
    yield {"what": "server errors and violations", "count": wrong, "target": 0, "met": wrong == 0}
    yield {"what": "operations asked", "count": len(seen), "done_at_least_once": len(done)}
    for label in sorted(seen):
        by: Counter[str] = Counter()
        for told in found.values():
            by.update(told.operations.get(label, {}))
        yield {"what": label, **dict(sorted(by.items()))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=list(SHARES))
    parser.add_argument("--dry", action="store_true", help="print, and keep nothing")
    given_ = parser.parse_args()
    found: dict[str, Told] = {}
    for who, share in SHARES.items():
        if given_.only in {None, who}:
            count = given_.cases * share // 100
            bounds = who in {"no accounts", "admin"} and given_.cases >= BOUNDS_FROM
            began = time.monotonic()
            found[who] = told = setting(who, given_.seed, count, bounds=bounds)
            print(f"{who}: {told.cases} cases in {time.monotonic() - began:.0f} s", flush=True)
            for each in told.errors[:30]:
                print(f"  ERROR {each}")
            for name, each in told.violations.items():
                print(f"  WRONG {name}: {each}")
    if given_.dry:
        for row in rows(found):
            print(row)
        return
    report(
        "api_fuzz", list(rows(found)), f"api_fuzz.py --cases {given_.cases} --seed {given_.seed}"
    )


if __name__ == "__main__":
    main()
