"""Files that name other files, files that call their prompts the same, and those of other tools
that are found in folders by the hundred."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import burnish
from burnish.library.template_files import ImportReport
from burnish.sync_platform import Platform


@pytest.fixture
def p(tmp_path: Path) -> Iterator[Platform]:
    with burnish.open(str(tmp_path / "home")) as opened:
        yield opened


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def outcomes(report: ImportReport) -> dict[str, str]:
    return {each.name or each.file: each.outcome for each in report.files}


def problems(report: ImportReport) -> list[str]:
    return [each.problem for each in report.files if each.outcome == "bad"]


CHAT = """[
  {"role": "system", "content": {{ rules | dump }}},
  {"role": "user", "content": "About {{ topic }}"}
]
"""


def test_prompts_and_tests_that_a_configuration_names(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path / "poems",
        {
            "promptfooconfig.yaml": "prompts:\n- file://texts/two.txt\n- file://chat.json\n"
            "- id: texts/long.md\n  label: Long one\n- file://more.yaml\n- file://rows.csv\n"
            "providers: file://models.yaml\ndefaultTest: file://all.yaml\n"
            "tests:\n- file://cases.csv\n- file://cases/*.json\n",
            "texts/two.txt": "First on {{topic}}\n---\n\nSecond on {{topic}}\nand more\n",
            "texts/long.md": "# Long\n\n{{topic}}",
            "chat.json": CHAT,
            "more.yaml": "- file://texts/third.txt\n- label: Fourth\n  raw: Say {{topic}}\n",
            "texts/third.txt": "Third",
            "rows.csv": "prompt,label\nRow on {{topic}},A row\n",
            "models.yaml": "- id: openai:gpt-4o\n  config: {temperature: 0.5}\n",
            "all.yaml": "vars: {rules: Be kind}\n",
            "cases.csv": "topic,__expected,__description\nsea,contains: blue,wet\nsky,Blue.,\n",
            "cases/one.json": '[{"vars": {"topic": "sand"}}]',
        },
    )
    report = p.import_(folder / "promptfooconfig.yaml")
    assert outcomes(report) == dict.fromkeys(
        ["poems/two-1", "poems/two-2", "poems/chat", "Long one", "poems/third", "Fourth", "A row"],
        "new",
    )
    second = p.prompts.get("poems/two-2").version
    assert second.messages[0].content == "Second on {{topic}}\nand more"
    assert second.config == {"model": "openai:gpt-4o", "temperature": 0.5}
    tests = second.metadata["tests"]
    assert [each["inputs"]["topic"] for each in tests] == ["sea", "sky", "sand"]
    assert tests[0]["checks"] == [{"type": "contains", "value": "blue"}]
    assert (tests[0]["description"], tests[1]["expected"]) == ("wet", "Blue.")
    chat = p.prompts.render("poems/chat", {"topic": 'the "sea"\n'})
    assert [(m.role, m.content) for m in chat.messages] == [
        ("system", "Be kind"),
        ("user", 'About the "sea"\n'),
    ]
    again = p.import_(folder / "promptfooconfig.yaml")
    assert set(outcomes(again).values()) == {"unchanged"}


def test_files_that_a_configuration_brings_are_not_brought_twice(
    tmp_path: Path, p: Platform
) -> None:
    folder = put(
        tmp_path,
        {
            "in/poems/promptfooconfig.yaml": "prompts: [file://chat.json]\ntests: file://t.yaml\n",
            "in/poems/chat.json": '[{"role": "user", "content": "Hi {{ name }}"}]',
            "in/poems/t.yaml": "- vars: {name: Ann}\n",
        },
    )
    assert outcomes(p.import_(folder / "in")) == {"poems": "new"}
    assert p.prompts.get("poems").version.variables[0].example == "Ann"


def test_values_of_tests_in_files_and_lists(tmp_path: Path, p: Platform) -> None:
    talk = "[{role: user, content: Hi}, {role: user, content: Bye}]"
    folder = put(
        tmp_path / "v",
        {
            "promptfooconfig.yaml": "prompts: ['{{a}} {{b}} {{c}} {{talk}}']\n"
            "defaultTest: {vars: {a: file://a.txt}}\n"
            f"tests:\n- vars: {{b: file://b.json, c: [x, y], talk: {talk}}}\n"
            "- vars: {c: file://../c.txt}\n",
            "a.txt": "A text",
            "b.json": '{"k": 1}',
        },
    )
    report = p.import_(folder / "promptfooconfig.yaml")
    tests = p.prompts.get("v").version.metadata["tests"]
    first = {"role": "user", "content": "Hi"}
    assert [each["inputs"].get("c") for each in tests] == ["x", "y", "file://../c.txt"]
    assert (tests[0]["inputs"]["a"], tests[0]["inputs"]["b"]) == ("A text", {"k": 1})
    assert tests[0]["inputs"]["talk"][0] == first
    assert any("stays the name of a file" in note for note in report.files[0].notes)


def test_scenarios_are_tests_with_each_of_their_values(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path / "words",
        {
            "promptfooconfig.yaml": "prompts: ['{{word}} in {{tongue}}']\nscenarios:\n"
            "- config:\n  - vars: {tongue: French}\n  - vars: {tongue: Dutch}\n"
            "  tests:\n  - vars: {word: sea}\n    assert: [{type: contains, value: a}]\n"
            "  - vars: {word: sky}\n"
        },
    )
    p.import_(folder / "promptfooconfig.yaml")
    tests = p.prompts.get("words").version.metadata["tests"]
    assert [(t["inputs"]["tongue"], t["inputs"]["word"]) for t in tests] == [
        ("French", "sea"),
        ("French", "sky"),
        ("Dutch", "sea"),
        ("Dutch", "sky"),
    ]
    assert tests[0]["checks"] == [{"type": "contains", "value": "a"}]


def test_lengths_pairs_and_whole_chats_of_nunjucks(tmp_path: Path, p: Platform) -> None:
    path = put(
        tmp_path,
        {
            "n/promptfooconfig.yaml": "prompts:\n- id: file://all.json\n  label: all\n"
            "- label: logic\n  raw: '{% for k, v in pairs %}{{k}}={{v}};{% endfor %}"
            "{{ pairs.length }} of x.length'\ntests: []\n",
            "n/all.json": "{{ messages | dump }}\n",
        },
    )
    p.import_(path / "n" / "promptfooconfig.yaml")
    said = p.prompts.render("logic", {"pairs": {"a": 1, "b": 2}})
    assert said.user == "a=1;b=2;2 of x.length"
    assert p.prompts.get("all").version.messages[0].role == "placeholder"


SECRET = "nobody's business"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("file://../secret.txt", "outside the folder"),
        ("file://sub/../../secret.txt", "outside the folder"),
        ("file://link.txt", "outside the folder"),
        ("file://{root}/secret.txt", "no path from this file"),
        ("file://C:/secret.txt", "no path from this file"),
        ("file://../*.txt", "no file that is there"),
        ("file://.hidden.txt", "is not there"),
        ("file://.dir/inside.txt", "is not there"),
        ("file://data.bin", "no text file"),
        ("file://latin.txt", "not UTF-8"),
        ("file://huge.txt", "has more than 1 MiB"),
        ("file://absent.txt", "is not there"),
        ("file://folder.txt", "is not there"),
        ("file://itself.yaml", "too many times"),
        ("file://make.py:texts", "never run"),
        ("exec:./make.sh", "never run"),
        ("https://example.org/secret.txt", "another place"),
    ],
)
def test_what_is_not_there_to_be_read_is_not_read(
    tmp_path: Path, p: Platform, address: str, told: str
) -> None:
    put(tmp_path, {"secret.txt": SECRET})
    folder = put(
        tmp_path / "in",
        {
            ".hidden.txt": SECRET,
            ".dir/inside.txt": SECRET,
            "sub/x.txt": "x",
            "data.bin": SECRET,
            "make.py": f"print({SECRET!r})",
            "huge.txt": SECRET * 100_000,
            "itself.yaml": "- file://itself.yaml\n",
        },
    )
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "folder.txt").mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    prompts = [address.replace("{root}", str(tmp_path)), "An honest one on {{x}}"]
    config = {"prompts": prompts, "tests": prompts[0]}
    put(folder, {"promptfooconfig.json": json.dumps(config)})
    report = p.import_(folder / "promptfooconfig.json")
    assert told in "".join(problems(report))
    assert report.new == 1
    held = p.export_(format="burnish").files
    assert SECRET not in "".join(held.values())


def test_the_folder_above_may_be_imported_as_a_whole(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path / "in",
        {
            "evals/promptfooconfig.yaml": "prompts: [file://../texts/*.txt]\ntests: []\n",
            "texts/a.txt": "Text a",
            "texts/b.txt": "Text b",
        },
    )
    assert outcomes(p.import_(folder)) == {"evals/a": "new", "evals/b": "new"}


def test_examples_in_a_file_beside(tmp_path: Path, p: Platform) -> None:
    shots = {
        "_type": "few_shot",
        "prefix": "Opposites.",
        "example_prompt": {"_type": "prompt", "template": "{a} - {b}"},
        "examples": "pairs.yaml",
        "suffix": "{word} -",
    }
    folder = put(
        tmp_path,
        {
            "shots.json": json.dumps(shots),
            "pairs.yaml": "- {a: hot, b: cold}\n",
            "path.json": '{"_type": "prompt", "template_path": "t.txt"}',
            "t.txt": "Say {word}",
        },
    )
    p.import_(folder / "shots.json")
    p.import_(folder / "path.json")
    assert p.prompts.render("shots", {"word": "wet"}).user == "Opposites.\n\nhot - cold\n\nwet -"
    assert p.prompts.render("path", {"word": "wet"}).user == "Say wet"


def test_values_to_try_in_a_file_beside(tmp_path: Path, p: Platform) -> None:
    head = "---\nname: {}\nsample: {}\n---\nsystem:\n{{{{ place }}}} {{{{ n }}}}\n"
    folder = put(
        tmp_path,
        {
            "a.prompty": "\n" + head.format("a", "${file:sample.json}"),
            "b.prompty": head.format("b", "absent.json"),
            "sample.json": '{"place": "Rome", "n": 3}',
        },
    )
    p.import_(folder / "a.prompty")
    report = p.import_(folder / "b.prompty")
    found = {v.name: (v.type, v.example) for v in p.prompts.get("a").version.variables}
    assert found == {"place": ("string", "Rome"), "n": ("number", 3)}
    assert p.prompts.get("b").version.metadata["sample"] == "absent.json"
    assert report.new == 1


def test_texts_by_their_names(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path,
        {
            "texts.yaml": "hello: |\n  Greet {who}\n  warmly\nbye: Take leave\n",
            "slip.yaml": "name: x/y\nuser_promt: |\n  Two\n  lines\n",
        },
    )
    assert outcomes(p.import_(folder / "texts.yaml")) == {"texts/hello": "new", "texts/bye": "new"}
    assert p.prompts.render("texts/hello", {"who": "Ann"}).user == "Greet Ann\nwarmly\n"
    assert "did you mean 'user_prompt'" in problems(p.import_(folder / "slip.yaml"))[0]


def test_files_that_call_their_prompts_the_same_stay_apart(tmp_path: Path, p: Platform) -> None:
    text = "---\nname: Basic\n---\nsystem:\n{}\n"
    folder = put(
        tmp_path / "in",
        {
            "one.prompty": text.format("One"),
            "sub/two.prompty": text.format("Two"),
            "zoo/same.prompty": text.format("One"),
            "patterns/wisdom/system.md": "Find wisdom",
            "patterns/claims/system.md": "Find claims",
        },
    )
    expected = ["Basic", "sub/two", "patterns/wisdom/system", "patterns/claims/system"]
    report = p.import_(folder)
    assert outcomes(report) == dict.fromkeys(expected, "new") | {"Basic": "unchanged"}
    assert any("a Basic of its own" in note for each in report.files for note in each.notes)
    assert p.prompts.get("sub/two").version.messages[0].content == "Two"
    assert set(outcomes(p.import_(folder)).values()) == {"unchanged"}


def test_files_of_a_common_name_are_called_as_their_folder(tmp_path: Path, p: Platform) -> None:
    for folder in ("cats", "dogs"):
        put(tmp_path / folder, {"promptfooconfig.yaml": f"prompts: [On {folder}]\ntests: []\n"})
        put(tmp_path / folder / "config", {"tasks.yaml": "t: {description: x, expected_output: y}"})
        assert outcomes(p.import_(tmp_path / folder / "promptfooconfig.yaml")) == {folder: "new"}
        p.import_(tmp_path / folder / "config" / "tasks.yaml")
    assert [each.name for each in p.prompts.list(sort="name").items] == [
        *("cats", "cats/tasks/t", "dogs", "dogs/tasks/t"),
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("in/promptfooconfig-best.yaml", "in/best"),
        ("in/promptfooconfig.one.yaml", "in/one"),
        ("promptfoo/promptfooconfig.yaml", "promptfoo"),
        ("in/promptfoo.yaml", "in"),
        ("in/mine.yaml", "mine"),
    ],
)
def test_a_configuration_is_called_as_it_or_its_folder_is(
    tmp_path: Path, p: Platform, path: str, name: str
) -> None:
    put(tmp_path, {path: "prompts: [Hi]\ntests: []\n"})
    assert outcomes(p.import_(tmp_path / path)) == {name: "new"}


def test_an_archive_gives_its_name_and_the_files_that_it_holds(tmp_path: Path, p: Platform) -> None:
    put(tmp_path, {"secret.txt": SECRET})
    with zipfile.ZipFile(tmp_path / "poems.zip", "w") as packed:
        config = "prompts: [file://a.txt, file://../secret.txt, file://b.md]\ntests: []\n"
        packed.writestr("promptfooconfig.yaml", config)
        packed.writestr("a.txt", "In a")
        packed.writestr("b.md", "In b")
    report = p.import_(tmp_path / "poems.zip")
    assert outcomes(report) == {
        "poems/a": "new",
        "poems/b": "new",
        "promptfooconfig.yaml": "bad",
    }
    assert ["outside the folder" in problem for problem in problems(report)] == [True]


def test_agents_and_tasks(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path / "crew",
        {
            "agents.yaml": "baker:\n  role: '{kind} baker'\n  goal: Bake {kind}\n"
            "  backstory: Flour is your life.\n  llm: openai/gpt-4o\n  tools: [oven]\n",
            "tasks.yaml": 'bake:\n  description: >\n    Bake for {who} as {"n": 1}\n'
            "  expected_output: Loaves\n  agent: baker\n",
        },
    )
    report = p.import_(folder)
    assert outcomes(report) == {"crew/agents/baker": "new", "crew/tasks/bake": "new"}
    agent = p.prompts.render("crew/agents/baker", {"kind": "rye"})
    assert agent.messages[0].role == "system"
    assert (
        agent.messages[0].content == "You are rye baker. Flour is your life.\n\nYour goal: Bake rye"
    )
    held = p.prompts.get("crew/agents/baker").version
    assert held.config == {"model": "openai:gpt-4o"}
    assert held.metadata["agent"]["tools"] == ["oven"]
    task = p.prompts.render("crew/tasks/bake", {"who": "Ann"}).user
    assert task == 'Bake for Ann as {"n": 1}\n\nExpected output: Loaves'


def test_rules_commands_and_agents_of_assistants(tmp_path: Path, p: Platform) -> None:
    folder = put(
        tmp_path,
        {
            "rule.mdc": "---\ndescription:\nglobs: **/*.ts,*.tsx\nalwaysApply: false\n---\n"
            "Use {{#each x}} and {% widget %}",
            "review.md": "---\nargument-hint: [what] [--deep]\nallowed-tools: Read\n"
            "model: claude-opus-4-1\n---\nReview $ARGUMENTS, not ${HOME}",
            "agent.md": "---\nname: helper\ndescription: Helps. Example:\n\n"
            'user: "do: it"\ntools: Bash\n---\nYou help.',
            "make.prompt.md": "---\nmode: agent\n---\nTest ${input:file name:which}${input:part:x}",
            "torn.md": "---\nname: torn\ntags: [a\n---\nText",
        },
    )
    report = p.import_(folder)
    by_file = {each.file: each for each in report.files}
    assert [name for name, each in by_file.items() if each.outcome == "bad"] == ["torn.md"]
    rule = p.prompts.get("rule").version
    assert p.prompts.render("rule").user == "Use {{#each x}} and {% widget %}"
    assert rule.metadata["globs"] == "**/*.ts,*.tsx"
    assert any("line by line" in note for note in by_file["rule.mdc"].notes)
    assert any("line 6" in note for note in by_file["rule.mdc"].notes)
    review = p.prompts.get("review").version
    assert review.config == {"model": "anthropic:claude-opus-4-1"}
    said = p.prompts.render("review", {"arguments": "it"}).user
    assert said == "Review it, not ${HOME}"
    assert 'user: "do: it"' in p.prompts.get("helper").prompt.description
    made = p.prompts.render("make", {"part": "z"}).user
    assert made == "Test ${input:file name:which}z"


def test_lines_of_an_evaluation(tmp_path: Path, p: Platform) -> None:
    chat = [{"role": "system", "content": "One word."}, {"role": "user", "content": "Hot?"}]
    put(
        tmp_path,
        {
            "s.jsonl": json.dumps({"input": chat, "ideal": ["cold", "Cold"]}) + "\n",
            "shots.jsonl": json.dumps({"sample": chat}) + "\n",
            "data.jsonl": '{"a": 1}\n{"a": 2}\n',
        },
    )
    p.import_(tmp_path / "s.jsonl")
    p.import_(tmp_path / "shots.jsonl")
    held = p.prompts.get("s-1").version
    assert held.metadata["tests"][0]["expected"] == ["cold", "Cold"]
    assert len(p.prompts.get("shots-1").version.messages) == 2
    assert problems(p.import_(tmp_path / "data.jsonl")) == [
        "has no line that is a chat or a request"
    ]


def test_prompt_files_of_github(tmp_path: Path, p: Platform) -> None:
    text = (
        "name: Sum up\ndescription: Shortens\nmodel: openai/gpt-4o-mini\n"
        "modelParameters: {temperature: 0.5, top_p: 0.9}\n"
        "messages:\n- {role: system, content: Be short}\n- {role: user, content: '{{input}}'}\n"
        "testData:\n- {input: A long one, expected: One}\n"
    )
    p.import_(put(tmp_path, {"sum.prompt.yml": text}) / "sum.prompt.yml")
    got = p.prompts.get("Sum up")
    assert got.prompt.description == "Shortens"
    assert got.version.config == {"model": "openai:gpt-4o-mini", "temperature": 0.5}
    assert got.version.metadata["top_p"] == 0.9
    test = got.version.metadata["tests"][0]
    assert (test["inputs"], test["expected"]) == ({"input": "A long one"}, "One")


def test_a_program_is_no_prompt_file(tmp_path: Path, p: Platform) -> None:
    path = put(tmp_path, {"promptfooconfig.js": "process.exit(1)"}) / "promptfooconfig.js"
    assert "is never run" in problems(p.import_(path))[0]


def test_a_table_of_acts_asks_for_its_values(tmp_path: Path, p: Platform) -> None:
    text = 'act,prompt,type\nHost,"Ask ${Guest} of ${Time of day:noon}, in {x}",TEXT\n'
    p.import_(put(tmp_path, {"acts.csv": text}) / "acts.csv")
    assert p.prompts.render("Host", {"Guest": "Ann"}).user == "Ask Ann of noon, in {x}"


def test_a_conversation_written_out_as_a_loop(tmp_path: Path, p: Platform) -> None:
    text = (
        "---\nname: chat\n---\nsystem:\nHelp {{ name }}.\n"
        "{% for item in history %}\n{{item.role}}:\n{{item.content}}\n{% endfor %}\n"
        "user:\n{{ question }}\n"
    )
    p.import_(put(tmp_path, {"chat.prompty": text}) / "chat.prompty")
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
    values = {"name": "Ann", "history": history, "question": "Why?"}
    made = p.prompts.render("chat", values)
    assert [m.content for m in made.messages] == ["Help Ann.", "Hi", "Yes?", "Why?"]
