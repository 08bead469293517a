"""`/metrics`: what was done, counted for whoever watches the server."""

from __future__ import annotations

import re

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish.telemetry.metrics import COUNTERS, HISTOGRAMS

ROWS = [{"mail": f"mail {n}", "expected": "mail"} for n in range(20)]


def told(address: str) -> dict[str, float]:
    reply = ask("GET", f"{address}/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [each for each in reply.body.decode().splitlines() if not each.startswith("#")]
    return {name: float(value) for name, _, value in (each.rpartition(" ") for each in lines)}


@pytest.mark.spec("MET-01")
def test_each_action_moves_its_counter_by_one(address: str) -> None:
    before = told(address)
    assert (before["prompts_generated_total"], before["prompts_optimized_total"]) == (0, 0)
    with burnish.Client(address) as p:
        p.generate("summarise support tickets", name="sum")
        assert told(address)["prompts_generated_total"] == 1
        p.prompts.create("mail/kind", "Bug or praise? {{ mail }}")
        p.datasets.add("mails", ROWS)
        p.evaluate("mail/kind", "mails", models=["fake:echo", "fake:x"], scorers=["contains"])
        after = told(address)
        assert after['model_tests_total{model="fake:echo"}'] == 1
        assert after['model_tests_total{model="fake:x"}'] == 1
        p.optimize("mail/kind", "mails", model="fake:echo", budget=60, scorers=["contains"])
        assert told(address)["prompts_optimized_total"] == 1
    # What was done without the server counts, too: it is what was done with this store.
    with burnish.open() as p:
        p.generate("plan a trip", name="trip")
    assert told(address)["prompts_generated_total"] == 2


@pytest.mark.spec("MET-02")
def test_gauges_and_histograms_say_their_units(address: str) -> None:
    with burnish.Client(address) as p:
        p.generate("summarise support tickets", name="sum")
        p.prompts.create("gone", "x")
        p.prompts.delete("gone")
        p.prompts.create("other", "x")
        p.feedback("sum", stars=5)
        p.feedback("other", score=0.5)
    found = told(address)
    assert found["active_templates"] == 2
    assert found["avg_prompt_rating"] == pytest.approx(0.75)
    assert found["generation_latency_ms_count"] == 1
    assert found['generation_latency_ms_bucket{le="+Inf"}'] == 1
    assert found["avg_generation_latency_ms"] == pytest.approx(found["generation_latency_ms_sum"])
    text = ask("GET", f"{address}/metrics").body.decode()
    for name, unit in (
        ("avg_prompt_rating", "0 to 1"),
        ("avg_generation_latency_ms", "milliseconds"),
        ("generation_latency_ms", "milliseconds"),
        ("http_request_duration_seconds", "seconds"),
    ):
        assert re.search(rf"# HELP {name} .*{unit}", text), name
    assert "# TYPE generation_latency_ms histogram" in text
    assert "# TYPE avg_prompt_rating gauge" in text


def test_requests_are_counted_by_what_they_ask_for_and_not_by_their_path(address: str) -> None:
    for path in ("/api/v1/prompts/a", "/api/v1/prompts/b", "/none/1", "/none/2"):
        assert ask("GET", f"{address}{path}").status == 404
    ask("GET", f"{address}/api/v1/prompts")
    found = told(address)
    counted = {name: value for name, value in found.items() if name.startswith("http_requests")}
    assert counted['http_requests_total{method="GET",operation="prompts_get",status="404"}'] == 2
    assert counted['http_requests_total{method="GET",operation="prompts_list",status="200"}'] == 1
    assert counted['http_requests_total{method="other",operation="other",status="404"}'] == 2
    assert found['http_request_duration_seconds_count{operation="prompts_get"}'] == 2
    assert not [each for each in found if "none" in each]


def test_counts_outlive_the_process_and_add_up_over_several() -> None:
    for _ in range(2):
        with serving() as address:
            ask("GET", f"{address}/api/v1/prompts")
    with serving() as one, serving() as other:
        assert told(one)['http_request_duration_seconds_count{operation="prompts_list"}'] == 2
        assert told(other)["prompts_generated_total"] == 0


def test_buckets_hold_what_lies_below_their_bound() -> None:
    for each in HISTOGRAMS:
        assert list(each.bounds) == sorted(each.bounds)
        labels = ["x"] * len(each.labels)
        for value, bound in ((each.bounds[0], f"{each.bounds[0]:g}"), (1e9, "+Inf")):
            (bucket, total) = each.one(value, *labels).items()
            assert dict(bucket[0][1])["le"] == bound
            assert total[1] == value
        below = each.below({"+Inf": 2.0, f"{each.bounds[0]:g}": 1.0})
        assert [count for _, count in below] == [1.0] * len(each.bounds) + [3.0]
    assert len({each.name for each in (*COUNTERS, *HISTOGRAMS)}) == 6


def test_a_server_with_keys_shows_them_to_who_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as address, burnish.open() as p:
        assert ask("GET", f"{address}/metrics").status == 401
        key = p.keys.create("prometheus").key
        shown = ask("GET", f"{address}/metrics", authorization=f"Bearer {key}")
        assert shown.status == 200
        assert b"http_requests_total" in shown.body
