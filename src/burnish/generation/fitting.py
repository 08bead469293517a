"""A prompt that has to take what examples bring."""

from __future__ import annotations

import msgspec

from burnish.generation.brief import Brief, slot
from burnish.prompts.prompt import Variable

LABELS = "labels"


class Fit(msgspec.Struct, frozen=True):
    """`input_name` is what to call the one text that the task works on, `labels` the answers there
    are to choose from, where the idea does not say."""

    input_name: str = ""
    labels: str = ""


def fitted(brief: Brief, asked: tuple[Variable, ...], fit: Fit) -> Brief:
    """`asked` are the variables that the kind of task brings: their names are taken."""
    if fit.input_name and fit.input_name not in {variable.name for variable in asked}:
        brief = _with_input_named(brief, fit.input_name)
    named = {variable.name for variable in brief.variables}
    wanted = next((v for v in asked if v.name == LABELS and v.name not in named), None)
    if not fit.labels or wanted is None:
        return brief
    known = slot(LABELS, fit.labels, wanted.description)
    return msgspec.structs.replace(brief, variables=(*brief.variables, known))


def _with_input_named(brief: Brief, name: str) -> Brief:
    """Several texts keep their names, and so does one where the name is taken."""
    if len(brief.inputs) != 1 or any(v.name == name for v in brief.variables):
        return brief
    (only,) = brief.inputs
    return msgspec.structs.replace(
        brief,
        inputs=(msgspec.structs.replace(only, name=name),),
        variables=tuple(
            msgspec.structs.replace(v, name=name) if v.name == only.name else v
            for v in brief.variables
        ),
    )
