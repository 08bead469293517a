"""Requests that a program makes up of the OpenAPI document, sent to a real server: of its examples,
of everything at and beyond the bounds of its schemas, in chains along its links, and near to its
examples. Every answer has to be one that the document describes, and none a mistake of ours.

It is asked without accounts, and with them as an admin, an editor, a viewer, and as nobody. No
provider of models is there: what needs one may say so.

    python benchmarks/api_fuzz.py [--cases 20000] [--seed 7]
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import schemathesis
from _report import report
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi import checks

import burnish
from burnish.errors import (
    BurnishError,
    MissingExtra,
    ModelFailed,
    OutputRejected,
    Unavailable,
    codes_of,
)
from burnish.principal import Role
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS

WORDS = "seven green lamps at noon"
# Of all cases, who sends how many of a hundred.
SHARES: dict[str, int] = {"no accounts": 40, "admin": 25, "editor": 15, "viewer": 15, "nobody": 5}
STEPS = 8
KEPT = 20
BOUNDS_FROM = 10_000
TIMEOUT_S = 30
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
# Parameters that name the model that answers.
MODELLED = {"complete": "model", "evaluate": "models", "optimize": "model"}
# How often what is known is sent, and what was made up.
OFTEN, HALF = 0.8, 0.5
BY_CALL = {each.name: each for each in OPERATIONS}


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
        things += [(group, each) for each in body.get("items") or []]
        for kind, each in things:
            had = cast("dict[str, str]", each) if isinstance(each, dict) else {}
            if found := had.get("id"):
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


class Caller:
    """Somebody who signs in again whenever that is needed."""

    def __init__(self, home: Path, role: Role) -> None:
        self._home = home
        self._role: Role = role
        self._number = 0
        self._token = ""

    def signs(self) -> type[Any]:
        """As it is asked before each case."""
        caller = self

        class Signing:
            def get(self, _case: object, _context: object) -> str:
                return caller.token()

            def set(self, case: Any, data: str, _context: object) -> None:
                case.headers = {**(case.headers or {}), "authorization": f"Bearer {data}"}

        return Signing

    def token(self) -> str:
        if not self._token:
            self._token = self._sign_in()
        return self._token

    def refused(self) -> None:
        self._token = ""

    def _sign_in(self) -> str:
        """An admin may have ended the account, or a request have changed its rights."""
        self._number += 1
        email = f"{self._role}{self._number}@example.com"
        with burnish.open(str(self._home), log__level="off") as platform:
            platform.users.create(email, WORDS, role=self._role)
            return platform.sessions.login(email, WORDS).access_token


class Place(NamedTuple):
    url: str
    home: Path
    caller: Caller | None


@contextmanager
def served(home: Path, auth: str) -> Generator[str]:
    """A server process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("burnish")), "serve", "--port", str(port)]
    command += ["--auth", auth]
    told = {
        "BURNISH_HOME": str(home),
        "BURNISH_SERVER__REQUESTS_PER_MIN": "0",
        "BURNISH_SERVER__REFUSALS_PER_MIN": "1000000",
        "BURNISH_LOG__LEVEL": "error",
    }
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **told}, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz", process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server ended at once")


