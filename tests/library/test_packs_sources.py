"""Where packs come from: real servers, real repositories; and where nothing may be fetched."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.library.packing import MARKDOWN, Answer, folder, http, maker, pack, zipped
from tests.library.test_sync import git
from tests.library.test_sync_remote import served

import burnish
from burnish.errors import Conflict, MissingExtra, NotFound, NotPermitted, Unavailable, UsageError
from burnish.library.packs.fetch import fetch

has_git = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    with maker(tmp_path) as ann:
        ann.packs.build(
            "support-basics", tmp_path / "s.zip", prefix="support/", licence="CC-BY-4.0"
        )
    return tmp_path / "s.zip"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A repository with a pack in one of its folders: version 1.0 with the tag v1, 1.1 on main."""
    path, work = tmp_path / "team.git", tmp_path / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "other.txt").write_text("something else")
    with maker(tmp_path) as ann:
        for version, word in (("1.0", "kind"), ("1.1", "brief")):
            ann.prompts.update("support/reply", f"Be {word} to {{{{ name }}}}.")
            ann.packs.build(
                "support-basics",
                work / "packs" / "support",
                prefix="support/",
                version=version,
                replace=True,
            )
            git(work, "add", "-A")
            git(work, "commit", "-qm", version)
            git(work, "tag", "-a", f"v{version}", "-m", version)
    git(tmp_path, "clone", "-q", "--bare", str(work), str(path))
    return path


@has_git
@pytest.mark.spec("WEB-12")
def test_a_pack_is_shared_and_installed_from_a_url_or_a_repository(
    p: burnish.Platform, made: Path, bare: Path, tmp_path: Path
) -> None:
    with http(lambda path: (200, {}, made.read_bytes())) as (base, _):
        found = p.packs.preview(f"{base}/support.zip")
        assert [each.plan.outcome for each in found.prompts] == ["new", "new"]
        assert (found.licence, found.source) == ("CC-BY-4.0", f"{base}/support.zip")
        assert p.prompts.list().total == 0
        with pytest.raises(Conflict, match="checksum"):
            p.packs.install(f"{base}/support.zip", sha256="0" * 64)
        assert p.prompts.list().total == 0
        report = p.packs.install(f"{base}/support.zip", sha256=found.checksum)
    assert (report.count("new"), p.prompts.list().total) == (2, 2)
    with burnish.open(str(tmp_path / "other")) as other:
        with served(bare) as address:
            source = f"git+http://{address}@v1.0#packs/support"
            found = other.packs.preview(source)
            assert (found.version, len(found.commit)) == ("1.0", 40)
            with pytest.raises(Conflict, match="checksum"):
                other.packs.install(source, sha256="0" * 64)
            assert other.prompts.list().total == 0
            assert other.packs.install(source, sha256=found.checksum).count("new") == 2
        assert other.prompts.get("support/reply").version.text == "Be kind to {{ name }}."


@has_git
def test_a_branch_a_tag_and_a_commit(p: burnish.Platform, bare: Path) -> None:
    tag = git(bare, "rev-parse", "v1.0^{commit}")
    forms = {
        f"{bare}#packs/support": "1.1",
        f"{bare}@v1.0#packs/support": "1.0",
        f"git+{bare}@main#packs/support": "1.1",
        f"git+file://{bare}@{tag}#packs/support/": "1.0",
    }
    for source, version in forms.items():
        assert p.packs.preview(source).version == version, source
    report = p.packs.install(f"{bare}@v1.0#packs/support")
    assert report.commit == tag
    assert report.source == f"git+{bare}@v1.0#packs/support"
    assert p.packs.update("support-basics").version == "1.0"
    moved = p.packs.update("support-basics", source=f"{bare}#packs/support")
    assert (moved.was, moved.version, moved.count("revised")) == ("1.0", "1.1", 1)
    for source, says in (
        (f"{bare}", "holds no pack.yaml"),
        (f"{bare}@v9#packs/support", "has no branch, tag or commit 'v9'"),
        (f"git+{bare}x", "no git repository"),
    ):
        with pytest.raises(NotFound, match=says):
            p.packs.preview(source)
    with pytest.raises(UsageError, match="leads out"):
        p.packs.preview(f"{bare}#../x")


