"""One `Settings`: flags over environment over file over defaults.

Files: `burnish.yaml` in the data folder, then in the working folder (the nearer one wins).
Environment: `BURNISH_<GROUP>__<KEY>`, and for the first two the short `BURNISH_HOME` and
`BURNISH_DATABASE_URL`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from burnish.errors import SettingsError

FILE_NAME = "burnish.yaml"
Family = Literal["generic", "claude", "gpt", "gemini", "open"]
# Fields of the groups below are checked by msgspec; their descriptions are the reference page.
Phase = Literal["explore", "draft", "refine"]
PHASES: tuple[Phase, ...] = ("explore", "draft", "refine")


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    database_url: Annotated[
        str, Meta(description="Database address; empty means burnish.sqlite in the data folder")
    ] = ""


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    persona: Annotated[str, Meta(description="Persona of `generate` when none is named")] = "auto"
    target: Annotated[
        str, Meta(description="Model or model family that prompts are written for")
    ] = "generic"
    techniques: Annotated[
        int, Meta(ge=1, le=12, description="How many techniques are applied at most")
    ] = 4
    phases: Annotated[
        tuple[Phase, ...], Meta(min_length=1, description="Phases of `generate`, in order")
    ] = PHASES
    max_idea_chars: Annotated[
        int, Meta(ge=100, le=200_000, description="Longest idea or text accepted, characters")
    ] = 200_000
    context_tokens: Annotated[
        int, Meta(ge=50, description="Longest --context text, estimated tokens; more is cut")
    ] = 8_000


class IntentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    budget_ms: Annotated[
        float, Meta(gt=0, description="Time the classifier may take, milliseconds")
    ] = 50.0
    floor: Annotated[
        float, Meta(ge=0, le=1, description="Below this confidence the intent is `other`")
    ] = 0.2
    embedding: Annotated[
        bool, Meta(description="Whether the sentence embedding model is used where installed")
    ] = True


class TechniqueSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    disabled: Annotated[
        tuple[str, ...], Meta(description="Techniques that are never selected")
    ] = ()


class RenderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    output_chars: Annotated[int, Meta(ge=1000, description="Longest rendered text, characters")] = (
        2_000_000
    )
    time_s: Annotated[
        float, Meta(gt=0, le=60, description="Longest time of one render, seconds")
    ] = 2.0
    memory_mb: Annotated[int, Meta(ge=32, description="Memory of the isolated renderer, MiB")] = 256


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    label_ttl_s: Annotated[
        float, Meta(ge=0, description="How long a label's target is remembered, seconds")
    ] = 60.0
    prompts: Annotated[int, Meta(ge=0, description="How many prompts are kept in memory")] = 2_048


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error", "off"],
        Meta(description="What is logged to the console (stderr)"),
    ] = "off"
    file: Annotated[str, Meta(description="A file that gets every log line as JSON")] = ""
    texts: Annotated[
        bool, Meta(description="Whether log lines may hold prompt texts and ideas")
    ] = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    home: Annotated[str, Meta(description="Data folder; empty means the platform's own")] = ""
    author: Annotated[str, Meta(description="Who is named as author; empty: the login")] = ""
    storage: StorageSettings = StorageSettings()
    generation: GenerationSettings = GenerationSettings()
    intents: IntentSettings = IntentSettings()
    techniques: TechniqueSettings = TechniqueSettings()
    render: RenderSettings = RenderSettings()
    cache: CacheSettings = CacheSettings()
    log: LogSettings = LogSettings()

    @property
    def home_path(self) -> Path:
        if self.home:
            try:
                return Path(self.home).expanduser()
            except RuntimeError as error:
                raise SettingsError(
                    f"home is {self.home!r}: {error}", hint="give a path", subject="home"
                ) from None
        from platformdirs import user_data_path

        return user_data_path("burnish", appauthor=False)

    @property
    def database_url(self) -> str:
        given = self.storage.database_url
        return given or f"sqlite:///{(self.home_path / 'burnish.sqlite').absolute().as_posix()}"

    @property
    def author_name(self) -> str:
        if self.author:
            return self.author
        import getpass

        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container without a user entry
            return "unknown"


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
    tree: dict[str, Any] = {}
    for key, value in values.items():
        _put(tree, key, _convert(key, value, sources[key]))
    return Loaded(msgspec.convert(tree, Settings), {k: sources.get(k, "default") for k in fields()})


def default_files(home: str | None = None) -> list[Path]:
    data_folder = Settings(home=home or "").home_path
    return [path for path in (data_folder / FILE_NAME, Path.cwd() / FILE_NAME) if path.is_file()]


def fields() -> dict[str, SettingField]:
    """Every setting by its dotted key."""
    return {field.key: field for field in _fields(Settings, "")}


def value_of(settings: Settings, key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _fields(struct: type[msgspec.Struct], prefix: str) -> Iterator[SettingField]:
    for field in msgspec.structs.fields(struct):
        inner: Any = field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            yield from _fields(inner, f"{prefix}{field.name}.")
            continue
        key = f"{prefix}{field.name}"
        annotations: tuple[object, ...] = getattr(field.type, "__metadata__", ())
        meta = next((m for m in annotations if isinstance(m, Meta)), None)
        description = (meta.description or "") if meta else ""
        yield SettingField(key, env_name(key), inner, field.default, description)


def env_name(key: str) -> str:
    if key == "storage.database_url":
        return "BURNISH_DATABASE_URL"
    return "BURNISH_" + key.upper().replace(".", "__")


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    by_variable = {field.env: key for key, field in fields().items()}
    by_variable["BURNISH_STORAGE__DATABASE_URL"] = "storage.database_url"
    for variable, value in env.items():
        if not variable.startswith("BURNISH_"):
            continue
        if variable not in by_variable:
            bare = [name.removeprefix("BURNISH_") for name in by_variable]
            # Compared without what all share, or everything would be near.
            near = _nearest(variable.removeprefix("BURNISH_"), bare, prefix="BURNISH_")
            raise SettingsError(f"no setting is called {variable}", hint=near, subject=variable)
        yield by_variable[variable], (value, variable)


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    import yaml

    try:
        content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(
            f"{path} is no valid YAML{place}", hint="write `key: value` lines, or remove the file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", hint="mend or remove it") from None
    if content is None:
        return
    if not isinstance(content, dict):
        raise SettingsError(f"{path} holds no mapping", hint="write `key: value` lines")
    yield from _flatten(cast("dict[Any, Any]", content), "", path)


def _flatten(tree: Mapping[Any, Any], prefix: str, path: Path) -> Iterator[tuple[str, Any]]:
    groups = {key.rpartition(".")[0] for key in fields()} - {""}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if key in groups and isinstance(value, dict):
            yield from _flatten(cast("dict[Any, Any]", value), f"{key}.", path)
        else:
            yield _known(key, str(path)), value


def _known(key: str, where: str) -> str:
    if key not in fields():
        raise SettingsError(
            f"{where} sets {key!r}, which is no setting",
            hint=_nearest(key, list(fields())),
            subject=key,
        )
    return key


def _nearest(name: str, names: list[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return (
        f"did you mean {prefix}{near[0]}?" if near else "see `burnish config show` for all of them"
    )


def _convert(key: str, value: Any, where: str) -> Any:
    field = fields()[key]
    if isinstance(value, str) and ("tuple" in str(field.type)):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, field.type, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{key} from {where} is wrong: {_plainly(str(error))}",
            hint=f"{field.description.lower()}; default {field.default!r}",
            subject=key,
        ) from None


_PLAIN_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def _plainly(error: str) -> str:
    """ "Expected `float`, got `str`" without the words of a programming language."""
    words = error.split(" - at", maxsplit=1)[0]
    words = re.sub(r"`(\w+)`", lambda m: _PLAIN_TYPES.get(m[1], m[1]), words).replace("`", "'")
    return words[0].lower() + words[1:]


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *groups, name = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = value
