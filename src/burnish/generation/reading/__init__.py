"""Reads an idea: what is asked, for whom, from what, within which limits."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from burnish.generation.brief import Brief, Input, Span
from burnish.generation.reading import measures, shape, subject
from burnish.generation.reading.constraints import constraint_spans, database, is_list_continuation
from burnish.generation.reading.labels import labels
from burnish.generation.reading.pasted import brings_text, split_pasted
from burnish.generation.reading.task import task_sentence
from burnish.generation.reading.words import LANGUAGE_OF_CODE, example_of
from burnish.intents.intent import Classification, Intent
from burnish.prompts.prompt import Variable
from burnish.prompts.template import escape

# Longer ideas say more than a reader of phrases can place: they are kept whole.
_LONG_WORDS = 60
_LONG_CHARS = 800
# What stands between the beginning and the end of such an idea is material. Reading it all would
# take time that grows with the square of its length.
_HEAD_CHARS, _TAIL_CHARS = 2000, 500
# A text with a place for something is a template: what it works on comes in there.
_VARIABLE = re.compile(r"\{\{\s*\w")
_ARTICLE = re.compile(r"\A(?:an?|the|this|these|my|our)\s+", re.IGNORECASE)
_FOR_READERS = (
    "summarization", "learning", "analysis", "data_extraction", "translation",
)  # fmt: skip


def read_idea(idea: str, found: Classification) -> Brief:
    """`idea` is the user's text, stripped. Nothing of it is lost: what a reader takes out of the
    task sentence stands in another field, and an idea that is long or structured stays whole."""
    given = split_pasted(idea)
    error = subject.error_text(idea) if found.intent in _DEBUGGING else ""
    verbatim = _is_structured(given.ask) or bool(error)
    ask = _ends(given.ask)
    spans = [] if verbatim else _choose(_all_spans(ask, found))
    if len(results(found)) > 1:
        # Of several things that are asked for, each has its own subject, length and form: they
        # stay beside the words that they belong to.
        spans = [span for span in spans if span.kind in _OF_THE_WHOLE]
    keys, source = subject.fields(ask)
    if found.intent != "data_extraction":
        keys, source = (), ""
    inputs = _inputs(ask, given.pasted, found, source, spans)
    source_language, target = _languages(ask, found)
    return Brief(
        idea=idea,
        intent=found.intent,
        task=escape(given.ask)
        if verbatim
        else task_sentence(given.ask, spans, prose=_is_english_prose(found)),
        topic=_topic(spans),
        audience=_first(spans, "audience"),
        tone=_tones(spans),
        lengths=tuple(dict.fromkeys(span.value for span in spans if span.kind == "length")),
        format=_first(spans, "format"),
        answer_language=target or _first(spans, "language") or _own_language(found),
        source_language=source_language,
        fields=keys,
        inputs=inputs,
        variables=(
            *_variables(spans, inputs, given.pasted),
            *_missing_target(ask, found, target),
        ),
        constraints=tuple(dict.fromkeys(span.value for span in spans if span.kind == "constraint")),
        error_text=error,
        verbatim=verbatim,
        language=found.language,
        pasted=given.pasted,
        reasons=_reasons(ask, spans, inputs, keys),
    )


# What such an ask gives is a text that stands for itself; thinking and finding out are done on the
# way to one.
_RESULTS = (
    "translation", "summarization", "data_extraction", "creative_writing", "code_generation",
)  # fmt: skip


def results(found: Classification) -> tuple[Intent, ...]:
    """The asks, in their order, each of which gives a result of its own."""
    return tuple(intent for intent in found.asks if intent in _RESULTS)


_OF_THE_WHOLE = ("constraint", "audience", "tone")
_DEBUGGING = ("code_generation", "problem_solving", "other", "analysis")


def _is_structured(ask: str) -> bool:
    several_lines = len([line for line in ask.splitlines() if line.strip()]) > 2
    is_long = len(ask) > _LONG_CHARS or len(ask.split()) > _LONG_WORDS
    return several_lines or is_long or "```" in ask or "{" in ask


def _is_english_prose(found: Classification) -> bool:
    return found.language == "en" and found.intent != "code_generation"


def _ends(ask: str) -> str:
    if len(ask) <= _HEAD_CHARS + _TAIL_CHARS:
        return ask
    return f"{ask[:_HEAD_CHARS]}\n{ask[-_TAIL_CHARS:]}"


def _all_spans(ask: str, found: Classification) -> Iterable[Span]:
    if found.intent not in ("code_generation", "problem_solving", "reasoning"):
        yield from measures.lengths(ask)
    if found.intent != "code_generation":  # there, JSON and tables are what the program handles
        yield from shape.formats(ask)
    if found.intent in ("analysis", "data_extraction"):
        yield from filter(None, [labels(ask)])
    if found.intent != "translation":
        yield from shape.answer_language(ask)
    if found.intent == "planning":
        yield from filter(None, [subject.place(ask)])
        yield from measures.periods(ask)
    if found.intent in ("planning", "research", "analysis", "learning"):
        yield from measures.money(ask, of_a_plan=found.intent == "planning")
    yield from measures.ages(ask)
    yield from measures.counts(ask)
    if found.intent in ("learning", "research", "reasoning"):
        yield from filter(None, [subject.topic(ask)])
    yield from shape.audiences(ask, is_reader=found.intent in _FOR_READERS)
    yield from shape.tones(ask)
    if found.intent in ("creative_writing", "research", "learning"):
        yield from filter(None, [subject.about(ask)])
    yield from constraint_spans(ask, found.intent)
    if found.intent == "code_generation":
        yield from filter(None, [database(ask)])


def _choose(spans: Iterable[Span]) -> list[Span]:
    """No two spans that rewrite the same words: the earlier reader has the word. An audience
    may hold a slot ("a 10 year old"): both stand, and the slot is filled in both places."""
    chosen: list[Span] = []
    names: set[str] = set()
    for span in spans:
        clash = any(
            span.start < other.end and other.start < span.end
            for other in chosen
            if not (span.keep and not span.replacement)
            and not (other.keep and not other.replacement)
        )
        if clash or (span.variable and span.variable.name in names):
            continue
        if span.variable:
            names.add(span.variable.name)
        chosen.append(span)
    return sorted(chosen, key=lambda span: span.start)


def with_input(brief: Brief, noun: str) -> Brief:
    """With a variable for what the task works on, unless the idea names it or brings it along."""
    if not noun or brief.inputs or brief.verbatim or brings_text(brief.idea):
        return brief
    item = Input(noun, noun)
    return msgspec.structs.replace(
        brief,
        inputs=(item,),
        variables=(*brief.variables, _input_variable(item)),
        reasons=(*brief.reasons, ("input", noun)),
    )


def without_first_input(brief: Brief) -> Brief:
    """For a prompt that has its text already: no variable brings it a second time."""
    first = brief.inputs[0].name if brief.inputs else ""
    variables = tuple(v for v in brief.variables if v.name != first)
    return msgspec.structs.replace(brief, inputs=brief.inputs[1:], variables=variables)


def _inputs(
    ask: str, pasted: str, found: Classification, source: str, spans: list[Span]
) -> tuple[Input, ...]:
    listed: list[Input] = []
    for item, where in subject.inputs(ask, found.intent):
        # "in a table" is how the answer looks, not a table that comes with the request.
        if any(s.kind == "format" and s.start < where.end and where.start < s.end for s in spans):
            continue
        if item.name not in [other.name for other in listed]:
            listed.append(item)
    if source and found.intent == "data_extraction" and not listed:
        listed = [Input(_source_name(source), source)]
    if found.intent == "data_extraction":
        listed = listed[:1]
    comes_in = not pasted and (_VARIABLE.search(ask) is not None or brings_text(ask))
    if not listed and not comes_in:
        implied = subject.implied_input(ask, found.intent, is_pasted=bool(pasted))
        listed = [implied] if implied else []
    return tuple(listed[:3])


def _source_name(source: str) -> str:
    words = re.sub(r"[^\w\s]", "", source.lower()).split()[-2:]
    return "_".join(words).removesuffix("s") or "text"


def _variables(spans: list[Span], inputs: tuple[Input, ...], pasted: str) -> tuple[Variable, ...]:
    found = [span.variable for span in spans if span.variable]
    for index, item in enumerate(inputs):
        found.append(_input_variable(item, pasted if index == 0 else ""))
    return tuple({variable.name: variable for variable in found}.values())


def _input_variable(item: Input, pasted: str = "") -> Variable:
    return Variable(
        name=item.name,
        required=not pasted,
        default=pasted or None,
        description=f"The {_ARTICLE.sub('', item.noun)} to work on",
        example=pasted[:200] if pasted else example_of(item.name),
    )


def _languages(ask: str, found: Classification) -> tuple[str, str]:
    return (
        shape.translation_languages(ask)
        if "translation" in (found.intent, *found.asks)
        else ("", "")
    )


def _missing_target(ask: str, found: Classification, target: str) -> Iterable[Variable]:
    if found.intent == "translation" and not target and not subject.asks_for_meaning(ask):
        yield Variable(
            name="target_language", description="The language to translate into", example="Spanish"
        )


def _own_language(found: Classification) -> str:
    """People expect an answer in the language they ask in; English needs no saying."""
    if found.intent == "translation" or found.language == "en":
        return ""
    return LANGUAGE_OF_CODE.get(found.language, "")


def _first(spans: list[Span], kind: str) -> str:
    return next((span.value.strip() for span in spans if span.kind == kind), "")


def _tones(spans: list[Span]) -> tuple[str, ...]:
    words = [
        w
        for s in spans
        if s.kind == "tone"
        for w in re.split(r"\s*,\s*|\s+(?:and|but)\s+", s.value)
    ]
    return tuple(dict.fromkeys(word for word in words if word))


def _topic(spans: list[Span]) -> str:
    return next(
        (str(s.variable.default) for s in spans if s.variable and s.variable.name == "topic"), ""
    )


def _reasons(
    ask: str, spans: list[Span], inputs: tuple[Input, ...], keys: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    read = [
        (span.variable.name if span.variable else span.kind, ask[span.start : span.end].strip(" ,"))
        for span in spans
    ]
    read += [("input", item.noun) for item in inputs]
    read += [("fields", ", ".join(keys))] if keys else []
    return tuple(dict.fromkeys(read))


__all__ = ["is_list_continuation", "read_idea", "results", "with_input", "without_first_input"]