@has_git
def test_an_update_from_a_repository_over_http(p: burnish.Platform, bare: Path) -> None:
    with served(bare) as address:
        first = p.packs.install(f"git+http://{address}@v1.0#packs/support")
        second = p.packs.install(f"git+http://{address}@main#packs/support")
        assert (first.version, second.was, second.version) == ("1.0", "1.0", "1.1")
        assert p.packs.update("support-basics").count("unchanged") == 2
        with pytest.raises(NotFound, match="no branch, tag or commit"):
            p.packs.preview(f"git+http://{address}@nope#packs/support")
        for nothing in (f"http://{address}", str(bare)):
            with pytest.raises((NotFound, Conflict, Unavailable)) as raised:
                p.packs.preview(f"git+{nothing}@{'0' * 40}#packs/support")
            assert raised.value.hint


@has_git
def test_a_repository_that_is_too_large(tmp_path: Path, bare: Path) -> None:
    work = tmp_path / "work"
    (work / "large.bin").write_bytes(os.urandom(300_000))
    (work / "bomb.txt").write_bytes(b"a" * 3_000_000)
    git(work, "add", "-A")
    for name, says in (("bomb.txt", "unpacks to more"), ("large.bin", "has more than 0.25 MiB")):
        git(work, "commit", "-qm", name, name)
        git(work, "push", "-q", str(bare), "HEAD:main")
        with burnish.open(str(tmp_path / "small"), packs__max_mb=0.25) as small:
            with served(bare) as address, pytest.raises(UsageError, match=says):
                small.packs.preview(f"git+http://{address}#packs/support")
            assert small.packs.preview(f"git+{bare}#packs/support").version == "1.1"


