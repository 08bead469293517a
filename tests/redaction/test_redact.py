"""Personal data in texts: what is found, what is not, and that it comes back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.redaction import KINDS, Kind
from burnish.redaction.redact import PLACEHOLDER, redact, redact_texts, restore
from burnish.redaction.stream import Restoring

pytestmark = pytest.mark.spec("SEC-12")

ROOT = Path(__file__).parents[2]
VALUES: dict[Kind, tuple[str, ...]] = {
    "email": ("ann@example.org", "j.o'neill+x@sub.example.co.uk", "petra@müller.example"),
    "phone": ("+49 30 901820", "(415) 555-2671", "020 7946 0123", "+1 212-555-0123"),
    "card": ("4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
    "ip": ("203.0.113.7", "2001:db8::8a2e:370:7334", "::ffff:192.0.2.128"),
}
OTHERS = (
    "version 1.2.3.4",
    "ISBN 978-3-16-148410-0",
    "on 01.02.2024 15:30",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "127.0.0.1 and ::1",
    "x[1::2], std::abc, 12:34:56",
    "git@github.com:acme/widgets.git, lodash@4.17.21, logo@2x.png",
    "$1,234,567.89 or 12 345 678,90 €",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
)
each_value = pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in VALUES.items() for value in values]
)
# Pieces that make what is looked for, and what nearly is.
pieces = st.sampled_from(
    [each for values in VALUES.values() for each in values]
    + [
        *OTHERS,
        *"@.:-+()[] 0159ab,\n/é",
        "[email ",
        "[phone 1]",
        "tel. ",
        "@x.org",
        "::",
        "1 ",
        "00",
    ]
)
texts = st.one_of(st.text(), st.lists(pieces, max_size=25).map("".join))


@each_value
def test_a_value_is_found_in_a_sentence(kind: Kind, value: str) -> None:
    done = redact(f"Write {value}, or ask ({value}). Then wait.")
    assert done.text == f"Write [{kind} 1], or ask ([{kind} 1]). Then wait."
    assert [(each.kind, each.value) for each in done.found] == [(kind, value)]


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert redact(text).text == text


def test_only_the_kinds_that_are_asked_for_are_taken() -> None:
    text = " and ".join(values[0] for values in VALUES.values())
    for kind in KINDS:
        assert {each.kind for each in redact(text, (kind,)).found} == {kind}
    assert redact(text, ()).text == text


def test_another_value_has_another_placeholder_over_several_texts() -> None:
    done = redact_texts(("a@x.org, b@x.org", "b@x.org, c@x.org"))
    assert done.texts == ("[email 1], [email 2]", "[email 2], [email 3]")


def test_a_placeholder_that_is_there_already_stands_for_nothing_else() -> None:
    text = "[email 1] is not ann@example.org"
    done = redact(text)
    assert done.text == "[email 1] is not [email 2]"
    assert restore(done, done.text) == text


def test_a_value_is_taken_where_its_form_alone_would_not_tell_it() -> None:
    done = redact("phone: 4155552671. Order x4155552671y.")
    assert done.text == "phone: [phone 1]. Order x[phone 1]y."


def test_many_values_are_taken_as_few_are() -> None:
    many = [f"ann{number}@example.org" for number in range(120)]
    text = " ".join([*many, "xann7@example.orgx", *many])
    done = redact(text)
    names = [f"[email {number + 1}]" for number in range(120)]
    assert done.text == " ".join([*names, "[email 121]", *names])
    assert restore(done, done.text) == text


@settings(max_examples=400, deadline=None)
@given(texts)
def test_whatever_the_text_it_comes_back_and_nothing_of_a_value_stays(text: str) -> None:
    done = redact(text)
    assert restore(done, done.text) == text
    assert all(each.value not in done.text for each in done.found)
    assert redact(text) == done


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_in_pieces_it_comes_back_as_it_does_whole(text: str, data: st.DataObject) -> None:
    done = redact(text + " ann@example.org 203.0.113.7")
    values = {each.placeholder: each.value for each in done.found}
    restoring, left, shown = Restoring(values), done.text, ""
    while left:
        size = data.draw(st.integers(1, 6))
        shown, left = shown + restoring.add(left[:size]), left[size:]
        # Of what is not yet told nothing but the beginning of a placeholder is held back.
        assert len(restoring._held) <= len("[phone 123456789")  # pyright: ignore[reportPrivateUsage]
    assert shown + restoring.rest() == restore(done, done.text)


@pytest.mark.parametrize(
    "unit",
    [
        "1 ", "a@", "::", "1", "a", "+1", "0", "(", "1.", "@", "a.", "DE89 3704 ", "4111 ", "1-",
        "tel 1", "01 ", "1:", "call me me ", "a@b.co ", "+49 30 1234567,", "fe80::1 ", "[email 1]",
        "a@b.c-", "0/", "(0", "4111 1111 1111 1111 ", "GB82", "%'", "call me at (1-",
    ],
)  # fmt: skip
def test_a_long_text_takes_time_by_its_length_alone(unit: str) -> None:
    def took(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    # Four times the text: four times the time, where quadratic work would take sixteen times.
    # The floor is where the clock says nothing.
    small = min(took(30_000) for _ in range(2))
    assert min(took(120_000) for _ in range(2)) < max(10 * small, 0.1)


@pytest.mark.parametrize("figure", ["precision", "recall"])
def test_the_guide_tells_what_was_measured_on_lines_held_out(figure: str) -> None:
    rows = json.loads((ROOT / "benchmarks/results/redaction.json").read_text(encoding="utf-8"))
    by = {row["what"]: row for row in rows["rows"]}
    assert by["held out, all kinds"]["n"] >= 90
    assert round(by["held out, all kinds"][figure], 2) == 0.98
    guide = (ROOT / "docs/guide/redaction.md").read_text(encoding="utf-8")
    assert "precision and recall are 0.98" in guide


def test_a_megabyte_takes_seconds() -> None:
    many = " ".join(f"ann{number}@example.org" for number in range(45_000))
    start = time.process_time()
    assert len(redact(many).found) == 45_000
    for unit in ("1 ", "a@", "::"):
        assert not PLACEHOLDER.search(redact(unit * (1_000_000 // len(unit))).text)
    assert time.process_time() - start < 30
