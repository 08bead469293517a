"""A child process for work whose memory nobody can bound beforehand, such as some templates.

Fuel bounds an engine's steps, not its bytes: forty doublings end the whole process inside the
allocator, where no exception can be caught. So the child may die; the caller gets an error, and
the next render gets a new child.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

import msgspec

from burnish.errors import RenderLimit
from burnish.shapes import decode


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    output_chars: int = 2_000_000
    time_s: float = 2.0
    memory_bytes: int = 256 * 1024 * 1024


class Request(msgspec.Struct):
    text: str
    values: dict[str, Any]
    output_chars: int


class Reply(msgspec.Struct, omit_defaults=True):
    text: str = ""
    kind: str = ""
    line: int | None = None
    detail: str = ""


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    stream.write(len(payload).to_bytes(8, "big") + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame, None when the other side is gone."""
    header = stream.read(8)
    if len(header) < 8:
        return None
    size = int.from_bytes(header, "big")
    payload = stream.read(size)
    return payload if len(payload) == size else None


class Child:
    """A process that runs `main(memory_bytes)` of a module: one at a time, kept between requests,
    replaced when it dies. `main` writes a frame when it is ready, then one for each that it
    reads."""

    def __init__(self, module: str, *, time_s: float, memory_bytes: int) -> None:
        self._module = module
        self._time_s = time_s
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: bytes) -> bytes | None:
        """The answer; None when the process died, or took too long and was ended."""
        with self._lock:
            return self._ask(request)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, request: bytes) -> bytes | None:
        child = self._running()
        # The watchdog ends a child that neither answers nor dies; reading then meets its end.
        watchdog = threading.Timer(self._time_s, child.kill)
        watchdog.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            write_frame(child.stdin, request)
            answer = read_frame(child.stdout)
        except BrokenPipeError:
            answer = None
        finally:
            watchdog.cancel()
        if answer is None:
            self._end()
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [
                    *(sys.executable, "-I", "-c", _START, self._module, str(self._memory_bytes)),
                    *(path for path in sys.path if path),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._wait_until_ready(self._process)
        return self._process

    def _wait_until_ready(self, child: subprocess.Popen[bytes]) -> None:
        """The child's start does not count against a request's time."""
        assert child.stdout is not None
        if read_frame(child.stdout) is None:
            self._end()
            raise RenderLimit(
                "the process that does such work did not start",
                hint="free memory on this machine, or raise render.memory_mb",
            )

    def _end(self) -> None:
        child, self._process = self._process, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    # A dead child leaves an unsent request in the buffer; nobody waits for it.
                    continue


class IsolatedRenderer:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child = Child(
            "burnish.prompts.isolated_child",
            time_s=limits.time_s,
            memory_bytes=limits.memory_bytes,
        )

    def render(self, text: str, values: Mapping[str, Any]) -> str:
        from burnish.prompts.render import refused, too_long

        request = Request(text, dict(values), self._limits.output_chars)
        answer = self._child.ask(msgspec.json.encode(request))
        if answer is None:
            raise RenderLimit(
                f"the template passed {self._limits.time_s:g} s or "
                f"{self._limits.memory_bytes // 1_048_576} MiB while rendering",
                hint="simplify its loops and repetitions",
            )
        reply = decode(answer, Reply)
        if reply.kind == "output":
            raise too_long(self._limits)
        if reply.kind:
            raise refused(reply.kind, reply.line, reply.detail)
        return reply.text

    def close(self) -> None:
        self._child.close()


_START = (
    "import sys; from importlib import import_module; "
    "sys.path[:] = sys.path + [p for p in sys.argv[3:] if p not in sys.path]; "
    "import_module(sys.argv[1]).main(int(sys.argv[2]))"
)
