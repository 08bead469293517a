"""What stands where a dataset or a file of examples is named, and there is neither."""

from __future__ import annotations

import difflib
from itertools import islice
from pathlib import Path

from burnish.errors import BurnishError, NotFound, UsageError
from burnish.evals.datasets.rows import ENDINGS

_MOST_BESIDE = 1_000


def named_file(given: str) -> Path | None:
    """The file of that path; None where there is none. Raises UsageError for a folder, and for
    what no path can be."""
    try:
        path = Path(given)
        if (path.is_dir() and path.suffix.lower() in ENDINGS) or given.endswith(("/", "\\")):
            raise UsageError(f"{given} is a folder", hint="name a file in it", subject=given)
        return path if path.is_file() else None
    except (OSError, ValueError):
        raise UsageError(
            f"{given[:80]!r} is no path and no dataset's name",
            hint="see burnish datasets list",
        ) from None


def neither(given: str, error: BurnishError) -> BurnishError:
    """The error for what is no file, where `error` says why it is no dataset either."""
    path = Path(given)
    near = _near(path)
    if path.suffix.lower() in ENDINGS or given.startswith((".", "/", "~")):
        away = "" if path.parent.is_dir() else f"there is no folder {path.parent}"
        hint = near or away or "check the path; the names of datasets: burnish datasets list"
        return NotFound(f"there is no file {given}", hint=hint, subject=given)
    known = "@" in given or "did you mean" in error.hint
    if "/" not in given or known or not isinstance(error, NotFound):
        return error
    what = f"there is no dataset and no file {given!r}"
    return NotFound(what, hint=near or error.hint, subject=given)


def _near(path: Path) -> str:
    """The name of a file in the same folder that was probably meant."""
    try:
        beside = [each.name for each in islice(path.parent.iterdir(), _MOST_BESIDE)]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.75)
    return f"did you mean {path.parent / near[0]}?" if near else ""
