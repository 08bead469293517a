"""Each setting about models, runs and caches has an effect that a person can see."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish import Fake, ModelRequest, Run
from burnish.errors import CircuitOpen, ModelTimeout, NoSuchModel, ServerFault, SettingsError
from burnish.settings import load

PROMPT = "Say {{ what }}."


@contextmanager
def opened(home: Path, *models: Any, **settings: Any) -> Generator[burnish.Platform]:
    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return list(models)

    with burnish.open(str(home), plugins=[Plugin], **settings) as p:
        p.prompts.create("say", PROMPT)
        yield p


def say(p: burnish.Platform, what: str = "hello", **how: Any) -> burnish.Answer:
    return p.complete("say", {"what": what}, model="fake:m", **how)


class TestModels:
    def test_timeout_s(self, tmp_path: Path) -> None:
        slow = Fake(latency_s=5)
        held = opened(tmp_path, slow, models__timeout_s=0.01, models__max_retries=0)
        with held as p, pytest.raises(ModelTimeout, match=r"0\.01 s"):
            say(p)

    def test_of_one_provider_alone(self, tmp_path: Path) -> None:
        faults: list[Any] = [ServerFault("500")] * 9
        model = Fake(faults=faults)
        held = opened(tmp_path, model, models__fake__max_retries=1)
        with held as p, pytest.raises(ServerFault):
            say(p)
        assert len(model.requests) == 2

    def test_max_retries(self, tmp_path: Path) -> None:
        model = Fake(faults=[ServerFault("500")])
        with opened(tmp_path, model, models__max_retries=0) as p, pytest.raises(ServerFault):
            say(p)

    def test_concurrency(self, tmp_path: Path) -> None:
        model = Fake(lambda r: "1. Notes that are long enough to be taken.", latency_s=0.005)
        with opened(tmp_path, model, models__concurrency=2) as p:
            p.generate("plan a trip to Rome", model="fake:m", phases=["explore"], count=5)
        assert model.most_in_flight == 2

    def test_breaker_failures_and_breaker_rest_s(self, tmp_path: Path) -> None:
        model = Fake(faults=[ServerFault("500")] * 2)
        settings = {"models__max_retries": 0, "models__breaker_failures": 1}
        with opened(tmp_path, model, **settings, models__breaker_rest_s=3_000.0) as p:
            with pytest.raises(ServerFault):
                say(p)
            with pytest.raises(CircuitOpen, match=r"again in (3000|2999) s"):
                say(p)

    def test_requests_per_minute_and_tokens_per_minute(self, tmp_path: Path) -> None:
        for name in ("models__requests_per_minute", "models__tokens_per_minute"):
            settings = {name: 6_000, "models__concurrency": 1}
            with opened(tmp_path, Fake(), **settings) as p:
                assert say(p, name).text

    def test_fallbacks(self, tmp_path: Path) -> None:
        class Backup(Fake):
            @property
            def provider(self) -> str:
                return "backup"

        down = Fake(faults=[ServerFault("500")] * 9)
        settings = {"models__fallbacks": ("backup:b",), "models__max_retries": 0}
        with opened(tmp_path, down, Backup(), **settings) as p:
            assert say(p).model == "backup:b"

    def test_max_cost_usd(self, tmp_path: Path) -> None:
        class Priced(Fake):
            @property
            def provider(self) -> str:
                return "openai"

        model = Priced(capabilities=burnish.Capabilities(local=False))
        held = opened(tmp_path, model, models__max_cost_usd=0.0000001)
        with held as p, pytest.raises(burnish.BudgetExceeded, match="openai:gpt-5-mini"):
            p.complete("say", {"what": "x"}, model="openai:gpt-5-mini")
        assert not model.requests

    def test_connect_timeout_s_and_first_token_timeout_s_reach_the_adapter(
        self, tmp_path: Path
    ) -> None:
        made: list[Any] = []

        def remember(options: Any) -> Fake:
            made.append(options)
            return Fake()

        import sys
        import types

        module = types.ModuleType("own_adapter")
        module.__dict__["make"] = remember
        sys.modules["own_adapter"] = module
        own = burnish.Preset(name="own", title="Own", adapter="own_adapter:make", needs_key=False)
        settings = {"models__connect_timeout_s": 3.0, "models__first_token_timeout_s": 4.0}
        try:
            with opened(
                tmp_path, own, **settings, models__own__base_url="http://127.0.0.1:1/v1"
            ) as p:
                p.complete("say", {"what": "x"}, model="own:m")
        finally:
            del sys.modules["own_adapter"]
        assert made[0].timeouts.connect_s == 3.0
        assert made[0].timeouts.first_token_s == 4.0
        assert made[0].base_url == "http://127.0.0.1:1/v1"

    def test_an_address_makes_a_provider_and_a_name_without_one_is_refused(
        self, tmp_path: Path
    ) -> None:
        with burnish.open(str(tmp_path), models__acme__base_url="http://127.0.0.1:1/v1") as p:
            assert p.check_model("acme:m") == "acme:m"
        wrong = burnish.open(str(tmp_path), models__opnai__timeout_s=3.0)
        with wrong as p, pytest.raises(SettingsError, match="no provider is called 'opnai'"):
            p.check_model("openai:m")

    def test_every_field_can_be_set_for_one_provider(self) -> None:
        env = {
            "BURNISH_MODELS__ACME__BASE_URL": "http://a/v1",
            "BURNISH_MODELS__ACME__CONNECT_TIMEOUT_S": "1",
            "BURNISH_MODELS__ACME__FIRST_TOKEN_TIMEOUT_S": "2",
            "BURNISH_MODELS__ACME__TIMEOUT_S": "3",
            "BURNISH_MODELS__ACME__MAX_RETRIES": "4",
            "BURNISH_MODELS__ACME__CONCURRENCY": "5",
            "BURNISH_MODELS__ACME__REQUESTS_PER_MINUTE": "6",
            "BURNISH_MODELS__ACME__TOKENS_PER_MINUTE": "7",
        }
        limits = load(env=env, files=[]).settings.models.limits("acme")
        assert (limits.base_url, limits.connect_timeout_s, limits.first_token_timeout_s) == (
            "http://a/v1",
            1,
            2,
        )
        assert (limits.timeout_s, limits.max_retries, limits.concurrency) == (3, 4, 5)
        assert (limits.requests_per_minute, limits.tokens_per_minute) == (6, 7)

    @pytest.mark.spec("SEC-01")
    def test_a_password_in_an_address_is_refused_and_not_shown(self) -> None:
        env = {"BURNISH_MODELS__ACME__BASE_URL": "http://bob:hunter2hunter2@acme/v1"}
        with pytest.raises(SettingsError, match="holds a user or a password") as caught:
            load(env=env, files=[])
        assert "hunter2" not in str(caught.value)

    @pytest.mark.spec("SEC-01")
    def test_a_key_in_a_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "burnish.yaml"
        path.write_text("models:\n  openai:\n    api_key: sk-x\n", encoding="utf-8")
        with pytest.raises(SettingsError, match="keys come from the environment alone"):
            load(env={}, files=[path])
        with pytest.raises(SettingsError, match="keys come from the environment alone"):
            load(env={"BURNISH_MODELS__OPENAI__API_KEY": "sk-x"}, files=[])


def test_local_threads_and_local_context_tokens_are_what_the_model_gets(tmp_path: Path) -> None:
    weights = tmp_path / "models" / "tiny.gguf"
    weights.parent.mkdir()
    weights.write_bytes(b"GGUF")
    with burnish.open(str(tmp_path), local__threads=2, local__context_tokens=512) as p:
        p.prompts.create("say", PROMPT)
        with pytest.raises(burnish.Unavailable):  # no real weights
            p.complete("say", {"what": "x"}, model="local:tiny")
        assert (p.settings.local.threads, p.settings.local.context_tokens) == (2, 512)
        with pytest.raises(NoSuchModel, match="models pull"):
            p.complete("say", {"what": "x"}, model="local:smollm2-135m-missing")


class TestCaches:
    def test_responses_switches_the_cache_off(self, tmp_path: Path) -> None:
        model = Fake()
        with opened(tmp_path, model, cache__responses=False) as p:
            say(p)
            say(p)
        assert len(model.requests) == 2

    @pytest.mark.spec("CAC-03")
    def test_answers_are_there_after_a_restart(self, tmp_path: Path) -> None:
        model = Fake()
        with opened(tmp_path, model) as p:
            first = say(p)
        with opened(tmp_path, model) as p:
            second = say(p)
            assert p.cache_clear() == 1
            say(p)
        assert (second.text, second.cached) == (first.text, True)
        assert len(model.requests) == 2

    @pytest.mark.spec("CAC-04")
    def test_prompts_ttl_s(self, tmp_path: Path) -> None:
        model = Fake()
        with opened(tmp_path, model, cache__prompts_ttl_s=0.0) as p:
            say(p)
            say(p)
        assert len(model.requests) == 2

    @pytest.mark.spec("CAC-04")
    def test_the_five_times_and_their_defaults(self) -> None:
        cache = load(env={}, files=[]).settings.cache
        assert (cache.intent_ttl_s, cache.ranking_ttl_s) == (300, 900)
        assert (cache.prompts_ttl_s, cache.catalog_ttl_s) == (3_600, 86_400)
        assert cache.preferences_ttl_s == 3_600

    @pytest.mark.spec("CAC-04")
    @pytest.mark.parametrize(("ttl", "times"), [(300.0, 1), (0.0, 2)])
    def test_intent_ttl_s(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ttl: float, times: int
    ) -> None:
        from burnish.intents import Classifier

        asked: list[str] = []
        classify = Classifier.classify

        def counted(self: Classifier, text: str, **how: Any) -> burnish.Classification:
            asked.append(text)
            return classify(self, text, **how)

        monkeypatch.setattr(Classifier, "classify", counted)
        with burnish.open(str(tmp_path), cache__intent_ttl_s=ttl) as p:
            assert p.analyze("plan a trip to Rome") == p.analyze("plan a trip to Rome")
        assert len(asked) == times

    @pytest.mark.spec("CAC-04")
    @pytest.mark.parametrize(("ttl", "times"), [(900.0, 1), (0.0, 2)])
    def test_ranking_ttl_s(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ttl: float, times: int
    ) -> None:
        from burnish.platform import composer

        asked: list[object] = []
        select: Callable[..., Any] = composer.select

        def counted(catalog: Any, request: Any) -> Any:
            asked.append(request)
            return select(catalog, request)

        monkeypatch.setattr(composer, "select", counted)
        with burnish.open(str(tmp_path), cache__ranking_ttl_s=ttl) as p:
            p.analyze("plan a trip to Rome")
            asked.clear()
            p.select_techniques("plan a trip to Rome")
            p.select_techniques("plan a trip to Rome")
        assert len(asked) == times

    @pytest.mark.spec("CAC-04")
    @pytest.mark.parametrize(("ttl", "seen"), [(86_400.0, False), (0.0, True)])
    def test_catalog_ttl_s(self, tmp_path: Path, ttl: float, seen: bool) -> None:
        with burnish.open(str(tmp_path), cache__catalog_ttl_s=ttl) as p:
            before = len(p.catalog.list())
            folder = tmp_path / "techniques"
            folder.mkdir()
            import msgspec
            import yaml

            plain = msgspec.to_builtins(p.catalog.get("few_shot")) | {"name": "own_shot"}
            (folder / "own.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
            assert (len(p.catalog.list()) > before) is seen

    @pytest.mark.spec("CAC-04")
    @pytest.mark.parametrize(("ttl", "seen"), [(3_600.0, False), (0.0, True)])
    def test_preferences_ttl_s(self, tmp_path: Path, ttl: float, seen: bool) -> None:
        with burnish.open(str(tmp_path), cache__preferences_ttl_s=ttl) as p:
            assert "mine" not in p.personas
            folder = tmp_path / "personas"
            folder.mkdir()
            (folder / "mine.yaml").write_text("name: mine\npurpose: me\n", encoding="utf-8")
            assert ("mine" in p.personas) is seen

    def test_memory_entries_and_disk_mb_bound_the_cache(self, tmp_path: Path) -> None:
        long = "x" * 400_000
        model = Fake(lambda request: request.messages[-1].content + long)
        with opened(tmp_path, model, cache__memory_entries=1, cache__disk_mb=1) as p:
            for what in "abcdef":
                say(p, what)
            p.responses.flush()
            stats = p.cache_stats()
        assert 0 < stats.size_bytes <= 1024 * 1024


@pytest.mark.spec("MET-16")
def test_retention_days_forgets_old_runs_and_keeps_their_statistics(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        for age in (0, 40):
            made = datetime.now(UTC) - timedelta(days=age)
            p.record_run(Run(id=p.new_id(), kind="agent", model="m:x", created_at=made))
        p.flush()
        assert len(p.runs.page().items) == 2
    with burnish.open(str(tmp_path), runs__retention_days=30.0) as p:
        p.record_run(Run(id=p.new_id(), kind="agent", model="m:x", created_at=datetime.now(UTC)))
        p.flush()
        assert len(p.runs.page().items) == 2
        assert p.stats(by="model", days=None)[0].runs == 3


class TestComplete:
    @pytest.mark.spec("GEN-25")
    def test_min_length_of_a_template_rejects_a_short_answer(self, tmp_path: Path) -> None:
        answers = iter(["x" * 50, "y" * 1_200])
        model = Fake(lambda request: next(answers))
        with opened(tmp_path, model) as p:
            p.prompts.create("chapter", PROMPT, config={"min_length": 1_000})
            answer = p.complete("chapter", {"what": "x"}, model="fake:m")
            assert (len(answer.text), answer.retries) == (1_200, 1)
            run = p.runs.get(answer.run_id)
            assert (run.prompt, run.retries, run.valid) == ("chapter", 1, True)
            assert run.version_id == p.prompts.get("chapter").version.id

    @pytest.mark.spec("GEN-25")
    @pytest.mark.parametrize(
        ("config", "bad", "good"),
        [
            ({"max_length": 20}, "x" * 30, "short"),
            (
                {"language": "de"},
                "This is an English sentence that nobody asked for, and it goes on for a while, as they do when nobody stops them.",
                "Das ist ein deutscher Satz, den jemand bestellt hat, und er geht noch etwas weiter, bis er lang genug ist.",
            ),
        ],
    )
    def test_other_rules(self, tmp_path: Path, config: dict[str, Any], bad: str, good: str) -> None:
        answers = iter([bad, good])
        with opened(tmp_path, Fake(lambda request: next(answers))) as p:
            p.prompts.create("ruled", PROMPT, config=config)
            assert p.complete("ruled", {"what": "x"}, model="fake:m").text == good

    @pytest.mark.spec("GEN-24")
    def test_four_failures_are_one_typed_error(self, tmp_path: Path) -> None:
        with opened(tmp_path, Fake(["no"])) as p:
            p.prompts.create("ruled", PROMPT, config={"min_length": 10})
            with pytest.raises(burnish.OutputRejected, match="4 answers"):
                p.complete("ruled", {"what": "x"}, model="fake:m")

    def test_the_version_s_config_names_model_and_parameters(self, tmp_path: Path) -> None:
        model = Fake()
        config = {"model": "fake:own", "temperature": 0.2, "max_tokens": 77}
        with opened(tmp_path, model) as p:
            p.prompts.create("set", PROMPT, config=config)
            p.complete("set", {"what": "x"})
            p.complete("set", {"what": "x"}, temperature=0.9)
        assert [(r.model, r.temperature, r.max_tokens) for r in model.requests] == [
            ("own", 0.2, 77),
            ("own", 0.9, 77),
        ]

    def test_without_any_model_it_says_what_to_do(self, tmp_path: Path) -> None:
        with opened(tmp_path) as p, pytest.raises(burnish.UsageError, match="takes a model"):
            p.complete("say", {"what": "x"})

    def test_a_value_is_never_read_as_template(self, tmp_path: Path) -> None:
        model = Fake(lambda request: request.messages[-1].content)
        with opened(tmp_path, model) as p:
            assert say(p, "{{ 7 * 7 }}").text == "Say {{ 7 * 7 }}."


@pytest.mark.spec("MOD-13")
def test_a_provider_of_one_s_own_comes_through_the_plug_in_door(tmp_path: Path) -> None:
    seen: list[ModelRequest] = []

    class Upper(Fake):
        @property
        def provider(self) -> str:
            return "upper"

    def shout(request: ModelRequest) -> str:
        seen.append(request)
        return request.messages[-1].content.upper()

    with opened(tmp_path, Upper(shout)) as p:
        assert p.complete("say", {"what": "hi"}, model="upper:any").text == "SAY HI."
    assert seen[0].model == "any"


def test_observers_from_plug_ins_hear_of_every_call(tmp_path: Path) -> None:
    heard: list[burnish.CallEvent] = []

    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return [Fake()]

        @staticmethod
        def call_observers() -> list[Callable[[burnish.CallEvent], None]]:
            return [heard.append]

    with burnish.open(str(tmp_path), plugins=[Plugin]) as p:
        p.prompts.create("say", PROMPT)
        answer = say(p)
    assert [event.kind for event in heard] == ["begin", "attempt", "end"]
    assert {event.run_id for event in heard} == {answer.run_id}


def test_an_observer_that_fails_is_told_of_and_ends_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: burnish.CallEvent) -> None:
        raise ValueError("mine")

    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return [Fake()]

        @staticmethod
        def call_observers() -> list[Callable[[burnish.CallEvent], None]]:
            return [broken]

    with burnish.open(str(tmp_path), plugins=[Plugin]) as p:
        p.prompts.create("say", PROMPT)
        assert say(p).text
    assert "a call observer failed: ValueError: mine" in caplog.text


def test_a_run_that_cannot_be_kept_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with burnish.open(str(tmp_path)) as p:
        run = Run(id=p.new_id(), kind="agent", created_at=datetime.now(UTC))
        p.record_run(run)
        p.record_run(run)
        p.flush()
        assert len(p.runs.page().items) == 1
    assert "recording runs: a run with this id is recorded already" in caplog.text
