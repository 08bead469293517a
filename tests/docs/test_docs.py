"""Documentation cannot lie: every block runs.

`python` blocks run as they are. `sh` blocks must exit with 0 (blocks that install or `make` are
what the set-up itself runs). In `console` blocks every `$` line must exit with 0 and every other
line must be in the output of the command above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+?)\)")


def run(command: list[str] | str, cwd: Path) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BURNISH_HOME": str(cwd / "home"),
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=240,  # ends what waits for ever before the whole test is ended, and says what it was
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.spec("QUA-04", "PY-01", "MOD-13")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem + page.parent.name)
def test_every_block_runs(page: Path, tmp_path: Path) -> None:
    for language, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            run([sys.executable, "-c", body], tmp_path)
        elif language == "sh" and not re.search(r"^(?:make|pip) ", body, re.MULTILINE):
            run(f"set -eu\n{body}", tmp_path)
        elif language == "console":
            output = ""
            for line in body.splitlines():
                if line.startswith("$ "):
                    output = run(line[2:], tmp_path)
                else:
                    assert line in output, f"{page.name}: {line!r} is not in\n{output}"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_examples_run(path: Path, tmp_path: Path) -> None:
    assert run([sys.executable, str(path)], tmp_path).strip()
