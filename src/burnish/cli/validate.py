"""config validate."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from burnish.cli.common import NONE, Common, on_terminal, out, out_json, table, warn
from burnish.errors import BurnishError, SettingsError
from burnish.settings import (
    Loaded,
    LogSettings,
    Settings,
    default_files,
    environment,
    load,
)
from burnish.settings.check import (
    Problem,
    Span,
    entries,
    environment_problems,
    file_problems,
    mended,
)

_MODEL_KEYS = (
    "generation.model",
    "generation.selector",
    "models.fallbacks",
    "phases.explore.model",
    "phases.draft.model",
    "phases.refine.model",
)
_MOST_MENDS = 200
_NO_MODELS = ("", "auto", "offline")


def validate(
    *,
    fix: Annotated[bool, Parameter(negative="", help="Mend in the files what is safe.")] = False,
    common: Common = NONE,
) -> None:
    """Check files and environment; a mistake ends with exit code 2 and says what is right."""
    home = {"home": common.home} if common.home else {}
    files = default_files(common.home or environment().get("BURNISH_HOME"))
    problems, fixed = _problems(home, files), list[Problem]()
    # Names can be looked at only when the rest is right, so a mend may show more to mend.
    while fix and (mends := [problem for problem in problems if problem.span is not None]):
        if len(fixed) > _MOST_MENDS:
            break
        _mend(files, problems)
        fixed += mends
        problems = _problems(home, files)
    mendable = any(problem.span is not None for problem in problems)
    if common.json:
        out_json(_report(files, problems, fixed))
    else:
        _show(files, problems, fixed)
    if problems:
        raise _as_error(problems, mendable=mendable)


def _problems(home: dict[str, str], files: list[Path]) -> list[Problem]:
    found = [problem for path in files for problem in file_problems(path)]
    found += environment_problems(environment())
    if any(problem.where in map(str, files) for problem in found):
        return found
    loaded = load(home, files=files)
    spans = {(str(path), e.key): e.value_span for path in files for e in entries(path)}
    return [*found, *_of_names(loaded, spans)]


def _of_names(loaded: Loaded, spans: dict[tuple[str, str], Span]) -> Iterable[Problem]:
    """Values that are more than of the right type: models, a family and a persona there are."""
    for key, name, find, near in _names(loaded):
        try:
            find(name)
        except BurnishError as error:
            where = loaded.sources[key]
            better = near(name)
            span = spans.get((where, key))
            can_mend = bool(better) and span is not None and key != "models.fallbacks"
            yield Problem(
                key=key,
                where=where,
                what=f"{key} from {where} is wrong: {error.what}",
                hint=error.hint,
                mend=f"{key}: {better}" if can_mend else "",
                span=Span(span.start, span.end, better) if span and can_mend else None,
            )


Find = Callable[[str], object]


def _names(loaded: Loaded) -> Iterable[tuple[str, str, Find, Callable[[str], str]]]:
    from burnish.generation.persona import AUTO, get_persona
    from burnish.generation.target import parse_target
    from burnish.platform import AsyncPlatform

    # It is asked for names alone; without a log it holds nothing that has to be closed.
    silent = msgspec.structs.replace(loaded.settings, log=LogSettings())
    platform = AsyncPlatform(msgspec.structs.replace(loaded, settings=silent))
    personas, settings = platform.personas, loaded.settings
    generation = settings.generation
    yield "generation.target", generation.target, parse_target, lambda _: ""
    if generation.persona != AUTO:

        def near_persona(name: str) -> str:
            return _near(name, list(personas))

        yield (
            "generation.persona",
            generation.persona,
            lambda name: get_persona(personas, name),
            near_persona,
        )
    for key in _MODEL_KEYS:
        for name in _listed(settings, key):
            yield key, name, platform.check_model, platform.near_model


def _listed(settings: Settings, key: str) -> Iterable[str]:
    from burnish.settings import value_of

    value: Any = value_of(settings, key)
    names: tuple[str, ...] = (value,) if isinstance(value, str) else value
    return [name for name in names if name not in _NO_MODELS]


def _near(name: str, names: list[str]) -> str:
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.75)), "")


def _mend(files: list[Path], problems: list[Problem]) -> None:
    """Each file as a whole, so that an interrupted mend leaves it as it was."""
    for path in files:
        text = mended(path, problems)
        if text == path.read_text(encoding="utf-8"):
            continue
        beside = path.with_name(f".{path.name}.new")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be written: {error.strerror}", hint="mend it by hand"
            ) from None


def _report(files: list[Path], problems: list[Problem], fixed: list[Problem]) -> dict[str, Any]:
    shown = [_plain(problem) for problem in problems]
    return {
        "valid": not problems,
        "files": [str(path) for path in files],
        "problems": shown,
        "fixed": [_plain(problem) for problem in fixed],
    }


def _plain(problem: Problem) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(problem)
    del plain["span"]
    return plain


def _show(files: list[Path], problems: list[Problem], fixed: list[Problem]) -> None:
    for problem in fixed:
        out(f"mended in {problem.where}: {problem.mend}")
    if not problems:
        out(f"settings are valid ({', '.join(map(str, files)) or 'no file'})")
    elif len(problems) > 1 and on_terminal():
        rows = ((p.what, (p.mend and f"--fix writes {p.mend}") or p.hint) for p in problems)
        table(("what is wrong", "what to do"), rows, wide="what to do")
    elif len(problems) > 1:
        for problem in problems:
            warn(f"{problem.what}; {problem.hint}")


def _as_error(problems: list[Problem], *, mendable: bool) -> SettingsError:
    first = problems[0]
    also = "; burnish config validate --fix mends it" if mendable else ""
    if len(problems) == 1:
        return SettingsError(first.what, hint=f"{first.hint}{also}", subject=first.key)
    count = sum(problem.span is not None for problem in problems)
    how = f"burnish config validate --fix mends {count} of them" if mendable else "mend them"
    return SettingsError(f"{len(problems)} settings are wrong", hint=how)
