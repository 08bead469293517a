"""Two versions of a prompt on the same examples: which is better, and how sure is that?"""

import re
from types import SimpleNamespace

import burnish
from burnish.evals.report import gate

NUMBERS = [f"AB-{number}" for number in range(1001, 1013)]


def answer(request: burnish.ModelRequest) -> str:
    """In the place of a real model: it writes prose unless the prompt asks for JSON."""
    asked = request.messages[-1].content
    found = re.findall(r"[A-Z]{2}-\d{4}", asked)[-1]
    return f'{{"order": "{found}"}}' if "JSON" in asked else f"They ask for order {found}."


plugin = SimpleNamespace(models=lambda: [burnish.Fake(answer)])
rows = [
    {"inputs": {"mail": f"Where is my order {number}? I have waited a week."}, "expected": number}
    for number in NUMBERS
]
with burnish.open(plugins=[plugin]) as p:
    p.prompts.create("mail/order", "Which order is this about?\n{{ mail }}")
    p.prompts.update("mail/order", 'Answer as JSON {"order": …}: which order?\n{{ mail }}')
    done = p.evaluate(
        ["mail/order@1", "mail/order@2"],
        rows,
        models="fake:any",  # yours: openai:gpt-5-mini, ollama:llama3.2, …
        scorers=['json-field:{"parameters": {"path": "order"}}'],
        baseline="mail/order@1",
    )
    report = done.report
    for column in report.columns:
        print(column.name, column.score.mean, "of", column.score.n, column.score.interval)
    print(report.comparisons[0].text)
    print(report.recommendation.text)
    print(gate(report, min_score=0.8, baseline="mail/order@1", max_regression=0.02).text)
