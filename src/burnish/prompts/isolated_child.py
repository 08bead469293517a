"""What runs inside the child process of `isolated`: read a request, render, answer, repeat."""

from __future__ import annotations

import sys

import msgspec

from burnish.prompts.isolated import Reply, Request, read_frame, write_frame
from burnish.shapes import decode


def main(memory_bytes: int) -> None:
    from minijinja import TemplateError

    from burnish.prompts.render import environment

    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    env = environment()
    bound_memory(memory_bytes)
    write_frame(replies, b"{}")
    while (frame := read_frame(requests)) is not None:
        request = decode(frame, Request)
        try:
            text = env.render_str(request.text, **request.values)
        except TemplateError as error:
            reply = Reply(kind=error.kind, line=error.line, detail=error.detail or "")
        else:
            reply = Reply(text=text) if len(text) <= request.output_chars else Reply(kind="output")
        write_frame(replies, msgspec.json.encode(reply))


def bound_memory(extra_bytes: int) -> None:
    """Bounds the address space at what is in use now plus `extra_bytes`.

    Where the platform has no such limit (Windows), the time and output limits remain.
    """
    try:
        import resource
    except ImportError:
        return
    limit = _address_space_bytes() + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space_bytes() -> int:
    import resource
    from pathlib import Path

    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[0]) * resource.getpagesize()
    # macOS reports no address space in use; a fresh interpreter maps less than this.
    return 512 * 1024 * 1024
