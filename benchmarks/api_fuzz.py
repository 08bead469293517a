"""Requests that a program makes up of the OpenAPI document, sent to a real server: of its examples,
of everything at and beyond the bounds of its schemas, in chains along its links, and near to its
examples. Every answer has to be one that the document describes, and none a mistake of ours.

It is asked without accounts, and with them as an admin, an editor, a viewer, and as nobody. No
provider of models is there: what needs one may say so.

    python benchmarks/api_fuzz.py [--cases 20000] [--seed 7]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import schemathesis
from _report import RESULTS, report
from fuzzing.near import TIMEOUT_S, ask_near
from fuzzing.place import Caller, Place, prepared, served
from fuzzing.told import LEFT_OUT, Told
from schemathesis.engine import events, from_schema

import burnish
from burnish.principal import Role
from burnish.rest.operations import OPERATIONS

# Of all cases, who sends how many of a hundred.
SHARES: dict[str, int] = {"no accounts": 40, "admin": 25, "editor": 15, "viewer": 15, "nobody": 5}
AIM = 20_000
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
            "what": who if who == "no accounts" else f"as {who}",
            "cases": told.cases,
            **dict(sorted(told.statuses.items())),
            **{f"by_{kind}": count for kind, count in sorted(told.kinds.items())},
            **{f"away: {code}": count for code, count in sorted(told.away.items())},
            "server_errors": len(told.errors),
            "violations": len(told.violations),
        }
    wrong = sum(len(each.errors) + len(each.violations) for each in found.values())
    cases = sum(each.cases for each in found.values())
    yield {"what": "cases in all", "cases": cases, "target": AIM, "met": cases >= AIM}
    yield {"what": "server errors and violations", "count": wrong, "target": 0, "met": wrong == 0}
    by = operations(found)
    done = sum(1 for each in by.values() if each.get("2xx"))
    yield {"what": "operations asked", "operations": len(by), "done_at_least_once": done}


def operations(found: dict[str, Told]) -> dict[str, dict[str, int]]:
    """How often each was answered how."""
    sums: dict[str, Counter[str]] = {}
    for told in found.values():
        for label, by in told.operations.items():
            sums.setdefault(label, Counter()).update(by)
    return {label: dict(sorted(by.items())) for label, by in sorted(sums.items())}


def tried(who: str, options: argparse.Namespace) -> Told:
    count = options.cases * SHARES[who] // 100
    bounds = who in {"no accounts", "admin"} and options.cases >= BOUNDS_FROM
    began = time.monotonic()
    told = setting(who, options.seed, count, bounds=bounds)
    print(f"{who}: {told.cases} cases in {time.monotonic() - began:.0f} s", flush=True)
    for error in told.errors[:30]:
        print(f"  ERROR {error}")
    for name, wrong in told.violations.items():
        print(f"  WRONG {name}: {wrong}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=AIM)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=list(SHARES))
    parser.add_argument("--dry", action="store_true", help="print, and keep nothing")
    options = parser.parse_args()
    found = {who: tried(who, options) for who in SHARES if options.only in {None, who}}
    if options.dry:
        for row in rows(found):
            print(row)
        return
    command = f"api_fuzz.py --cases {options.cases} --seed {options.seed}"
    report("api_fuzz", list(rows(found)), command)
    by = {"command": command, "operations": operations(found)}
    path = RESULTS / "api_fuzz_operations.json"
    path.write_text(json.dumps(by, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
