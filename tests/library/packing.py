"""Packs for tests: made by a library of somebody else, or by hand from files."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import burnish
from burnish.prompts.prompt import Message

REPLY = "Answer {{ name }} kindly about {{ topic }}."
CLOSE = "Tell {{ name }} that ticket {{ number }} is closed."
MARKDOWN = "---\nname: support/reply\n---\n\nAnswer {{ name }} kindly.\n"
Files = dict[str, str | bytes]


def maker(tmp_path: Path, who: str = "ann") -> burnish.Platform:
    """The library of whoever makes packs, with two prompts for support and one other."""
    made = burnish.open(str(tmp_path / who))
    if made.prompts.list().total == 0:
        made.prompts.create(
            "support/reply", REPLY, tags=["mail"], description="An answer to a customer", author=who
        )
        made.prompts.create(
            "support/close", [Message("system", "Be brief."), Message("user", CLOSE)]
        )
        made.prompts.create("news/digest", "Summarise {{ article }}.")
    return made


def manifest(files: Mapping[str, str | bytes], **said: str) -> str:
    facts = {"name": "support-basics", "version": '"1.0"'} | said
    lines = ["burnish_pack: 1", *(f"{key}: {value}" for key, value in facts.items()), "files:"]
    for path, content in files.items():
        whole = content.encode() if isinstance(content, str) else content
        lines += [f'  - path: "{path}"', f'    sha256: "{hashlib.sha256(whole).hexdigest()}"']
    return "\n".join(lines) + "\n"


def pack(files: Files | None = None, **said: str) -> Files:
    """The files of a pack, its manifest among them."""
    files = {"prompts/reply.md": MARKDOWN} if files is None else files
    return {"pack.yaml": manifest(files, **said), **files}


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def http(answers: Callable[[str], Answer]) -> Generator[tuple[str, list[str]]]:
    """A real server on this machine: its address, and what it was asked, with the sign-in."""
    asked: list[str] = []

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}".strip())
            status, headers, body = answers(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
