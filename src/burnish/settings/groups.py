"""The settings by group. Their descriptions are the reference page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from burnish.errors import SettingsError
from burnish.principal import acting
from burnish.settings.account_groups import AccountsSettings
from burnish.settings.evaluation_groups import EvaluationSettings
from burnish.settings.job_groups import ExperimentsSettings, JobsSettings
from burnish.settings.library_groups import (
    KnowledgeSettings,
    LibrarySettings,
    PacksSettings,
    SearchSettings,
)
from burnish.settings.mail_groups import MailSettings
from burnish.settings.oidc_groups import OidcSettings
from burnish.settings.redaction_groups import RedactionSettings
from burnish.settings.server_groups import ServerSettings
from burnish.settings.webhook_groups import WebhooksSettings

Family = Literal["generic", "claude", "gpt", "gemini", "open"]
Strategy = Literal["best", "cascade", "all"]
Phase = Literal["explore", "draft", "refine"]
# The phases whose text is the prompt; explore writes notes.
WRITING: tuple[Phase, ...] = ("draft", "refine")
PHASES: tuple[Phase, ...] = ("explore", "draft", "refine")


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    database_url: Annotated[
        str, Meta(description="Database address; empty means burnish.sqlite in the data folder")
    ] = ""
    backup_every_h: Annotated[
        float,
        Meta(ge=0, le=24 * 366, description="Hours between copies to `backups`; 0: none"),
    ] = 0.0
    backup_keep: Annotated[
        int, Meta(ge=1, description="Copies that are kept there; older ones are deleted")
    ] = 7
    vacuum_every_h: Annotated[
        float,
        Meta(ge=0, le=24 * 366, description="Hours between giving room back to the disk; 0: never"),
    ] = 0.0


class PhaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Annotated[
        str, Meta(description="Model of this phase; empty: the one of the whole generation")
    ] = ""
    temperature: Annotated[
        float, Meta(ge=0, le=2, description="How freely this phase's model words things")
    ] = 0.7
    max_tokens: Annotated[
        int, Meta(ge=16, description="Longest answer of this phase's model, tokens")
    ] = 4_000


class PhasesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    explore: PhaseSettings = PhaseSettings(temperature=0.8, max_tokens=2_000)
    draft: PhaseSettings = PhaseSettings()
    refine: PhaseSettings = PhaseSettings(temperature=0.4)

    def of(self, phase: Phase) -> PhaseSettings:
        found: PhaseSettings = getattr(self, phase)
        return found


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Annotated[
        str,
        Meta(
            description="Model of `generate`: provider:model, `offline`, or `auto` (the first "
            "provider with a key or an address in the environment, else offline)"
        ),
    ] = "auto"
    variants: Annotated[
        int, Meta(ge=1, le=100, description="Variants that a model writes when no count is given")
    ] = 3
    strategy: Annotated[
        Strategy, Meta(description="How variants go through the phases; see the guide")
    ] = "cascade"
    selector: Annotated[
        str, Meta(description="Model that picks among the variants; empty: the ranker alone")
    ] = ""
    history: Annotated[
        int,
        Meta(ge=0, le=5, description="Similar, well-rated prompts that a model sees as examples"),
    ] = 2
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


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the calls to one provider. None: as set for all providers."""

    base_url: Annotated[
        str, Meta(description="Address of the provider; empty: its own public one")
    ] = ""
    connect_timeout_s: (
        Annotated[float, Meta(gt=0, description="Longest time to connect, seconds")] | None
    ) = None
    first_token_timeout_s: (
        Annotated[
            float, Meta(gt=0, description="Longest time to the first token of a stream, seconds")
        ]
        | None
    ) = None
    timeout_s: (
        Annotated[float, Meta(gt=0, description="Longest time of one attempt as a whole, seconds")]
        | None
    ) = None
    max_retries: (
        Annotated[int, Meta(ge=0, le=20, description="Repeats after a fault that may pass")] | None
    ) = None
    concurrency: (
        Annotated[int, Meta(ge=1, description="Requests under way at once, at most")] | None
    ) = None
    requests_per_minute: (
        Annotated[int, Meta(ge=0, description="Requests a minute, at most; 0: no bound")] | None
    ) = None
    tokens_per_minute: (
        Annotated[int, Meta(ge=0, description="Tokens a minute, at most; 0: no bound")] | None
    ) = None


class ModelsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fallbacks: Annotated[
        tuple[str, ...], Meta(description="Models tried in this order when the chosen one fails")
    ] = ()
    connect_timeout_s: Annotated[
        float, Meta(gt=0, description="Longest time to connect, seconds")
    ] = 10.0
    first_token_timeout_s: Annotated[
        float, Meta(gt=0, description="Longest time to the first token of a stream, seconds")
    ] = 60.0
    timeout_s: Annotated[
        float, Meta(gt=0, description="Longest time of one attempt as a whole, seconds")
    ] = 120.0
    max_retries: Annotated[
        int, Meta(ge=0, le=20, description="Repeats after a fault that may pass, or a bad answer")
    ] = 3
    concurrency: Annotated[
        int, Meta(ge=1, description="Requests under way at once to one provider, at most")
    ] = 50
    requests_per_minute: Annotated[
        int, Meta(ge=0, description="Requests a minute to one provider, at most; 0: no bound")
    ] = 0
    tokens_per_minute: Annotated[
        int, Meta(ge=0, description="Tokens a minute to one provider, at most; 0: no bound")
    ] = 0
    breaker_failures: Annotated[
        int, Meta(ge=0, description="Failures in a row after which a provider rests; 0: never")
    ] = 5
    breaker_rest_s: Annotated[
        float, Meta(gt=0, description="How long a provider rests after too many failures, seconds")
    ] = 30.0
    max_cost_usd: Annotated[
        float, Meta(ge=0, description="Most that one command may spend, US dollars; 0: no bound")
    ] = 0.0
    providers: dict[str, LimitSettings] = {}

    def limits(self, provider: str) -> LimitSettings:
        """What holds for a provider: its own settings, else those for all."""
        own = self.providers.get(provider, LimitSettings())
        given = {
            name: value if value is not None else getattr(self, name)
            for name in LimitSettings.__struct_fields__
            if (value := getattr(own, name)) is not None or name != "base_url"
        }
        return LimitSettings(**given)


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threads: Annotated[
        int,
        Meta(ge=1, le=64, description="Processors of a local model; more than are idle slow it"),
    ] = 1
    context_tokens: Annotated[
        int,
        Meta(ge=256, description="Room for a local model's prompt and answer, tokens"),
    ] = 4_096


class RunsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    retention_days: Annotated[
        float, Meta(ge=0, description="Runs older than this are forgotten; 0: kept for ever")
    ] = 0.0


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    responses: Annotated[bool, Meta(description="Whether answers of models are remembered")] = True
    memory_entries: Annotated[
        int, Meta(ge=0, description="Answers of models kept in memory, at most")
    ] = 1_000
    disk_mb: Annotated[
        int, Meta(ge=1, description="Size of the file with answers of models, MiB, at most")
    ] = 256
    prompts_ttl_s: Annotated[
        float, Meta(ge=0, description="How long an answer of a model is remembered, seconds")
    ] = 3_600.0
    intent_ttl_s: Annotated[
        float, Meta(ge=0, description="How long a text's intent is remembered, seconds")
    ] = 300.0
    ranking_ttl_s: Annotated[
        float, Meta(ge=0, description="How long the techniques chosen for a text are, seconds")
    ] = 900.0
    catalog_ttl_s: Annotated[
        float, Meta(ge=0, description="How long the list of techniques is kept, seconds")
    ] = 86_400.0
    preferences_ttl_s: Annotated[
        float, Meta(ge=0, description="How long a user's own personas are kept, seconds")
    ] = 3_600.0
    label_ttl_s: Annotated[
        float,
        Meta(
            ge=0,
            description="How long a label's target is taken for right where the store does not "
            "tell of changes, seconds; 0 everywhere: never",
        ),
    ] = 60.0
    prompts: Annotated[int, Meta(ge=0, description="How many prompts are kept in memory")] = 2_048
    last_known: Annotated[
        bool,
        Meta(description="Whether prompts are kept on disk for when the store cannot be asked"),
    ] = True


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error", "off"],
        Meta(description="What is logged to the console (stderr)"),
    ] = "off"
    file: Annotated[str, Meta(description="A file that gets every log line as JSON")] = ""
    texts: Annotated[
        bool, Meta(description="Whether log lines may hold prompt texts and ideas")
    ] = False


# A folder is named so.
PROJECT_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,39}$")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    home: Annotated[str, Meta(description="Data folder; empty means the platform's own")] = ""
    project: Annotated[
        str,
        Meta(
            pattern=PROJECT_NAME.pattern + "|^$",
            description="Project of a server to work in, whose database is a file of its own in "
            "the data folder; empty: the one that every server has",
        ),
    ] = ""
    author: Annotated[str, Meta(description="Who is named as author; empty: the login")] = ""
    storage: StorageSettings = StorageSettings()
    generation: GenerationSettings = GenerationSettings()
    phases: PhasesSettings = PhasesSettings()
    models: ModelsSettings = ModelsSettings()
    local: LocalSettings = LocalSettings()
    runs: RunsSettings = RunsSettings()
    redaction: RedactionSettings = RedactionSettings()
    jobs: JobsSettings = JobsSettings()
    server: ServerSettings = ServerSettings()
    accounts: AccountsSettings = AccountsSettings()
    mail: MailSettings = MailSettings()
    oidc: OidcSettings = OidcSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    experiments: ExperimentsSettings = ExperimentsSettings()
    intents: IntentSettings = IntentSettings()
    techniques: TechniqueSettings = TechniqueSettings()
    library: LibrarySettings = LibrarySettings()
    search: SearchSettings = SearchSettings()
    packs: PacksSettings = PacksSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    render: RenderSettings = RenderSettings()
    cache: CacheSettings = CacheSettings()
    log: LogSettings = LogSettings()

    @property
    def home_path(self) -> Path:
        """Of the project, where one is named."""
        return self.base_path / "projects" / self.project if self.project else self.base_path

    @property
    def base_path(self) -> Path:
        """What all projects share, as models that were pulled."""
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
        given = "" if self.project else self.storage.database_url
        return given or f"sqlite:///{(self.home_path / 'burnish.sqlite').absolute().as_posix()}"

    @property
    def author_name(self) -> str:
        """Whoever the work at hand is done for."""
        if name := acting().name:
            return name
        if self.author:
            return self.author
        import getpass

        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container without a user entry
            return "unknown"
