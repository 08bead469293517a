"""Files of examples: every format that is understood, and files that mean harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import UsageError
from burnish.evals.datasets import read_examples
from burnish.evals.datasets.splits import split_of
from burnish.storage.example import Example, ScorerSpec

TASKS = Path(__file__).parents[4] / "shared" / "data" / "tasks"


def read(folder: Path, name: str, content: str | bytes, **how: Any) -> list[Example]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_examples(path, **how))


def refused(folder: Path, name: str, content: str | bytes, **how: Any) -> str:
    with pytest.raises(UsageError) as told:
        read(folder, name, content, **how)
    assert told.value.hint
    return told.value.what


def test_a_table(tmp_path: Path) -> None:
    first, second = read(
        tmp_path,
        "a.csv",
        "id,question,expected,tags,split,metadata.source,description\r\n"
        '7,"He said ""hi""\r\nand, left",Ann,"a, b",validation,web,greets\r\n'
        ",2+2,,,,,\r\n",
    )
    assert first == Example(
        id="7",
        inputs={"question": 'He said "hi"\r\nand, left'},
        expected="Ann",
        tags=("a", "b"),
        split="dev",
        metadata={"source": "web", "description": "greets"},
    )
    assert (second.inputs, second.expected, second.metadata) == ({"question": "2+2"}, None, {})
    assert len(second.id) == 20
    assert second.split == split_of(second.id)


@pytest.mark.parametrize("ending", ["tsv", "csv"])
def test_other_separators_a_mark_and_columns_without_a_name(tmp_path: Path, ending: str) -> None:
    content = b"\xef\xbb\xbf\tCustomer name\tanswer\n0\tAnn\tyes\n\n1\tBob\tno\n"
    found = read(tmp_path, f"a.{ending}", content)
    assert [(e.inputs, e.expected) for e in found] == [
        ({"Customer_name": "Ann"}, "yes"),
        ({"Customer_name": "Bob"}, "no"),
    ]


@pytest.mark.parametrize("name", ["expected", "target", "answer", "output", "ideal", "completion"])
def test_the_right_answer_has_many_names(tmp_path: Path, name: str) -> None:
    (found,) = read(tmp_path, "a.jsonl", json.dumps({"input": "x", name: {"n": [1]}}))
    assert (found.inputs, found.expected) == ({"input": "x"}, {"n": [1]})


def test_fields_get_other_names(tmp_path: Path) -> None:
    line = json.dumps({"text": "x", "label": "spam", "note": 3})
    renames = {"expected": "label", "message": "text", "metadata.note": "note"}
    (found,) = read(tmp_path, "a.jsonl", line, renames=renames)
    assert (found.inputs, found.expected, found.metadata) == (
        {"message": "x"},
        "spam",
        {"note": 3},
    )
    assert "no field 'lable'" in refused(tmp_path, "a.jsonl", line, renames={"expected": "lable"})


def test_lists_in_json_and_yaml(tmp_path: Path) -> None:
    rows = [{"inputs": {"a": 1, "b": [True]}, "expected": 2, "other": "kept"}, {"a": "x"}]
    listed = read(tmp_path, "a.json", json.dumps(rows))
    assert listed[0].inputs == {"a": 1, "b": [True]}
    assert listed[0].metadata == {"other": "kept"}
    assert read(tmp_path, "b.json", json.dumps({"examples": rows})) == listed
    text = "examples:\n- inputs: {a: 1, b: [true]}\n  expected: 2\n  other: kept\n- a: x\n"
    assert read(tmp_path, "c.yaml", text) == listed


def test_chats_of_openai(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Be short."}
    question = {"role": "user", "content": [{"type": "text", "text": "2+2?"}]}
    answer = {"role": "assistant", "content": "4"}
    lines = [
        {"messages": [system, question, answer]},
        {"messages": [question]},
        {"input": [system, question], "ideal": "four"},
    ]
    found = read(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))
    plain = {"role": "user", "content": "2+2?"}
    assert [(e.inputs, e.expected) for e in found] == [
        ({"messages": [system, plain], "input": "2+2?"}, "4"),
        ({"messages": [plain], "input": "2+2?"}, None),
        ({"messages": [system, plain], "input": "2+2?"}, "four"),
    ]


PROMPTFOO = """
prompts: ["Say {{word}} in {{lang}}"]
defaultTest:
  vars: {lang: en}
  assert: [{type: latency, threshold: 2000}]
