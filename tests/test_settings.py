"""Settings: where a value comes from, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

import burnish
from burnish.errors import SettingsError
from burnish.settings import fields, load


def test_every_default_is_valid() -> None:
    loaded = load(env={}, files=[])
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.settings.home_path.name == "burnish"


@pytest.mark.spec("CFG-01")
def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    far, near = tmp_path / "far.yaml", tmp_path / "burnish.yaml"
    far.write_text("render: {time_s: 3}\ncache: {prompts: 7}\nlog: {texts: true}\n")
    near.write_text("render:\n  time_s: 4\n")
    env = {"BURNISH_CACHE__PROMPTS": "8", "BURNISH_LOG__LEVEL": "debug"}
    loaded = load({"log.level": "error"}, env, [far, near])
    settings = loaded.settings
    assert (settings.render.time_s, settings.cache.prompts, settings.log.level) == (4, 8, "error")
    assert loaded.sources["render.time_s"] == str(near)
    assert loaded.sources["log.texts"] == str(far)
    assert loaded.sources["cache.prompts"] == "env BURNISH_CACHE__PROMPTS"
    assert loaded.sources["log.level"] == "flag"
    assert loaded.sources["render.memory_mb"] == "default"


def test_the_file_in_the_data_folder_is_read(tmp_path: Path) -> None:
    home = tmp_path / "data"
    home.mkdir()
    (home / "burnish.yaml").write_text("author: Ana\n")
    assert load(env={"BURNISH_HOME": str(home)}).settings.author == "Ana"
    assert load({"home": str(home)}, env={}).settings.author == "Ana"


@pytest.mark.spec("CFG-02")
@pytest.mark.parametrize(
    ("env", "what"),
    [
        ({"BURNISH_RENDER__TIMES": "3"}, "did you mean BURNISH_RENDER__TIME_S"),
        (
            {"BURNISH_RENDER__TIME_S": "soon"},
            "render.time_s from env BURNISH_RENDER__TIME_S is wrong",
        ),
        ({"BURNISH_RENDER__TIME_S": "-1"}, "render.time_s"),
        ({"BURNISH_LOG__LEVEL": "loud"}, "'loud'"),
        ({"BURNISH_GENERATION__PHASES": "draft,polish"}, "'polish'"),
    ],
)
def test_a_wrong_value_or_name_says_what_is_right(env: dict[str, str], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        load(env=env, files=[])


@pytest.mark.spec("CFG-02")
def test_a_wrong_key_in_a_file_names_the_nearest_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "burnish.yaml"
    for content, what in (
        ("generation: {person: x}", "did you mean generation.persona"),
        ("- a list", "holds no mapping"),
        ("a: [", "no valid YAML, line 1"),
    ):
        path.write_text(content)
        with pytest.raises(SettingsError, match=what) as caught:
            load(env={}, files=[path])
        assert str(path) in str(caught.value)


def test_groups_within_groups_are_read_from_files(tmp_path: Path) -> None:
    path = tmp_path / "burnish.yaml"
    path.write_text(
        "phases:\n  draft: {model: 'openai:x'}\n  refine.temperature: 0.1\n"
        "models:\n  openai: {base_url: 'http://a/v1'}\n",
        encoding="utf-8",
    )
    settings = load(env={}, files=[path]).settings
    assert (settings.phases.draft.model, settings.phases.refine.temperature) == ("openai:x", 0.1)
    assert settings.phases.explore.temperature == 0.8
    assert settings.models.limits("openai").base_url == "http://a/v1"


def test_lists_come_from_comma_separated_text() -> None:
    env = {
        "BURNISH_TECHNIQUES__DISABLED": "few_shot, debate",
        "BURNISH_GENERATION__PHASES": "draft",
    }
    settings = load(env=env, files=[]).settings
    assert settings.techniques.disabled == ("few_shot", "debate")
    assert settings.generation.phases == ("draft",)


def test_the_lists_that_the_settings_page_shows_are_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "settings.md").read_text()
    variable, value = "BURNISH_GENERATION__PHASES", "draft,refine"
    assert f"`{variable}={value}`" in page
    assert "`phases: [draft, refine]`, under `generation:`" in page
    file = tmp_path / "burnish.yaml"
    file.write_text("generation:\n  phases: [draft, refine]\n")
    for loaded in (load(env={variable: value}, files=[]), load(env={}, files=[file])):
        assert loaded.settings.generation.phases == ("draft", "refine")
    empty = load(env={"BURNISH_MODELS__FALLBACKS": ""}, files=[])
    assert empty.settings.models.fallbacks == ()


def test_every_field_has_a_variable_of_its_own() -> None:
    names = [field.env for field in fields().values()]
    assert len(set(names)) == len(names)


IDEA = "compare postgres and mysql for a small startup"


@pytest.mark.spec("CFG-03")
class TestEachSettingHasAnEffect:
    def test_persona_and_target(self) -> None:
        with burnish.open(generation__persona="analysis", generation__target="claude") as p:
            made = p.generate(IDEA)
        assert "You are an analyst" in made.text
        assert "<task>" in made.text

    def test_techniques_and_phases(self) -> None:
        with burnish.open(generation__techniques=1) as p:
            assert len(p.generate(IDEA).best.techniques) == 1
        with burnish.open(generation__phases=("draft",)) as p:
            assert [phase.phase for phase in p.generate(IDEA).best.phases] == ["draft"]

    def test_max_idea_chars(self) -> None:
        with (
            burnish.open(generation__max_idea_chars=100) as p,
            pytest.raises(burnish.UsageError, match="at most 100"),
        ):
            p.analyze("x " * 100)

    def test_context_tokens(self) -> None:
        with burnish.open(generation__context_tokens=50) as p:
            made = p.generate(IDEA, context="line of text\n" * 100)
        assert any("context was cut" in warning for warning in made.warnings)
        assert made.text.count("line of text") < 20

    def test_disabled(self) -> None:
        with burnish.open() as p:
            usual = p.analyze(IDEA).suggested_techniques
        with burnish.open(techniques__disabled=usual[:1]) as p:
            assert usual[0] not in p.analyze(IDEA).suggested_techniques

    def test_floor_and_budget_ms_and_embedding(self) -> None:
        with burnish.open(intents__floor=1.0) as p:
            assert p.analyze(IDEA).intent == "other"
        with burnish.open(intents__budget_ms=1.0) as p:
            assert p.analyze(IDEA).method == "rules"
        with burnish.open(intents__embedding=False) as p:
            assert p.analyze("I keep thinking about the harbour", budget_ms=500).method == "trained"

    def test_render_output_chars_time_s_and_memory_mb(self) -> None:
        growing = "{% for i in range(5000) %}{{ x }}{% endfor %}"
        with burnish.open(render__output_chars=1000, render__time_s=5.0) as p:
            p.prompts.create("grow", growing)
            with pytest.raises(burnish.RenderLimit, match="1,000"):
                p.prompts.render("grow", {"x": "abc"})
        doubling = "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 30 + "{{ a|length }}"
        with burnish.open(render__time_s=5.0, render__memory_mb=64) as p:
            p.prompts.create("double", doubling)
            with pytest.raises(burnish.RenderLimit, match="5 s or 64 MiB"):
                p.prompts.render("double")

    def test_label_ttl_s_and_prompts_in_memory(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
        for ttl, expected in ((0.0, "two"), (600.0, "one")):
            name = f"p{int(ttl)}"
            with (
                burnish.open(
                    storage__database_url=url, cache__label_ttl_s=ttl, cache__prompts=9
                ) as p,
                burnish.open(storage__database_url=url) as other,
            ):
                p.prompts.create(name, "one")
                p.prompts.get(name)
                other.prompts.update(name, "two")
                assert p.prompts.get(name).version.text == expected

    def test_author(self) -> None:
        with burnish.open(author="Ana Ruiz") as p:
            assert p.prompts.create("x", "text").version.author == "Ana Ruiz"

    def test_home_and_database_url(self, tmp_path: Path) -> None:
        with burnish.open(str(tmp_path / "there")) as p:
            p.prompts.create("x", "text")
        assert (tmp_path / "there" / "burnish.sqlite").exists()
        with (
            burnish.open(storage__database_url="mysql://host/db") as p,
            pytest.raises(SettingsError, match="no store is known"),
        ):
            p.prompts.list()
