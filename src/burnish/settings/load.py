"""One `Settings`: flags over environment over file over defaults.

Files: `burnish.yaml` in the data folder, then in the working folder (the nearer one wins).
Environment: `BURNISH_<GROUP>__<KEY>`, and for the first two the short `BURNISH_HOME` and
`BURNISH_DATABASE_URL`.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import msgspec
from msgspec import Meta

from burnish.errors import SettingsError
from burnish.settings.groups import LimitSettings, Settings
from burnish.settings.vendor import SECRETS, VendorEnvironment
from burnish.shapes import convert, plainly

FILE_NAME = "burnish.yaml"
# Stands for any provider's name in the list of settings.
PROVIDER = "<provider>"
KEYS_HINT = "keys come from the environment alone, under their usual names such as OPENAI_API_KEY"
_Mapping = TypeVar("_Mapping")
_OF_PROVIDER = re.compile(r"models\.(?P<name>[a-z][a-z0-9_-]*)\.(?P<field>\w+)")


class SettingField(msgspec.Struct, frozen=True):
    """One row of the settings reference. `key` is dotted, such as `render.time_s`."""

    key: str
    env: str
    type: Any
    default: Any
    description: str


class Loaded(msgspec.Struct, frozen=True):
    """`sources` tells for each key where its value came from: default, a file, env or flag."""

    settings: Settings
    sources: dict[str, str]
    vendor: VendorEnvironment = VendorEnvironment({})


def load(
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    files: list[Path] | None = None,
) -> Loaded:
    """Raises SettingsError naming the key, where it was set and, for a wrong key, the nearest."""
    environment = os.environ if env is None else env
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    from_env = dict(_from_environment(environment))
    home = (flags or {}).get("home") or from_env.get("home", (None, ""))[0]
    for path in default_files(home) if files is None else files:
        for key, value in _from_file(path):
            values[key], sources[key] = value, str(path)
    for key, (value, variable) in from_env.items():
        values[key], sources[key] = value, f"env {variable}"
    for key, value in (flags or {}).items():
        values[_known(key, "a flag")], sources[key] = value, "flag"
    tree: dict[str, Any] = msgspec.to_builtins(Settings())
    for key, value in values.items():
        _put(tree, key, check_value(key, value, sources[key]))
    keys = [key for key in fields() if PROVIDER not in key]
    return Loaded(
        convert(tree, Settings),
        {key: sources.get(key, "default") for key in (*keys, *sources)},
        VendorEnvironment(environment),
    )


def environment() -> Mapping[str, str]:
    """The one that settings are read from."""
    return os.environ


def usual_home() -> Path:
    """The data folder where nothing but the environment names one."""
    return Settings(home=os.environ.get("BURNISH_HOME", "")).home_path


def hand_over(settings: Settings) -> None:
    """Lets what reads the settings anew, such as a process that this one begins, find the same
    data, and ask for keys where this one does."""
    os.environ["BURNISH_HOME"] = str(settings.base_path)
    os.environ["BURNISH_SERVER__AUTH"] = settings.server.auth


def default_files(home: str | None = None) -> list[Path]:
    data_folder = Settings(home=home or "").home_path
    return [path for path in (data_folder / FILE_NAME, Path.cwd() / FILE_NAME) if path.is_file()]


@functools.cache
def fields() -> dict[str, SettingField]:
    """Every setting by its dotted key. `models.<provider>.…` stands for that of each provider."""
    return {field.key: field for field in _fields(Settings(), "")}


@functools.cache
def groups() -> frozenset[str]:
    """All that may stand before a dot, such as `phases` and `phases.draft`."""
    parts = (key.split(".") for key in fields())
    return frozenset(".".join(each[:n]) for each in parts for n in range(1, len(each)))


def value_of(settings: Settings, key: str) -> Any:
    of_provider = _OF_PROVIDER.fullmatch(key)
    if of_provider:
        own = settings.models.providers.get(of_provider["name"], LimitSettings())
        return getattr(own, of_provider["field"])
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _fields(group: msgspec.Struct, prefix: str) -> Iterator[SettingField]:
    for field in msgspec.structs.fields(type(group)):
        value: Any = getattr(group, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _fields(value, f"{prefix}{field.name}.")
        elif field.name == "providers":
            yield from _fields(LimitSettings(), f"{prefix}{PROVIDER}.")
        else:
            key = f"{prefix}{field.name}"
            yield SettingField(key, env_name(key), field.type, value, _description(field.type))


def _description(kind: Any) -> str:
    """That of `Annotated[…]`, also where None is allowed beside it."""
    for each in (kind, *get_args(kind)):
        for note in getattr(each, "__metadata__", ()):
            if isinstance(note, Meta) and note.description:
                return note.description
    return ""


def generic(key: str) -> str:
    """`models.openai.timeout_s` as the list of settings names it."""
    found = _OF_PROVIDER.fullmatch(key)
    return f"models.{PROVIDER}.{found['field']}" if found else key


def env_name(key: str) -> str:
    if key == "storage.database_url":
        return "BURNISH_DATABASE_URL"
    return "BURNISH_" + key.upper().replace(".", "__")


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    by_variable = {field.env: key for key, field in fields().items()}
    by_variable["BURNISH_STORAGE__DATABASE_URL"] = "storage.database_url"
    for variable, value in env.items():
        # Keys are no settings: nothing prints them.
        if not variable.startswith("BURNISH_") or variable in SECRETS:
            continue
        key = by_variable.get(variable) or _key_of_provider(variable)
        if not key:
            bare = [name.removeprefix("BURNISH_") for name in by_variable]
            # Compared without what all share, or everything would be near.
            near = _nearest(variable.removeprefix("BURNISH_"), bare, prefix="BURNISH_")
            hint = KEYS_HINT if is_key(variable) else near
            raise SettingsError(f"no setting is called {variable}", hint=hint, subject=variable)
        yield key, (value, variable)


def _key_of_provider(variable: str) -> str:
    """`BURNISH_MODELS__MY_VLLM__BASE_URL` sets `models.my_vllm.base_url`."""
    key = variable.removeprefix("BURNISH_").lower().replace("__", ".")
    return key if generic(key) in fields() else ""


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    import yaml

    content = read_yaml(path, yaml.safe_load, cast("type[dict[Any, Any]]", dict))
    if content is not None:
        yield from _flatten(content, "", path)


def read_yaml(
    path: Path, read: Callable[[str], object], mapping: type[_Mapping]
) -> _Mapping | None:
    """What `read` makes of the file's text; None for an empty file. Raises SettingsError for one
    that is no YAML, cannot be read, or holds something else than a mapping."""
    import yaml

    try:
        content = read(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(
            f"{path} is no valid YAML{place}", hint="write `key: value` lines, or remove the file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", hint="mend or remove it") from None
    if content is None or isinstance(content, mapping):
        return content
    raise SettingsError(f"{path} holds no mapping", hint="write `key: value` lines")


def _flatten(tree: Mapping[Any, Any], prefix: str, path: Path) -> Iterator[tuple[str, Any]]:
    known = groups()
    for name, value in tree.items():
        key = f"{prefix}{name}"
        is_provider = prefix == "models." and key not in fields()
        if (key in known or is_provider) and isinstance(value, dict):
            yield from _flatten(cast("dict[Any, Any]", value), f"{key}.", path)
        else:
            yield _known(key, str(path)), value


def _known(key: str, where: str) -> str:
    if generic(key) not in fields():
        raise SettingsError(
            f"{where} sets {key!r}, which is no setting",
            hint=KEYS_HINT if is_key(key) else _nearest(key, list(fields())),
            subject=key,
        )
    return key


def is_key(name: str) -> bool:
    return name.lower().endswith(("api_key", "apikey", "token", "secret", "password"))


def _nearest(name: str, names: list[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return (
        f"did you mean {prefix}{near[0]}?" if near else "see `burnish config show` for all of them"
    )


def check_value(key: str, value: Any, where: str) -> Any:
    """The value in the setting's type. Raises SettingsError naming where it was set."""
    field = fields()[generic(key)]
    if key.endswith("base_url") and isinstance(value, str) and set("@?#") & set(value):
        # The address is shown in many places, so a password in it would be.
        raise SettingsError(
            f"{key} from {where} holds a user or a password, or a ?",
            hint="write the address without them; keys come from the environment",
            subject=key,
        )
    if isinstance(value, str) and ("tuple" in str(field.type)):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return convert(value, field.type, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{key} from {where} is wrong: {plainly(error)}",
            hint=f"{field.description.lower()}; default {field.default!r}",
            subject=key,
        ) from None


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    if _OF_PROVIDER.fullmatch(key):
        key = key.replace("models.", "models.providers.", 1)
    *groups, name = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = value
