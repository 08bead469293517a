"""Texts of other prompts, put where a prompt includes them: the pure side."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import BurnishError, NotFound, RenderLimit, TemplateRefused, VariableError
from burnish.prompts.composition import Composed, Source, compose, includes_of
from burnish.prompts.diff import words_of
from burnish.prompts.merge_text import Clash, merge_texts
from burnish.prompts.preserve import lost
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer
from burnish.prompts.template import read

Shelf = dict[str, Source]
TONE = '{% include "tone@1" %}'


@pytest.fixture(scope="module")
def renderer() -> Any:
    with Renderer() as made:
        yield made


def source(reference: str, *texts: str | Message, variables: tuple[Variable, ...] = ()) -> Source:
    messages = tuple(Message("user", t) if isinstance(t, str) else t for t in texts)
    return Source(reference, messages, variables)


def shelf(**texts: str) -> Shelf:
    return {f"{name}@1": source(f"{name}@1", text) for name, text in texts.items()}


def composed(there: Shelf, *texts: str | Message, variables: tuple[Variable, ...] = ()) -> Composed:
    whole = source("whole@1", *texts, variables=variables)
    return compose(whole, lambda include, by: there[str(include.reference)])


def text_of(there: Shelf, text: str) -> str:
    return composed(there, text).messages[0].content


def test_a_text_stands_where_it_is_included_and_blanks_go_where_marked() -> None:
    there = shelf(tone="Be {{ mood }}.", mid=f"[{TONE}]")
    assert text_of(there, f"A {TONE} B") == "A Be {{ mood }}. B"
    assert text_of(there, 'A \n{%- include "tone@1" -%}\n B') == "ABe {{ mood }}.B"
    assert text_of(there, "A {%+ include 'tone@1' +%} B") == "A Be {{ mood }}. B"
    made = composed(there, '{% include "mid@1" %}')
    assert made.messages[0].content == "[Be {{ mood }}.]"
    assert [(i.asked, i.reference) for i in made.includes] == [
        ("mid@1", "mid@1"),
        ("tone@1", "tone@1"),
    ]
    assert [v.name for v in made.variables] == ["mood"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{{% raw %}}{TONE}{{% endraw %}}", TONE),
        (f"{{%- raw +%}}{TONE}{{%+ endraw -%}}", TONE),
        (f"Before{{# {TONE} #}} after", "Before after"),
        ("{{ \"{% include 'tone@1' %}\" }}", "{% include 'tone@1' %}"),
        ("Please include the tone@1.", "Please include the tone@1."),
    ],
)
def test_what_is_text_or_comment_includes_nothing(
    text: str, shown: str, renderer: Renderer
) -> None:
    made = composed({}, text)
    assert made.messages[0].content == text
    assert not made.includes
    assert renderer.messages(made.messages)[0].content == shown


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ('{% include "tone" %}', "does not say for which version"),
        ("{% include name %}", "no plain name in quotes"),
        ('{% include "to" ~ "ne@1" %}', "no plain name in quotes"),
        ('{% include ["tone@1", "x@1"] %}', "no plain name in quotes"),
        ('{% include "tone@1" ignore missing %}', "no plain name in quotes"),
        ('{% include "to\\u006ee@1" %}', "no plain name in quotes"),
        ('{% include "tone@branch:x" %}', "a branch moves"),
        ('{% include "../../etc/passwd@1" %}', "is . or .."),
        ('{% include "/etc/passwd" %}', "cannot name a prompt"),
        ('{% include "tone@1#place holder" %}', "no role"),
        ('{% include "tone@1#placeholder" %}', "no role"),
        ('{% include "tone@0" %}', "names no revision"),
        ('{% include "tone@99999999999999999999" %}', "names no revision"),
        ('{% import "tone@1" as t %}', "another template"),
        ('{%+ extends "tone@1" %}', "another template"),
    ],
)
def test_only_a_pinned_name_in_quotes_can_be_included(tag: str, told: str) -> None:
    with pytest.raises(TemplateRefused, match="line 2: ") as caught:
        read(f"first\n{tag}")
    assert told in str(caught.value)
    assert caught.value.hint


def test_a_template_is_not_rendered_with_an_include_in_it(renderer: Renderer) -> None:
    with pytest.raises(TemplateRefused, match="has not been put in"):
        renderer.messages([Message("user", TONE)])


def test_the_message_of_the_same_role_is_taken_or_the_only_one_or_the_named() -> None:
    both = source("both@1", Message("system", "S"), Message("user", "U"))
    there = {"both@1": both, "one@1": source("one@1", Message("system", "only"))}
    made = composed(
        there,
        Message("system", '{% include "both@1" %}{% include "one@1" %}'),
        Message("user", '{% include "both@1" %}{% include "both@1#system" %}{% include "one@1" %}'),
    )
    assert [m.content for m in made.messages] == ["Sonly", "USonly"]
    with pytest.raises(NotFound, match="no assistant message") as caught:
        composed(there, Message("assistant", '{% include "both@1" %}'))
    assert "system, user" in caught.value.hint
    with pytest.raises(NotFound, match="no tool message"):
        composed(there, '{% include "one@1#tool" %}')
    there["both@1"] = source("both@1", "first", "second")
    with pytest.raises(NotFound, match="2 user messages"):
        composed(there, '{% include "both@1" %}')


def test_circles_and_depth_and_size_are_bounded() -> None:
    with pytest.raises(TemplateRefused, match=r"a@1 → b@1 → a@1"):
        composed(shelf(a='{% include "b@1" %}', b='{% include "a@1" %}'), '{% include "a@1" %}')
    itself = {
        "a@1": source("a@1", '{% include "whole@1" %}'),
        "whole@1": source("whole@1", '{% include "a@1" %}'),
    }
    with pytest.raises(TemplateRefused, match=r"whole@1 → a@1 → whole@1"):
        composed(itself, '{% include "a@1" %}')
    deep = shelf(d0="end") | {
        f"d{n}@1": source(f"d{n}@1", f'{{% include "d{n - 1}@1" %}}') for n in range(1, 9)
    }
    assert text_of(deep, '{% include "d7@1" %}') == "end"
    # Also where the lower levels were put together already.
    for text in ('{% include "d8@1" %}', '{% include "d7@1" %}{% include "d8@1" %}'):
        with pytest.raises(TemplateRefused, match="more than 8 levels"):
            composed(deep, text)
    wide = shelf(w0="x" * 10) | {
        f"w{n}@1": source(f"w{n}@1", f'{{% include "w{n - 1}@1" %}}' * 60) for n in range(1, 8)
    }
    with pytest.raises(RenderLimit, match="more than 1,000,000 characters"):
        composed(wide, '{% include "w7@1" %}')


def test_declarations_hold_over_those_of_what_is_included() -> None:
    text, number = Variable(name="n"), Variable(name="n", type="number")
    there = {
        "a@1": source("a@1", "{{ n }}", variables=(text,)),
        "b@1": source("b@1", "{{ n }}", variables=(number,)),
        "both@1": source("both@1", '{% include "a@1" %}{% include "b@1" %}', variables=(number,)),
    }
    whole = '{% include "a@1" %}{% include "b@1" %}'
    with pytest.raises(VariableError, match=r"a@1 needs the variable 'n' as string, b@1 as number"):
        composed(there, whole)
    assert composed(there, whole, variables=(text,)).variables == (text,)
    assert composed(there, '{% include "both@1" %}').variables == (number,)


def test_variables_that_the_including_text_sets_are_not_asked_for(renderer: Renderer) -> None:
    there = {"row@1": source("row@1", "- {{ item }}\n", variables=(Variable(name="item"),))}
    made = composed(there, '{% for item in items %}{% include "row@1" %}{% endfor %}')
    assert [v.name for v in made.variables] == ["items"]
    done = renderer.messages(made.messages, made.variables, {"items": ["a", "b"]})
    assert done[0].content == "- a\n- b\n"


def test_what_is_included_keeps_to_itself(renderer: Renderer) -> None:
    there = shelf(
        sets="{%- set x = 'inner' -%} {{ x }} {#- #}",
        brace="a {",
        trims="{%- if true %}yes{% endif -%}",
    )
    made = composed(there, '{{ x }} {% include "sets@1" %} {{ x }}')
    done = renderer.messages(made.messages, made.variables, {"x": "outer"})
    assert done[0].content == "outer inner outer"
    # No tag arises where two texts meet, and no blank goes that its own text did not mark.
    for text, wanted in (
        ('{% include "brace@1" %}{ x }}', "a {{ x }}"),
        ('{% include "brace@1" %}% raw %}', "a {% raw %}"),
        ('{% include "brace@1" %}# x #}', "a {# x #}"),
        ('{ {%- include "brace@1" %}', "{a {"),
        ('x {% include "trims@1" %} y', "x yes y"),
        ('{% include "brace@1" %}{{ "}" }}', "a {}"),
    ):
        assert renderer.messages(composed(there, text).messages)[0].content == wanted


def test_the_rules_of_isolation_hold_for_the_whole(renderer: Renderer) -> None:
    doubling = (
        "{% set ns = namespace(s='aaaaaaaaaa') %}{% for i in range(40) %}"
        "{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s|length }}"
    )
    made = composed(shelf(bomb=doubling), 'x {% include "bomb@1" %}')
    assert renderer.needs_isolation(made.messages)
    with pytest.raises(RenderLimit):
        renderer.messages(made.messages)


PIECES = st.sampled_from(
    [
        *("{", "}", "%", "#", "-", " ", "\n", "a", "{{ 'q' }}", "{{- 'q' }}", "{{ 'q' -}}"),
        *("{# c -#}", "{%- if true %} y {% endif -%}", "{% raw %} {{ {% endraw %}"),
        "{% set z = 1 %}",
    ]
)


@settings(deadline=None)
@given(parts=st.lists(st.lists(PIECES, max_size=5).map("".join), min_size=2, max_size=4))
def test_a_composed_text_reads_as_its_parts_one_after_the_other(
    renderer: Renderer, parts: list[str]
) -> None:
    """Parts that are templates of their own render to the same, apart or put together."""
    try:
        apart = "".join(renderer.text(part, {}) for part in parts)
    except BurnishError:
        return
    there = {f"p{n}@1": source(f"p{n}@1", part) for n, part in enumerate(parts)}
    whole = "".join(f'{{% include "p{n}@1" %}}' for n in range(len(parts)))
    assert renderer.messages(composed(there, whole).messages)[0].content == apart


def test_an_include_is_one_word_to_diff_and_merge_and_one_part_to_keep() -> None:
    one, two, three = (
        f'Now {{% include "{name}" %}} go' for name in ("tone@1", "tone@2", "voice@1")
    )
    assert words_of(one)[2] == '{% include "tone@1" %}'
    parts = merge_texts(one, two, three)
    assert [type(part) for part in parts] == [Clash]
    assert [str(loss) for loss in lost(one, "Now go 1")] == ["include '{% include \"tone@1\" %}'"]
    assert not lost(one, f"Well: {one}")
    assert lost(one, two)


def test_what_a_prompt_includes_is_told_in_order() -> None:
    found = includes_of([Message("placeholder", "history"), Message("user", f"{TONE} {TONE}")])
    assert [each.asked for each in found] == ["tone@1", "tone@1"]
    assert [str(each.reference) for each in found] == ["tone@1", "tone@1"]