tests:
  - description: greets
    vars: {word: hello}
    assert:
      - {type: contains, value: hello, weight: 2, metric: says}
      - {type: rouge-n, value: hello there, threshold: 0.5, config: {n: 2}}
  - vars: {word: [a, b]}
    assert: [{type: equals, value: done}]
  - file://more.csv
"""


def test_tests_of_promptfoo(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("word,lang,__expected\nmiau,de,icontains: miau\n")
    found = read(tmp_path, "promptfooconfig.yaml", PROMPTFOO)
    # As our own scorers have it: the most that passes is what is compared with.
    slow = ScorerSpec(name="latency", value=2000.0)
    assert [(e.inputs, e.expected) for e in found] == [
        ({"word": "hello", "lang": "en"}, None),
        ({"word": "a", "lang": "en"}, "done"),
        ({"word": "b", "lang": "en"}, "done"),
        ({"word": "miau", "lang": "de"}, None),
    ]
    assert found[0].scorers == (
        ScorerSpec(name="contains", value="hello", weight=2, metric="says"),
        # What cannot be kept is not passed over in silence.
        ScorerSpec(
            name="unsupported",
            value="the assertion rouge-n has 'config', which is not taken over; "
            "leave it out, or write the scorer in Burnish's own form",
            weight=0.0,
            metric="rouge-n",
        ),
        slow,
    )
    assert found[0].metadata == {"description": "greets"}
    assert found[3].scorers == (ScorerSpec(name="icontains", value="miau"), slow)


def test_a_promptfoo_table(tmp_path: Path) -> None:
    text = (
        "word,__expected1,__expected2,__metric,__threshold,__description,__metadata:kind\n"
        'x,"contains-any: a, b",not-equals: c,m,0.5,first,web\n'
        "y,plain,,,,,\n"
    )
    first, second = read(tmp_path, "a.csv", text)
    assert first.scorers == (
        ScorerSpec(name="contains-any", value=["a", "b"], threshold=0.5, metric="m"),
        ScorerSpec(name="not-exact", value="c", metric="m", parameters={"strip": False}),
    )
    assert first.metadata == {"kind": "web", "description": "first"}
    assert (second.expected, second.scorers) == (
        "plain",
        (ScorerSpec(name="exact", value="plain", parameters={"strip": False}),),
    )


def test_files_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("word,__expected\nsecret,equals: key\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "secret.csv")
    for path in ("../secret.csv", "file://../secret.csv", str(tmp_path / "secret.csv"), "link.csv"):
        text = f"tests:\n- {path}\n- vars: {{a: b}}\n"
        found = read(tmp_path / "in", "c.yaml", text)
        assert [e.inputs for e in found] == [{"a": "b"}], path


@pytest.mark.skipif(not TASKS.is_dir(), reason="the public tasks are not on this machine")
@pytest.mark.parametrize("path", sorted(TASKS.glob("*.jsonl")), ids=lambda p: p.stem)
def test_public_tasks(path: Path) -> None:
    found = list(read_examples(path))
    assert len(found) > 100
    assert len({e.id for e in found}) == len(found)
    assert path.stem == "ifeval" or all(e.expected for e in found)


def test_repeats_are_left_out_and_other_scorers_make_another_example(tmp_path: Path) -> None:
    lines = [
        {"input": "x", "answer": "1"},
        {"input": "x", "answer": "1", "tags": ["later"]},
        {"input": "x", "answer": "2"},
        {"input": "x", "answer": "1", "assert": [{"type": "is-json"}]},
        {"id": "own", "input": "x", "answer": "1"},
    ]
    found = read(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert [(e.expected, len(e.scorers), e.tags) for e in found] == [
        ("1", 0, ()),
        ("2", 0, ()),
        ("1", 1, ()),
    ]


def test_one_id_for_two_things_names_both_lines(tmp_path: Path) -> None:
    text = "id,x,answer\n1,a,b\n2,a2,b\n1,c,d\n"
    told = refused(tmp_path, "a.csv", text)
    assert told == "a.csv, line 4: has the id '1', as line 2 has, which says something else"
    same = "id,x,answer\n1,a,b\n1,a,b\n"
    assert len(read(tmp_path, "b.csv", same)) == 1


MB = 1024 * 1024
BAD: list[tuple[str, str | bytes, str]] = [
    ("a.jsonl", '{"x": 1}\n{"x": ', "a.jsonl, line 2: is cut short"),
    ("a.jsonl", '{"x": NaN}', "line 1: is not valid JSON"),
    ("a.jsonl", '{"x": 1e999}', "line 1: holds a number that is too large"),
    ("a.jsonl", '{"x": "\\u0000"}', "line 1: holds NUL"),
    ("a.jsonl", '{"x": "\\ud800"}', "line 1: is"),
    ("a.jsonl", b'{"x": 1}\n{"x": "\xff"}', "line 2: is not UTF-8"),
    ("a.jsonl", '{"x": 1}\n{"x": ' + "[" * 500 + "]" * 500 + "}", "line 2: is nested too deeply"),
    ("a.jsonl", "{" * 2_000_000, "line 1: has more than 1 MiB"),
    ("a.jsonl", '{"x": 1}\n{"x": "' + "y" * MB + '"}\n{"x": 2}', "line 2: has more than 1 MiB"),
    ("a.jsonl", '[1, 2]\n{"x": 1}', "line 1: has no fields"),
    ("a.jsonl", "", "has no examples"),
    ("a.jsonl", '{"id": 1, "tags": ["a"]}', "line 1: has no inputs"),
    ("a.jsonl", '{"id": [1], "x": 1}', "line 1: its id is neither"),
    ("a.jsonl", '{"id": "a\\nb", "x": 1}', "line 1: its id has"),
    ("a.jsonl", '{"split": "holdout", "x": 1}', "'holdout' is no split"),
    ("a.jsonl", '{"tags": {"a": 1}, "x": 1}', "tags are neither"),
    ("a.jsonl", '{"a b": 1, "a_b": 2}', "the same variable"),
    ("a.jsonl", '{"x": 1, "assert": [{"value": 1}]}', "has no type"),
    ("a.jsonl", '{"x": 1, "assert": [{"type": "f", "weight": -1}]}', "below 0"),
    ("a.jsonl", '{"x": 1, "scorers": [{"nam": "f"}]}', "name"),
    ("a.jsonl", '{"messages": [{"role": "assistant", "content": "x"}]}', "no message of the user"),
    ("a.csv", "", "is empty"),
    ("a.csv", "x,answer\na,b\nc\n", "line 3: has 1 cell; the heading has 2"),
    ("a.csv", "x,answer\na,b,c\n", "line 2: has 3 cells"),
    ("a.csv", "x,x\na,b\n", "two columns 'x'"),
    ("a.csv", b"x,answer\na,b\nM\xfcller,c\n", "line 3: is not UTF-8"),
    ("a.csv", b"x,answer\n" + b'"' + b"y\n" * MB, "line 2: has more than 1 MiB; is a quote not"),
    ("a.csv", "x,answer\n" + "y" * MB + ",b\n", "line 2: has more than 1 MiB"),
    ("a.csv", 'x,answer\n"a" b,c\n', "line 2: cannot be read"),
    ("a.csv", ",".join(f"c{n}" for n in range(10_000)) + "\n", "10,000 columns"),
    ("a.csv", "x\ra\rb", "carriage return"),
    ("a.csv", "x\n\0\n", "NUL"),
    ("a.csv", b"\xff\xfex\0\n\0", "not UTF-8"),
    ("a.json", "[" * 100_000, "nested too deeply"),
    ("a.json", '{"name": 1}', "has no list of examples"),
    ("a.json", "[1]", "item 1: has no fields"),
    ("a.json", json.dumps([{"x": "y" * MB}]), "item 1: has more than 1 MiB"),
    ("a.yaml", "a: &a [x]\nb: &b [*a, *a]\n- c", "a.yaml, line 3: is not valid YAML"),
    ("a.yaml", "!!python/object/apply:os.system ['true']", "tag"),
    ("a.txt", "x", "the format of a.txt is not known"),
]


@pytest.mark.parametrize(("name", "content", "told"), BAD, ids=[told for _, _, told in BAD])
def test_what_is_bad_is_refused_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    assert told in refused(tmp_path, name, content)


def test_aliases_cannot_multiply(tmp_path: Path) -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases" in refused(tmp_path, "a.yaml", "\n".join(lines))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_examples(tmp_path / "none.csv"))
