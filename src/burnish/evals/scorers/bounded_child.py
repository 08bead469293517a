"""What runs inside the child process of `bounded`: read a trial, try it, answer, repeat."""

from __future__ import annotations

import json
import re
import sys
from functools import lru_cache
from typing import Any

import msgspec

from burnish.evals.scorers.bounded import Outcome, Trial
from burnish.prompts.isolated import read_frame, write_frame
from burnish.prompts.isolated_child import bound_memory
from burnish.shapes import decode

_MOST_SHOWN = 300


def main(memory_bytes: int) -> None:
    trials, outcomes = sys.stdin.buffer, sys.stdout.buffer
    bound_memory(memory_bytes)
    write_frame(outcomes, b"{}")
    while (frame := read_frame(trials)) is not None:
        outcome = _tried(decode(frame, Trial))
        write_frame(outcomes, msgspec.json.encode(outcome))


def _tried(trial: Trial) -> Outcome:
    text = trial.text.decode("utf-8", "surrogatepass")
    if trial.kind == "schema":
        return _validated(trial.rule, text)
    try:
        compiled = re.compile(trial.rule.decode("utf-8", "surrogatepass"), trial.flags)
    except (re.error, OverflowError) as error:
        return Outcome(problem=str(error))
    found = compiled.fullmatch(text) if trial.kind == "fullmatch" else compiled.search(text)
    return Outcome(met=found is not None, detail=_shown(found[0]) if found else "")


def _validated(schema: bytes, text: str) -> Outcome:
    from jsonschema import SchemaError
    from referencing.exceptions import Unresolvable

    try:
        validator = _validator(schema)
        fault = next(iter(sorted(validator.iter_errors(json.loads(text)), key=_depth)), None)
    except SchemaError as error:
        return Outcome(problem=_shown(error.message))
    except Unresolvable as error:
        return Outcome(problem=f"it refers to {_shown(error.ref)!r}, which is not in it")
    except (ValueError, RecursionError, re.error) as error:
        return Outcome(problem=_shown(f"{error}"))
    if fault is None:
        return Outcome(met=True)
    where = f"{fault.json_path}: " if fault.absolute_path else ""
    return Outcome(detail=where + _shown(fault.message))


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Any:
    """For the draft that the schema names, else the newest. A registry of its own fetches
    nothing: what is elsewhere cannot be referred to."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from jsonschema_specifications import REGISTRY

    rule: Any = json.loads(schema)
    kind: Any = validator_for(rule, default=Draft202012Validator)
    kind.check_schema(rule)
    return kind(rule, registry=REGISTRY)


def _depth(fault: Any) -> tuple[int, str]:
    return len(fault.absolute_path), str(fault.json_path)


def _shown(text: str) -> str:
    """A surrogate's half cannot be sent; an answer of a megabyte need not."""
    plain = text.encode("utf-8", "replace").decode()
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN]}…"
