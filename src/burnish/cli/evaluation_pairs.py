"""evaluations pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, out, out_json, platform
from burnish.cli.evaluations import Id


def pairs(
    evaluation: Id,
    folder: Annotated[Path, Parameter(help="A new or empty folder.")],
    /,
    *,
    min_score: Annotated[
        float, Parameter(help="Answers that score so much or more, above 0 to 1.")
    ] = 1.0,
    common: Common = NONE,
) -> None:
    """Take out the answers of an evaluation that were accepted, to fine-tune a model with.

    Writes chat JSONL, a file for each split of the examples (train.jsonl, dev.jsonl, test.jsonl),
    and README.md, a card that says where they come from. In a pipe: the paths, one on a line.
    """
    with platform(common) as p:
        done = p.export_pairs(evaluation, folder, min_score=min_score)
    if common.json:
        out_json(done)
        return
    out("\n".join(done.files))
    counts = ", ".join(f"{count} {split}" for split, count in done.counts.items())
    same = f"; {done.repeated} were the same as another" if done.repeated else ""
    note(f"pairs: {counts}{same}")
