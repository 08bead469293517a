"""Models that a provider does not have are known before they are asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.scenario.running import Running, serving

import burnish
from burnish.errors import NoSuchModel, Unavailable

ROWS = [{"text": "one", "expected": "Say: one"}]


class Acme:
    """A plug-in whose provider lists its models at its own address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def models(self) -> list[burnish.Preset]:
        return [burnish.Preset(name="acme", title="Acme", base_url=self._url, needs_key=False)]


@pytest.fixture
def server() -> Iterator[Running]:
    """It has one model, `m`."""
    with serving() as running:
        yield running


@pytest.fixture
def platform(server: Running) -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Acme(server.url)]) as p:
        p.prompts.create("say", "Say: {{ text }}")
        yield p


def test_a_name_that_the_provider_does_not_list_is_refused(
    platform: burnish.Platform, server: Running
) -> None:
    with pytest.raises(NoSuchModel, match="acme has no model 'other'") as raised:
        platform.evaluate("say", ROWS, models="acme:other")
    assert raised.value.hint == "see burnish models list acme"
    with pytest.raises(NoSuchModel, match="did you mean acme:m"):
        platform.evaluate("say", ROWS, models="acme:mm")
    with pytest.raises(Unavailable, match="acme:x: acme has no model 'x', acme:y: "):
        platform.evaluate("say", ROWS, models=["acme:x", "acme:y"])
    assert server.counters().received == 0
    assert not platform.evaluations.list()


@pytest.mark.parametrize("name", ["m", "m-latest", "m-2026-11-01", "m:free"])
def test_other_names_of_a_listed_model_are_taken(platform: burnish.Platform, name: str) -> None:
    plan = platform.plan_evaluation("say", ROWS, models=f"acme:{name}")
    assert plan.unready == {}


def test_what_was_mended_after_the_plan_is_asked(
    platform: burnish.Platform, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    plan = platform.plan_evaluation("say", ROWS, models="acme:later")
    assert "acme:later" in plan.unready

    async def names(self: object) -> list[str]:
        del self
        return ["later"]

    monkeypatch.setattr("burnish.models.openai_like.OpenAILike.names", names)
    done = platform.run_evaluation(plan.evaluation)
    assert done.report.columns[0].answered == 1


def test_a_provider_that_lists_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
    with burnish.open(plugins=[Acme("http://127.0.0.1:9/v1")]) as p:
        p.prompts.create("say", "Say: {{ text }}")
        done = p.evaluate("say", ROWS, models="acme:m")
    assert done.report.columns[0].failed == 1
