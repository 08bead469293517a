"""Our requests in pydantic-ai's words. Imports it when called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from burnish.models.model import ModelRequest
from burnish.prompts.prompt import Message

if TYPE_CHECKING:
    from pydantic_ai import messages as theirs
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

# The tool whose arguments are the answer, where a vendor takes a schema in no other way.
ANSWER = "answer"


def vendor_messages(messages: Sequence[Message]) -> list[theirs.ModelMessage]:
    from pydantic_ai.messages import (
        ModelRequest,
        ModelResponse,
        SystemPromptPart,
        TextPart,
        UserPromptPart,
    )

    result: list[theirs.ModelMessage] = []
    for message in messages:
        message.content.encode()  # refuses half a character, which Google's library would send
        if message.role == "assistant":
            result.append(ModelResponse(parts=[TextPart(message.content)]))
            continue
        system = message.role in ("system", "developer")
        part = SystemPromptPart(message.content) if system else UserPromptPart(message.content)
        if result and isinstance(result[-1], ModelRequest):
            result[-1] = ModelRequest(parts=[*result[-1].parts, part])
        else:
            result.append(ModelRequest(parts=[part]))
    return result


def vendor_parameters(request: ModelRequest, native: bool) -> ModelRequestParameters:
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.tools import ToolDefinition

    tools = [_tool(tool) for tool in request.tools]
    if request.schema is None:
        return ModelRequestParameters(function_tools=tools)
    if native:
        return ModelRequestParameters(
            function_tools=tools,
            output_mode="native",
            output_object=OutputObjectDefinition(json_schema=request.schema),
        )
    answer = ToolDefinition(
        name=ANSWER,
        description="Gives the answer.",
        parameters_json_schema=request.schema,
        kind="output",
    )
    return ModelRequestParameters(
        function_tools=tools, output_mode="tool", output_tools=[answer], allow_text_output=False
    )


def _tool(tool: dict[str, Any]) -> ToolDefinition:
    from pydantic_ai.tools import ToolDefinition

    return ToolDefinition(
        name=tool["name"],
        description=tool.get("description"),
        parameters_json_schema=tool.get("parameters") or {"type": "object", "properties": {}},
    )


def vendor_tool_choice(request: ModelRequest) -> str | list[str] | None:
    if not request.tools or not request.tool_choice:
        return None
    choice = request.tool_choice
    return choice if choice in ("auto", "required", "none") else [choice]
