"""What a report is about: on which examples, how scored, by which models, when and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, cast

import msgspec

from burnish.evals.report.report import About
from burnish.evals.report.words import listed
from burnish.storage.evaluation import Evaluation
from burnish.storage.example import ScorerSpec

_MAX_VALUE = 60


def about_of(evaluation: Evaluation) -> About:
    return About(
        evaluation=evaluation.id,
        dataset=evaluation.dataset,
        split=evaluation.split,
        tags=evaluation.tags,
        scorers=evaluation.scorers,
        models=evaluation.models,
        parameters=evaluation.parameters,
        who=evaluation.who,
        created_at=evaluation.created_at,
    )


def facts(about: About | None) -> Iterator[tuple[str, str]]:
    """Each with its name, as people read them; none where nothing is known."""
    if about is None:
        return
    yield "dataset", _dataset(about)
    if about.scorers:
        yield "scorers", ", ".join(map(scorer_named, about.scorers))
    yield ("models" if len(about.models) > 1 else "model"), ", ".join(about.models)
    if about.parameters:
        yield "parameters", named(about.parameters)
    at = about.created_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield "made", f"{at} by {about.who}" if about.who else at
    yield "evaluation", about.evaluation


def _dataset(about: About) -> str:
    split = f", split {about.split}" if about.split else ""
    tags = f", {'tag' if len(about.tags) == 1 else 'tags'} {listed(about.tags)}"
    return f"{about.dataset}{split}{tags if about.tags else ''}"


def scorer_named(spec: ScorerSpec) -> str:
    """As it is named, with what of it is not as usual."""
    unusual = {
        "as": spec.metric or None,
        "threshold": spec.threshold,
        "weight": None if spec.weight == 1 else spec.weight,
        **spec.parameters,
    }
    value = "" if spec.value is None else f": {_shown(spec.value)}"
    rest = named({name: each for name, each in unusual.items() if each is not None})
    return f"{spec.name}{value}{f' ({rest})' if rest else ''}"


def named(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name} {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    """Text as it is, lists with commas, all else as JSON; cut, for a rubric can be a page."""
    if isinstance(value, list | tuple):
        text = ", ".join(map(_shown, cast("Sequence[Any]", value)))
    else:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"
