"""`generate --optimize` that is killed half way, and asked for again."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import COMMAND
from tests.scenario.running import serving

import burnish

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
IDEA = "classify support mails as bug or praise"
EXAMPLES, PROMPTS, AT_ONCE = 40, 5, 4


def begun(home: Path, mails: Path, url: str) -> subprocess.Popen[str]:
    own = {
        "BURNISH_HOME": str(home),
        "OPENAI_BASE_URL": url,
        "BURNISH_EVALUATION__CONCURRENCY": str(AT_ONCE),
    }
    asked = ("--optimize", "--data", str(mails), "--models", "openai:m", "--scorer")
    return subprocess.Popen(
        [
            *COMMAND,
            "generate",
            IDEA,
            *asked,
            "contains",
            "--model",
            "offline",
            "--name",
            "mail/kind",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | own,
    )


def results(store: Path) -> int:
    if not store.exists():
        return 0
    with closing(sqlite3.connect(store)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
        except sqlite3.OperationalError:  # not made yet
            return 0


def test_the_original_is_there_after_a_kill_and_answers_are_not_asked_for_again(
    tmp_path: Path,
) -> None:
    home, mails = tmp_path / "home", tmp_path / "mails.csv"
    mails.write_text("mail,expected\n" + "".join(f"mail {n},mail {n}\n" for n in range(EXAMPLES)))
    with serving(latency_s=0.05) as server:
        killed = begun(home, mails, server.url)
        until = time.monotonic() + 60
        while results(home / "burnish.sqlite") < 40:
            assert time.monotonic() < until
            assert killed.poll() is None, killed.communicate()
            time.sleep(0.01)
        killed.kill()
        killed.communicate()
        done = results(home / "burnish.sqlite")
        assert done < EXAMPLES * PROMPTS
        with burnish.open(str(home)) as p:
            assert p.prompts.get("mail/kind").version.revision == 1
        again = begun(home, mails, server.url)
        out, err = again.communicate(timeout=120)
        assert again.returncode == 0, err
        found = json.loads(out)["optimized"]
        assert found["outcome"] == "kept"
        assert found["before"][0]["n"] == EXAMPLES
        counters = server.counters()
    assert counters.unique == EXAMPLES * PROMPTS
    # What was under way at the kill, and what no disk had yet.
    assert counters.repeated <= 8 * AT_ONCE
