"""The files that Prompty's own makers test with, where a copy of them is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnish.prompts.formats import by_name, read
from burnish.prompts.render import Renderer

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "formats" / "prompty"
FILES = sorted(FOLDER.glob("*.prompty"))


@pytest.mark.skipif(not FILES, reason="no copy of Prompty's files is beside the project")
def test_every_file_is_read_renders_and_is_written_again() -> None:
    with Renderer() as renderer:
        for path in FILES:
            found = read(path.name, path.read_bytes())
            assert not found.problems, path.name
            (each,) = found.prompts
            values = {v.name: "something" for v in each.latest.variables if v.default is None}
            messages = renderer.messages(each.latest.messages, each.latest.variables, values)
            assert messages[0].content.strip()
            assert not any("{{" in message.content for message in messages)
            ((name, text),) = by_name("prompty").write([each]).items()
            again = read(name, text).prompts[0]
            assert again.latest.messages == each.latest.messages
            assert again.latest.variables == each.latest.variables
            assert again.latest.config == each.latest.config