@has_git
def test_without_the_extra_a_repository_says_what_to_install(
    p: burnish.Platform, bare: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dulwich", None)
    for source in (f"{bare}#packs/support", "git+https://example.com/team.git"):
        with pytest.raises(MissingExtra, match=r"burnish\[git\]"):
            p.packs.install(source)
    assert p.packs.install(made).count("new") == 2


@has_git
def test_a_link_in_a_repository_is_not_followed(
    p: burnish.Platform, tmp_path: Path, bare: Path
) -> None:
    work = tmp_path / "work"
    reply = work / "packs" / "support" / "prompts" / "support" / "reply.md"
    reply.unlink()
    reply.symlink_to("/etc/hostname")
    git(work, "commit", "-qam", "link")
    git(work, "push", "-q", str(bare), "HEAD:main")
    with pytest.raises(UsageError, match="is a link"):
        p.packs.install(f"{bare}#packs/support")
    with pytest.raises(UsageError, match="is a link out of the folder"):
        p.packs.install(work / "packs" / "support")
    assert p.prompts.list().total == 0


@has_git
def test_a_password_opens_a_repository_and_is_kept_nowhere(
    p: burnish.Platform, bare: Path, tmp_path: Path
) -> None:
    with served(bare, "hunter2hunter2") as address:
        with pytest.raises(NotPermitted) as raised:
            p.packs.install(f"git+http://ann:wrongwrong@{address}#packs/support")
        assert "wrongwrong" not in str(raised.value)
        report = p.packs.install(f"git+http://ann:hunter2hunter2@{address}#packs/support")
        assert report.source == f"git+http://{address}#packs/support"
    kept = [path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(b"hunter2" in content for content in kept)


def test_a_password_and_a_key_of_an_address_are_kept_nowhere(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    def answer(path: str) -> Answer:
        return (200, {}, made.read_bytes()) if "s.zip" in path else (404, {}, b"")

    with http(answer) as (base, asked):
        address = base.replace("//", "//ann:hunter2hunter2@")
        report = p.packs.install(f"{address}/s.zip?X-Signature=abcdefabcdef")
        assert report.source == f"{base}/s.zip"
        assert asked[0].startswith("/s.zip?X-Signature=abcdefabcdef Basic ")
        with pytest.raises(NotFound) as raised:
            p.packs.install(f"{address}/nothing?X-Signature=abcdefabcdef")
    with pytest.raises(Unavailable) as away:
        p.packs.install(f"{address}/s.zip?X-Signature=abcdefabcdef")
    for error in (raised.value, away.value):
        assert not any(word in str(error) for word in ("hunter2", "abcdef"))
    kept = [path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(b"hunter2" in content or b"abcdefabcdef" in content for content in kept)


def test_a_sign_in_is_not_passed_on_by_a_redirect(p: burnish.Platform, made: Path) -> None:
    with http(lambda path: (200, {}, made.read_bytes())) as (second, heard):
        onward = second.replace("//", "//bob:secretsecret@")
        with http(lambda path: (302, {"Location": f"{onward}/s.zip"}, b"")) as (first, _):
            p.packs.preview(f"{first.replace('//', '//ann:hunter2hunter2@')}/a.zip")
    assert heard == ["/s.zip"]


Case = tuple[Answer, type[burnish.BurnishError], str]
ANSWERS: list[Case] = [
    ((404, {}, b""), NotFound, "there is nothing at"),
    ((403, {}, b""), NotPermitted, "may not be read"),
    ((500, {}, b""), Unavailable, "status 500"),
    ((302, {}, b""), Unavailable, "leads nowhere"),
    ((302, {"Location": "/again"}, b""), Unavailable, "more than 3 redirects"),
    ((302, {"Location": "http://192.168.1.1/x"}, b""), UsageError, "not encrypted"),
    ((302, {"Location": "https://10.0.0.1/x"}, b""), NotPermitted, "no public address"),
    ((302, {"Location": "https://169.254.169.254/x"}, b""), NotPermitted, "no public"),
    ((302, {"Location": "https://[::ffff:10.0.0.1]/x"}, b""), NotPermitted, "no public"),
    ((302, {"Location": "file:///etc/passwd"}, b""), UsageError, "no https address"),
    ((200, {}, b"<html>no zip</html>"), UsageError, "cannot be unpacked"),
    ((200, {}, b"a" * 300_000), UsageError, "more than 0.25 MiB"),
    ((200, {"Content-Length": "900000000"}, b""), UsageError, "more than 0.25 MiB"),
    ((200, {"Content-Length": "9000"}, b"PK"), Unavailable, "cannot be reached"),
]


@pytest.mark.parametrize(("answer", "kind", "says"), ANSWERS)
def test_what_a_server_answers_instead(
    tmp_path: Path, answer: Answer, kind: type[burnish.BurnishError], says: str
) -> None:
    with (
        http(lambda path: answer) as (base, _),
        burnish.open(packs__max_mb=0.25, packs__timeout_s=2.0) as small,
    ):
        with pytest.raises(kind, match=says) as raised:
            small.packs.install(f"{base}/s.zip")
        assert raised.value.hint
        assert small.prompts.list().total == 0


def test_a_git_server_that_never_stops(tmp_path: Path) -> None:
    """It names branches without end."""

    def endless(connection: socket.socket) -> None:
        connection.recv(4000)
        head = b"Content-Type: application/x-git-upload-pack-advertisement\r\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        connection.sendall(b"001e# service=git-upload-pack\n0000")
        with connection, contextlib.suppress(OSError):
            for number in range(1_000_000):
                name = b" refs/heads/%d\n" % number
                piece = b"a" * 40 + name
                connection.sendall(b"%04x" % (len(piece) + 4) + piece)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: endless(server.accept()[0]), daemon=True)
        thread.start()
        address = f"git+http://127.0.0.1:{server.getsockname()[1]}/s.git"
        with (
            burnish.open(packs__max_mb=0.25, packs__timeout_s=30.0) as p,
            pytest.raises(UsageError, match=r"has more than 0\.5 MiB"),
        ):
            p.packs.preview(address)
        thread.join(10)
    assert not thread.is_alive()


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/s.zip"
        with burnish.open(packs__timeout_s=0.2) as p:
            with pytest.raises(Unavailable, match=r"no answer in 0\.2 s"):
                p.packs.preview(address)
            with pytest.raises(Unavailable):
                p.packs.preview(f"git+{address.replace('s.zip', 's.git')}")


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        ("http://example.com/s.zip", UsageError, "not encrypted"),
        ("https://192.168.1.1/s.zip", NotPermitted, "no public address"),
        ("https://[fe80::1]/s.zip", NotPermitted, "no public address"),
        ("git+http://example.com/s.git", UsageError, "not encrypted"),
        ("git+https://10.0.0.1/s.git", NotPermitted, "no public address"),
        ("git+git://127.0.0.1/s.git", UsageError, "nobody knows who answers"),
        ("ftp://127.0.0.1/s.zip", UsageError, "is no pack"),
        ("ext::sh -c true", NotFound, "there is no"),
        ("git+ext::sh -c true", NotFound, "no git repository"),
        ("-oProxyCommand=true", UsageError, "is no pack"),
        ("git+ssh://-oProxyCommand=true/x", Unavailable, "cannot be reached"),
        ("https://", UsageError, "no https address"),
        ("https://host:port/s.zip", UsageError, "no https address"),
        ("", UsageError, "is no pack"),
        ("nowhere.zip", NotFound, "there is no"),
        ("a" * 5000, UsageError, "is no pack"),
        ("~nobody-of-that-name/s.zip", UsageError, "is no pack"),
    ],
)
def test_what_is_no_source(
    p: burnish.Platform, source: str, kind: type[burnish.BurnishError], says: str
) -> None:
    with pytest.raises(kind, match=says) as raised:
        p.packs.install(source)
    assert raised.value.hint


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names mean, each time that they are looked up; the last one stays."""
    told: dict[str, list[str]] = {}
    look_up = socket.getaddrinfo

    def found(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host in told:
            host = told[host].pop(0) if len(told[host]) > 1 else told[host][0]
        return look_up(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return told


async def test_a_name_that_leads_into_the_private_network(names: dict[str, list[str]]) -> None:
    for address in ("127.0.0.1", "10.1.2.3", "169.254.169.254"):
        names["packs.example"] = [address]
        with pytest.raises(NotPermitted, match=f"packs.example leads to {address}"):
            await fetch("https://packs.example/s", reach="public", max_bytes=1, timeout_s=5)
        with burnish.open() as p, pytest.raises(NotPermitted, match="no public address"):
            p.packs.preview("https://packs.example/s.zip")


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "127.1", "0x7f.1", "017700000001", "0", "[::127.0.0.1]", "LOCALHOST"),
        *("[::ffff:7f00:1]", "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "127\u30020\u30020\u30021"),
    ],
)
async def test_this_machine_in_disguise_is_not_connected_to(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://{host}:{listening.getsockname()[1]}/s"
        with pytest.raises((NotPermitted, UsageError)):
            await fetch(url, reach="public", max_bytes=1, timeout_s=5)
        listening.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_git_does_not_reach_into_the_private_network_by_a_name(
    p: burnish.Platform, names: dict[str, list[str]]
) -> None:
    names["packs.example"] = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(NotPermitted, match=r"packs.example leads to 127\.0\.0\.1"):
            p.packs.preview(f"git+https://packs.example:{port}/s.git")
        listening.settimeout(5)
        connection, _ = listening.accept()
        connection.settimeout(5)
        with connection:
            assert connection.recv(10) == b""


def test_hosts_of_the_private_network_are_reached_on_request(
    names: dict[str, list[str]], made: Path
) -> None:
    names["packs.example"] = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        listening.close()
        with (
            burnish.open(packs__private_hosts=True) as p,
            pytest.raises(Unavailable, match="cannot be reached"),
        ):
            p.packs.preview(f"https://packs.example:{port}/s.zip")


def test_a_download_of_a_whole_repository(p: burnish.Platform, tmp_path: Path) -> None:
    """As code hosts offer it: one folder on top, other files beside."""
    inside = {f"team-main/{name}": text for name, text in pack().items()}
    source = zipped(tmp_path / "s.zip", {**inside, "team-main/.github/x.yml": "a: 1"})
    assert p.packs.install(source).count("new") == 1
    assert p.packs.install(f"file://{source}").count("unchanged") == 1


def test_a_folder_with_other_things_in_it(p: burnish.Platform, tmp_path: Path) -> None:
    source = folder(tmp_path / "s", {**pack(), "own.md": MARKDOWN, "pack.txt": "x"})
    assert p.packs.install(source / "pack.yaml").count("new") == 1
    with pytest.raises(NotFound, match=r"holds no pack\.yaml"):
        p.packs.install(tmp_path)