def asked(place: Place, chance: int, share: int, *, bounds: bool) -> Told:
    """About so many cases."""
    told = Told()
    _engine(_schema(place, chance, share), told, place.caller, bounds=bounds)
    _near(_schema(place, chance, share), told, place, chance, share // 4)
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


def _near(schema: Any, told: Told, place: Place, chance: int, share: int) -> None:
    """What stands in the document as an example, with a part of it made up."""
    found = [each.ok() for each in schema.get_all_operations()]
    taken = [each for each in found if BY_CALL.get(each.definition.raw.get("operationId"))]
    run = settings(
        max_examples=max(1, share // len(taken)),
        deadline=None,
        database=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        phases=[Phase.generate],
    )
    with burnish.open(str(place.home), log__level="off") as platform:
        for operation in taken:
            prepared(platform)
            mixed = given(case=operation.as_strategy(), mix=st.randoms(use_true_random=False))
            seed(chance)(run(mixed(_asking(operation, told, place.caller))))()


def _asking(operation: Any, told: Told, caller: Caller | None) -> Callable[..., None]:
    example = answered_here(BY_CALL[operation.definition.raw["operationId"]])

    def one(case: Any, mix: Random) -> None:
        _mixed(case, mix, example, told)
        response = case.call(timeout=TIMEOUT_S)
        told.answered("near", operation.label, response)
        if caller is not None and response.status_code == HTTPStatus.UNAUTHORIZED:
            caller.refused()
        for failure in _failures(case, response):
            told.wrong(operation.label, type(failure).__name__, failure, str(case.body))

    return one


# How what is there is called, by the part of a path before it; and what stands at other places.
NAMES = {
    "prompts": "mail/kind",
    "datasets": "mails",
    "experiments": "shorter",
    "knowledge": "shipping.md",
    "scorers": "exact",
    "starter": "code/review_diff",
    "projects": "news",
    "members": "ann@example.com",
    "schedules": "nightly",
    "techniques": "analogical",
}
PLACES = {"branch": "shorter", "label": "staging", "tag": "v1"}


def named(path: str, place: str, told: Told, mix: Random) -> str:
    if place in PLACES:
        return PLACES[place]
    group = path.partition(f"/{{{place}}}")[0].rpartition("/")[2]
    if group in NAMES and not place.endswith("id"):
        return NAMES[group]
    ids = told.ids.get(group)
    return mix.choice(ids) if ids else "none"


def answered_here(operation: Operation) -> dict[str, Any]:
    """The example, with the model that needs no provider."""
    example = dict(operation.example)
    if operation.name in MODELLED:
        example[MODELLED[operation.name]] = "fake:echo"
    return example


def _mixed(case: Any, mix: Random, example: dict[str, Any], told: Told) -> None:
    path = case.operation.path
    if case.path_parameters:
        case.path_parameters = {
            name: named(path, name, told, mix) if mix.random() < OFTEN else value
            for name, value in case.path_parameters.items()
        }
    changed = 0 if mix.random() < HALF else 1 - OFTEN
    where = "body" if isinstance(case.body, dict) else "query"
    made_up: dict[str, Any] = getattr(case, where) or {}
    kept = {name: value for name, value in made_up.items() if mix.random() < changed}
    setattr(case, where, {**example, **kept})


def _left_out() -> list[Any]:
    return [getattr(checks, name) for name in LEFT_OUT]


def _failures(case: Any, response: Any) -> Iterator[BaseException]:
    try:
        case.validate_response(response, excluded_checks=_left_out())
    except BaseExceptionGroup as group:
        yield from group.exceptions


def prepared(p: burnish.Platform) -> None:
    """What the examples of the document speak of is there, again where it was deleted."""
    rows = [{"mail": f"It broke on day {day}.", "expected": "bug"} for day in range(20)]
    plan = ["mail/kind@1", "mail/kind@2"]
    for begin in (
        lambda: p.prompts.restore("mail/kind"),
        lambda: p.prompts.create("mail/kind", "Is this a bug or praise? {{ mail }}"),
        lambda: p.prompts.create("mail/kind", "Bug, praise or question? {{ mail }}"),
        lambda: p.prompts.set_label("mail/kind", "production", 1),
        lambda: p.prompts.branch("mail/kind", "shorter"),
        lambda: p.datasets.add("mails", rows[:10]),
        lambda: p.datasets.add("mails", rows),
        lambda: p.knowledge.add_text("Parcels take three days.", name="shipping.md"),
        lambda: p.experiments.create("shorter", plan, metric="solved"),
        lambda: p.experiments.start("shorter"),
        lambda: p.projects.create("news"),
        lambda: p.users.create("ann@example.com", WORDS),
        lambda: p.schedules.add("nightly", "retention", "0 3 * * *", input={"days": 90}),
    ):
        # What is there already stays as it is.
        with suppress(BurnishError):
            begin()


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
