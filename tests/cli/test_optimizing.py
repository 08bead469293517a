from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, install, mails


def test_x(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    done = run(
        "optimize",
        "mail/kind",
        "--data",
        mails(tmp_path / "mails.csv"),
        "--model",
        "fake:a",
        "--writer",
        "fake:w",
        "--report",
        str(tmp_path / "r.md"),
        "--report",
        str(tmp_path / "r.html"),
        "--report",
        str(tmp_path / "r.json"),
    )
    print(done)
    print((tmp_path / "r.md").read_text())
    import shutil

    shutil.copy(tmp_path / "r.html", "/tmp/cliplay/r.html")
    assert 0
