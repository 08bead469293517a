"""What an installation weighs: fresh environments, counted and measured.

    python benchmarks/size.py

A megabyte is 2**20 bytes, as `du -m` counts. Compiled bytecode, which some installers write and
others do not, is counted apart. Rivals' figures are their packages as `du` measured them on the
same kind of machine, bytecode included.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from _report import report

ROOT = Path(__file__).parents[1]
# Python packages, without pip and setuptools; megabytes as installed.
RIVALS: list[dict[str, Any]] = [
    {"what": "promptfoo (npm)", "megabytes": 1400},
    {"what": "MLflow", "distributions": 91, "megabytes": 850},
    {"what": "Phoenix", "distributions": 158, "megabytes": 824},
]


def installed(requirement: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = next(Path(folder).glob("[Bb]in/python*"), Path(folder) / "Scripts" / "python.exe")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        site = next(Path(folder).glob("[Ll]ib/**/site-packages"))
        subprocess.run([*pip, "install", "-q", requirement], check=True, stdout=sys.stderr)
        distributions = [d for d in site.glob("*.dist-info") if not _is_tool(d.name)]
        files = [
            p for p in site.rglob("*") if p.is_file() and not _is_tool(p.relative_to(site).parts[0])
        ]
        source = sum(p.stat().st_size for p in files if p.suffix != ".pyc")
        bytecode = sum(p.stat().st_size for p in files if p.suffix == ".pyc")
    return {
        "distributions": len(distributions),
        "megabytes": round(source / 2**20),
        "bytecode_megabytes": round(bytecode / 2**20),
    }


def _is_tool(name: str) -> bool:
    """What every environment has before anything is installed."""
    return name.startswith(("pip", "setuptools", "pkg_resources", "_distutils_hack"))


def main() -> None:
    rows: list[dict[str, Any]] = []
    for what, requirement, target in (
        ("Burnish, core", str(ROOT), 120),
        ("Burnish with the embedding model", f"{ROOT}[embed]", 200),
    ):
        figures = installed(requirement)
        met = figures["megabytes"] <= target
        rows.append({"what": what, **figures, "target": f"<= {target} MB", "met": met})
    report("size", [*rows, *RIVALS])


if __name__ == "__main__":
    main()
