from __future__ import annotations

import pytest

from burnish.errors import UsageError
from burnish.optimizers.demonstrations import Demonstration, shown
from burnish.optimizers.frozen import check, is_frozen, regions
from burnish.prompts.prompt import Message


def test_regions_are_given_with_their_marks_in_order() -> None:
    text = "a {# keep #}b {{ x }}{# /keep #} c\n{#- keep -#}d\n{# /keep #}"
    assert regions(text) == ["{# keep #}b {{ x }}{# /keep #}", "{#- keep -#}d\n{# /keep #}"]


def test_marks_in_raw_text_mark_nothing() -> None:
    assert regions("{% raw %}{# keep #}{% endraw %} and {# a note #}") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a {# keep #} b", "has no end"),
        ("a\nb {# /keep #}", "line 2: a part marked 'keep' ends that has not begun"),
        ("{# keep #}a{# keep #}b{# /keep #}{# /keep #}", "inside of another"),
        ("{# examples #} x", "marked 'examples' has no end"),
        ("{# keep #}{# examples #}x{# /examples #}{# /keep #}", "stands inside of a part"),
        ("{# examples #}{{ x }}{# /examples #}", r"holds '\{\{ x \}\}', which other examples"),
        (
            "{# examples #}{% if x %}{# /examples #}{% endif %}",
            "which other examples would replace",
        ),
        ("{# examples #}{# /examples #}\n{# examples #}{# /examples #}", "2 places for examples"),
    ],
)
def test_marks_that_do_not_match_are_refused_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        check((Message("placeholder", "history"), Message("user", text)))
    assert raised.value.hint


def test_a_message_is_frozen_by_its_role_or_by_one_region_around_it() -> None:
    assert is_frozen(Message("placeholder", "history"))
    assert is_frozen(Message("user", "\n{# keep #}all of it{# /keep #}\n"))
    assert not is_frozen(Message("user", "{# keep #}a{# /keep #} {# keep #}b{# /keep #}"))


def test_a_prompt_that_shows_examples_already_is_fine() -> None:
    pair = Demonstration({"text": "{{ x }} {% endraw %}"}, "{# keep #}")
    check(shown((Message("user", "Sort it.\n\nMail: {{ text }}"),), [pair]))
