"""One `Settings`: flags over environment over file over defaults."""

from burnish.settings.groups import (
    PHASES,
    CacheSettings,
    Family,
    GenerationSettings,
    LimitSettings,
    LocalSettings,
    LogSettings,
    ModelsSettings,
    Phase,
    PhaseSettings,
    PhasesSettings,
    Settings,
    Strategy,
)
from burnish.settings.load import (
    FILE_NAME,
    PROVIDER,
    Loaded,
    SettingField,
    default_files,
    fields,
    load,
    value_of,
)
from burnish.settings.vendor import VendorEnvironment

__all__ = [
    "FILE_NAME",
    "PHASES",
    "PROVIDER",
    "CacheSettings",
    "Family",
    "GenerationSettings",
    "LimitSettings",
    "Loaded",
    "LocalSettings",
    "LogSettings",
    "ModelsSettings",
    "Phase",
    "PhaseSettings",
    "PhasesSettings",
    "SettingField",
    "Settings",
    "Strategy",
    "VendorEnvironment",
    "default_files",
    "fields",
    "load",
    "value_of",
]
