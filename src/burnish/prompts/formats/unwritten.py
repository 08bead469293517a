"""Our templates as texts of tools that put values in by name alone."""

from __future__ import annotations

from burnish.errors import UsageError
from burnish.prompts.formats.templates import translate
from burnish.prompts.prompt import Message
from burnish.prompts.template import read


def named_only(message: Message) -> str | None:
    """The text in which only `{{ name }}` means something; None where ours says more, or would
    not come back the same."""
    if message.role == "placeholder":
        return message.content
    template = read(message.content)
    if template.kind != "plain":
        return None
    if "{%" not in message.content:
        text = message.content
    else:
        text = "".join(
            f"{{{{ {piece} }}}}" if index % 2 else piece
            for index, piece in enumerate(template.pieces)
        )
    try:
        back = translate(text, "names").text
    except UsageError:
        return None
    return text if back == message.content else None
