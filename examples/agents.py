"""An agent that is there already takes its prompts from files."""

from pathlib import Path
from tempfile import TemporaryDirectory

import burnish
from burnish.agents import PromptedAgent

SUMMARY = """\
system: You write for {readers}.
user: "Summarise in one sentence: {text}"
variables: [readers, text]
max_length: 80
"""


class BaseAgent:
    """It knows nothing of Burnish; a model would answer here."""

    def generate(self, prompt: str) -> str:
        long = "Meeting moved, and as so often nobody can say why or for how long this time round."
        return "The meeting was moved to Friday." if "refused" in prompt else long


class Editor(PromptedAgent, BaseAgent):
    agent_name = "editor"


with TemporaryDirectory() as folder, burnish.open() as p:
    file = Path(folder, "editor", "summarise_v1.yaml")
    file.parent.mkdir()
    file.write_text(SUMMARY, encoding="utf-8")
    print(p.import_(folder).new, "new")

    editor = Editor()
    editor.prompt_platform = p
    values = {"readers": "residents", "text": "The council met and put off the meeting."}
    answer = editor.generate_from_template("summarise", **values)
    print(answer)
    answer.rate(0.8)
    p.flush()
    run = p.runs.get(answer.run_id)
    print(f"{run.prompt}: {run.retries} repeat, kept the rules: {run.valid}")
    print("again from memory:", editor.generate_from_template("summarise", **values).cached)
