"""What is said of answers and prompts."""

from burnish.rest.operation import Operation

FEEDBACK = (
    Operation(
        call="feedback",
        method="POST",
        path="/feedback",
        right="run",
        status=201,
        example={"target": "mail/kind@1", "thumb": "down", "comment": "It missed the praise."},
    ),
    Operation(call="feedback_events", method="GET", path="/feedback", right="read"),
)
