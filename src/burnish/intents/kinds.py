"""Which kind of task a request is: an e-mail, a trip plan, a regular expression, one of about 110.

The kinds have weights of their own over the same marks, terms and vector as the intents. What is
known of the intent counts too: it was learnt from more examples, and from the context beside the
request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from burnish.intents.intent import TaskScore
from burnish.intents.trained import Request, TrainedModel, shipped_model, softmax

# How much the intent counts beside what speaks for the kind itself. Both are read from the same
# words, so its full weight would count them twice.
INTENT_WEIGHT = 0.5
SHOWN = 5


@lru_cache(maxsize=1)
def task_types() -> frozenset[str]:
    """The kinds of task that the classifier tells apart."""
    return frozenset(shipped_model("rules_kinds").classes)


def kind_chances(logits: Any, model: TrainedModel, intents: Any) -> Any:
    """Probabilities of the kinds, from their logits and the probabilities of the intents."""
    import numpy as np

    fitting = np.log(model.intents_of @ intents)
    return softmax(logits + INTENT_WEIGHT / model.temperature * fitting)


def task_scores(
    model: TrainedModel, request: Request, vector: Any, intents: Any
) -> tuple[TaskScore, ...]:
    """The likeliest kinds, best first."""
    chances = kind_chances(model.logits(request, vector), model, intents)
    order = sorted(range(len(model.classes)), key=lambda i: -float(chances[i]))[:SHOWN]
    return tuple(TaskScore(model.classes[i], round(float(chances[i]), 4)) for i in order)
