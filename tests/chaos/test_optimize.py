"""`generate --optimize` that is killed half way, and gone on with by the line that it printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from tests.chaos.killing import FAMILIES
from tests.cli.conftest import COMMAND
from tests.scenario.running import serving

import burnish

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
IDEA = "classify support mails as bug or praise"
AT_ONCE = 4


def started(home: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    own = {"BURNISH_HOME": str(home), "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-none"}
    own["BURNISH_EVALUATION__CONCURRENCY"] = str(AT_ONCE)
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | own,
    )


@pytest.mark.slow
def test_the_original_is_there_after_a_kill_and_the_printed_line_goes_on(tmp_path: Path) -> None:
    home, mails = tmp_path / "home", tmp_path / "mails.csv"
    rows = (f"mail {n},{('praise', 'bug')[n % 2]}\n" for n in range(80))
    mails.write_text("mail,expected\n" + "".join(rows))
    both = ("--models", "openai:mails", "--writer", "openai:writer", "--model", "offline")
    asked = ("generate", IDEA, "--optimize", "--data", str(mails), *both, "--name", "mail/kind")
    with serving(latency_s=0.02) as server:
        killed = started(home, server.url, *asked)
        until = time.monotonic() + 60
        while server.counters().ok < 60:
            assert time.monotonic() < until
            assert killed.poll() is None, killed.communicate()
            time.sleep(0.01)
        killed.kill()
        _, err = killed.communicate()
        with burnish.open(str(home)) as p:
            assert p.prompts.get("mail/kind").version.revision == 1
        line = re.search(r"go on with burnish (optimize --resume \S+)", err)
        assert line is not None, err
        out, err = started(home, server.url, *line[1].split(), "--json").communicate(timeout=120)
        report = json.loads(out)
        counters = server.counters()
    assert report["outcome"] == "improved", err
    assert (report["prompt"], report["best"]) == ("mail/kind@1", "mail/kind@2")
    assert counters.repeated <= 2 * AT_ONCE
    assert report["algorithm"] in FAMILIES
