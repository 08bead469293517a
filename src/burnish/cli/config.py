"""config show, validate, init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    on_terminal,
    out,
    out_json,
    styled,
    table,
    without_user,
)
from burnish.errors import Conflict, SettingsError
from burnish.private import make_folder
from burnish.settings import (
    FILE_NAME,
    PROVIDER,
    Loaded,
    Settings,
    fields,
    load,
    value_of,
)

if TYPE_CHECKING:
    pass


def _load(common: Common) -> Loaded:
    return load({"home": common.home} if common.home else {})


def show(*, common: Common = NONE) -> None:
    """Print each setting, its value and where it came from."""
    loaded = _load(common)
    rows = [
        {"key": key, "value": _in_force(loaded.settings, key), "source": source}
        for key, source in loaded.sources.items()
    ]
    if common.json:
        out_json(rows)
    elif on_terminal():
        styles = ("" if row["source"] == "default" else "bold" for row in rows)
        cells = ((row["key"], _text(row["value"]), row["source"]) for row in rows)
        shown = ([styled(c, style) for c in row] for row, style in zip(cells, styles, strict=True))
        table(("key", "value", "source"), shown, wide="value")
    else:
        out("\n".join(f"{r['key']}\t{_text(r['value'])}\t{r['source']}" for r in rows))


def _in_force(settings: Settings, key: str) -> Any:
    """Where a setting is left empty, what then holds."""
    derived = {
        "home": str(settings.home_path),
        "author": settings.author_name,
        "storage.database_url": settings.database_url,
    }
    value = derived.get(key) or value_of(settings, key)
    return without_user(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    return ",".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else str(value)


def init(
    *,
    here: Annotated[
        bool, Parameter(negative="", help="In this folder, not the data folder.")
    ] = False,
    common: Common = NONE,
) -> None:
    """Write a settings file to begin from; every line in it is a comment."""
    folder = Path.cwd() if here else _load(common).settings.home_path
    path = folder / FILE_NAME
    if path.exists():
        raise Conflict(f"{path} is there already", hint="edit it, or move it away")
    try:
        make_folder(folder)
        path.write_text(_template(), encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}", hint="name another folder with --home"
        ) from None
    out_json({"file": str(path)}) if common.json else out(f"wrote {path}")


def _template() -> str:
    lines = [
        "# Settings of Burnish. Take the # away in front of a setting to set it;",
        "# `burnish config show` lists what is in force.",
    ]
    group = ""
    for key, field in fields().items():
        head = key.rpartition(".")[0]
        lines += [""] if head != group else []
        if head != group and PROVIDER in head:
            lines += ["## For one provider, here openai; what is null is as for all providers."]
        group = head
        shown = key.replace(PROVIDER, "openai")
        lines += [f"## {field.description}", f"#{shown}: {_yaml(field.default)}"]
    return "\n".join(lines) + "\n"


def _yaml(value: Any) -> str:
    import json

    return json.dumps(value)
