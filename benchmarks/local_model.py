"""The built-in model: how long it takes to load, read and write, its memory, and what `generate`
makes with it.

    python benchmarks/local_model.py                     about eight minutes on two cores

Each figure of speed comes from a process of its own, three times; the best counts of times, since
the machine may be shared, the median of memory. Processor time is that of the whole process, the
model's threads with it. The ideas are asked for one by one with the settings as they come, so an
answer that breaks a rule is asked for again once.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from _report import report

ROUNDS = 3
NAME = "smollm2-135m"
WRITTEN_TOKENS = 128
SHORT_WORDS, LONG_WORDS = 100, 2_900
IDEAS = (
    "summarise support tickets for my boss",
    "write a scary story about a lighthouse for teenagers",
    "write a blog post about why we moved our servers out of the cloud",
    "python function that removes duplicates from a list and keeps the order",
    "plan a three day trip to Lisbon with two children",
    "reply to a customer whose parcel is late",
    "extract names, dates and amounts from invoices as JSON",
    "explain photosynthesis to a ten year old",
)

# What Burnish says of an answer that it refuses, as far as it is the same for each.
RULES = (
    "lost the variable",
    "lost the layout",
    "says the same again and again",
    "too short",
    "longer than",
    "too many variables",
    "template syntax",
    "another language",
    "unchanged",
    "it lost",
)


class Spent(NamedTuple):
    wall_s: float
    cpu_s: float


class Watch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def speed(folder: str) -> dict[str, float]:
    """What one process sees, from the first call to the end."""
    from burnish.models.local import Local
    from burnish.models.model import ModelReply, ModelRequest
    from burnish.models.options import ProviderOptions
    from burnish.prompts.prompt import Message

    model = Local(ProviderOptions(provider="local", base_url=""), folder=Path(folder))

    async def ask(text: str, most: int) -> tuple[ModelReply, Spent]:
        request = ModelRequest(
            model=NAME,
            messages=(Message("user", text),),
            max_tokens=most,
            temperature=0.0,
            extra={"ignore_eos": True},
        )
        watch = Watch()
        reply = await model.complete(request)
        return reply, watch.spent()

    def read(reply: ModelReply, spent: Spent) -> float:
        """Tokens that were not read before, of a call that writes one."""
        return ((reply.usage.input_tokens or 0) - reply.usage.cached_tokens) / spent.cpu_s

    before = resident_mb()
    _, first = await ask("Say hello.", 1)
    loaded = resident_mb()
    short = read(*await ask("river " * SHORT_WORDS, 1))
    # The same question once more: nothing is left to read but its end.
    await ask("Tell a story about the sea.", 1)
    reply, wrote = await ask("Tell a story about the sea.", WRITTEN_TOKENS)
    long_reply, long_spent = await ask("stone " * LONG_WORDS, 1)
    full = resident_mb()
    await model.close()
    return {
        "first_call_s": first.wall_s,
        "first_call_cpu_s": first.cpu_s,
        "written_a_cpu_s": (reply.usage.output_tokens or 0) / wrote.cpu_s,
        "short_tokens_a_cpu_s": short,
        "long_tokens_a_cpu_s": read(long_reply, long_spent),
        "long_tokens": float(long_reply.usage.input_tokens or 0),
        "loaded_mb": loaded - before,
        "full_mb": full - before,
        "given_back_mb": full - resident_mb(),
    }


async def generated(folder: str, home: str) -> list[dict[str, Any]]:
    """What becomes of each idea."""
    import burnish
    from burnish.settings import WRITING

    found: list[dict[str, Any]] = []
    (Path(home) / "models").symlink_to(folder, target_is_directory=True)
    async with burnish.open_async(home) as p:
        for idea in IDEAS:
            watch = Watch()
            made = await p.generate(idea, model=f"local:{NAME}", count=1)
            spent = watch.spent()
            phases = made.best.phases
            written = [phase for phase in phases if phase.phase in WRITING]
            found.append(
                {
                    # What a model gave back unchanged is the outline still.
                    "by_model": any(not phase.kept for phase in written),
                    "kept": [phase.kept for phase in written if phase.kept],
                    "seconds": spent.wall_s,
                    "cpu_s": spent.cpu_s,
                    "retries": sum(phase.retries for phase in phases),
                }
            )
    return found


def child(what: str, *folders: str) -> Any:
    command = [sys.executable, __file__, what, *folders]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def speeds(folder: str) -> list[dict[str, Any]]:
    rounds: list[dict[str, float]] = [child("speed", folder) for _ in range(ROUNDS)]

    def best(name: str) -> float:
        return max(one[name] for one in rounds)

    def median(name: str) -> int:
        return round(statistics.median(one[name] for one in rounds))

    first = min(rounds, key=lambda one: one["first_call_s"])
    return [
        {
            "what": "first call, loading included",
            "seconds": round(first["first_call_s"], 2),
            "cpu_s": round(first["first_call_cpu_s"], 2),
        },
        {
            "what": "tokens written for a second of processor time",
            "tokens": round(best("written_a_cpu_s")),
        },
        {
            "what": "tokens of a short prompt read for a second of processor time",
            "tokens": round(best("short_tokens_a_cpu_s")),
        },
        {
            "what": f"tokens of a prompt of {median('long_tokens'):,} read for a second of it",
            "tokens": round(best("long_tokens_a_cpu_s")),
        },
        {
            "what": "memory that the process gains, room for 4,096 tokens",
            "loaded_mb": median("loaded_mb"),
            "after_the_long_prompt_mb": median("full_mb"),
            "given_back_by_closing_mb": median("given_back_mb"),
        },
    ]


def ideas(folder: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        rows: list[dict[str, Any]] = child("generate", folder, home)
    seconds = [row["seconds"] for row in rows]
    return {
        "what": "generate, one variant, three phases",
        "ideas": len(rows),
        "written_by_the_model": sum(row["by_model"] for row in rows),
        "kept_offline": sum(not row["by_model"] for row in rows),
        "why": _most_often([why for row in rows for why in row["kept"]]),
        "asked_again": sum(row["retries"] for row in rows),
        "median_s": round(statistics.median(seconds)),
        "longest_s": round(max(seconds)),
        "median_cpu_s": round(statistics.median(row["cpu_s"] for row in rows)),
    }


def _most_often(reasons: list[str]) -> str:
    """Why the outline was kept, without the words that each was about."""
    counted = Counter(
        next((rule for rule in RULES if rule in reason), "another rule") for reason in reasons
    )
    return ", ".join(f"{rule} {times} x" for rule, times in counted.most_common(4))


def main() -> None:
    # Here alone: it loads what only tests need, which would count as the model's memory.
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.models.server import weights_folder

    folder = str(weights_folder())
    report("local_model", [*speeds(folder), ideas(folder)])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["speed", folder]:
            print(json.dumps(asyncio.run(speed(folder))))
        case ["generate", folder, home]:
            print(json.dumps(asyncio.run(generated(folder, home))))
        case _:
            main()
