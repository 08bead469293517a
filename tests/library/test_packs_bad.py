"""Packs that somebody broke, or made to do harm: each says what is wrong, and nothing changes."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile

import pytest
from tests.library.packing import MARKDOWN, Files, folder, manifest, pack, zipped

import burnish
from burnish.errors import BurnishError, NotFound, UsageError
from burnish.library.packs.git_bounds import check_pack_data

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Path, str], None]:
    """Neither looked into nor installed; what was there is as it was."""

    def check(source: Path, says: str) -> None:
        with burnish.open(packs__max_mb=0.25) as small:
            small.prompts.create("mine", "My own text.")
            for call in (small.packs.preview, small.packs.install):
                with pytest.raises(BurnishError, match=says) as raised:
                    call(source)
                assert isinstance(raised.value, UsageError | NotFound)
                assert raised.value.hint
            assert [each.name for each in small.prompts.list().items] == ["mine"]
            assert small.packs.list() == ()
        assert not (tmp_path / "evil").exists()
        assert not (tmp_path.parent / "evil").exists()

    return check


Refused = Callable[[Path, str], None]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no pack.yaml"),
        ({"pack.yaml": "a: b"}, "pack.yaml is of no pack"),
        ({"pack.yaml": ""}, "pack.yaml is of no pack"),
        ({"pack.yaml": "- a"}, "pack.yaml is of no pack"),
        ({"pack.yaml": b"\xff\xfe\x00"}, "pack.yaml is not UTF-8"),
        ({"pack.yaml": b"\xc3\x28"}, "pack.yaml:1 is not UTF-8"),
        ({"pack.yaml": "burnish_pack: 99"}, "newer Burnish"),
        ({"pack.yaml": "burnish_pack: 1\nname: a\nversion: '1'\nfiles: []"}, "1 to 1,000 prompts"),
        ({"pack.yaml": "burnish_pack: 1\nname: a\nversion: 1\nfiles: []"}, "version: Expected"),
        ({"pack.yaml": BOMB}, "pack.yaml.* aliases"),
        ({"pack.yaml": "burnish_pack: !!python/object/apply:os.system [id]"}, "uses the tag"),
        ({"pack.yaml": "burnish_pack: 1\nburnish_pack: 1"}, "twice"),
        ({"pack.yaml": "a" * 1_100_000}, "too large|more than 1 MiB"),
        (pack(name="../evil"), "no name of a pack"),
        (pack(name="A b"), "no name of a pack"),
        (pack(license="MIT"), "unknown field `license`"),
        (pack(homepage="'javascript:alert(1)'"), "homepage"),
        (pack(title='"a\\u0007b"'), "title: holds"),
        (pack({"a.md": "no front matter, but fine"}) | {"a.md": "changed"}, "SHA-256 differs"),
        ({"pack.yaml": manifest({"a.md": MARKDOWN})}, "a.md is missing"),
        (pack({"a.md": MARKDOWN, "b.md": MARKDOWN}), "both hold 'support/reply'"),
        (pack({"a.md": b"---\nname: a\n---\n\n\xff\n"}), "a.md:5 is not UTF-8"),
        (pack({"a.md": "---\nname: a\n"}), "never closed"),
        (pack({"a.md": "---\nname: 'a|b'\n---\n\nx\n"}), "a.md.*'a|b' cannot name a prompt"),
        (pack({"a.md": "---\nname: a\n---\n\n{% for x in y %}\n"}), "a.md"),
        (pack({"a.md": f"---\n{BOMB}---\n\nx\n"}), "a.md.* aliases"),
        (pack({"a.yaml": "burnish: 1\nprompts: []\n"}), "a.yaml holds 0 prompts"),
        (pack({"a.yaml": "a: b\n"}), "a.yaml"),
        (pack({"a.md": "x" * 300_000}), "too large"),
        (pack({f"{i}.md": f"---\nname: a{i}\n---\n\n{'x' * 90_000}" for i in range(3)}), "too la"),
        (pack({f"{i}.md": "x" for i in range(1001)}), "1 to 1,000 prompts"),
    ],
    ids=range(31),
)
def test_what_is_wrong_with_the_files(
    refused: Refused, tmp_path: Path, files: Files, says: str
) -> None:
    refused(zipped(tmp_path / "s.zip", files), says)
    (tmp_path / "s").mkdir()
    refused(folder(tmp_path / "s", files), says)


@pytest.mark.parametrize(
    "path",
    [
        *("../evil.md", "/evil.md", "a/../../evil.md", "a\\\\evil.md", "C:evil.md", "./evil.md"),
        *("a//evil.md", ".evil.md", "a/.git/evil.md", "evil.exe", "evil.md ", "pack.yaml", ""),
        *("a\\u0000.md", "a\\u202eb.md\\n.md", "a" * 500 + ".md"),
    ],
)
def test_names_that_lead_elsewhere(refused: Refused, tmp_path: Path, path: str) -> None:
    (tmp_path / "evil.md").write_text(MARKDOWN)
    files: Files = {"pack.yaml": manifest({path: MARKDOWN})}
    refused(folder(tmp_path / "in" / "s", files), "pack.yaml.* files: ")
    refused(zipped(tmp_path / "s.zip", files), "pack.yaml.* files: ")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("a.md", "A.md"), "one file on many systems"),
        (("a.md", "a.md"), "is there twice"),
        (("\u00e9.md", "e\u0301.md"), "one file on many systems"),
    ],
)
def test_names_that_are_one_on_some_systems(
    refused: Refused, tmp_path: Path, names: tuple[str, str], says: str
) -> None:
    first, second = (manifest({name: MARKDOWN}).split("files:\n")[1] for name in names)
    text = manifest({}) + first + second
    refused(folder(tmp_path / "s", {"pack.yaml": text}), says)


def raw_zip(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../evil", "leads out of the archive"),
        ("/evil", "leads out of the archive"),
        ("a/../../evil", "leads out of the archive"),
        ("C:\\evil", "leads out of the archive"),
        ("pack.yaml", "twice"),
        ("PACK.yaml", "twice"),
        ("prompts/Reply.md", "twice"),
    ],
)
def test_names_in_a_zip(refused: Refused, tmp_path: Path, name: str, says: str) -> None:
    entries: list[tuple[zipfile.ZipInfo | str, bytes]] = [
        (each, text.encode()) for each, text in pack().items() if isinstance(text, str)
    ]
    refused(raw_zip(tmp_path / "s.zip", [*entries, (name, b"x")]), says)


def test_a_link_in_a_zip(refused: Refused, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("prompts/reply.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    files: Files = {"pack.yaml": manifest({"prompts/reply.md": "/etc/hostname"})}
    entries: list[tuple[zipfile.ZipInfo | str, bytes]] = [
        ("pack.yaml", str(files["pack.yaml"]).encode()),
        (link, b"/etc/hostname"),
    ]
    refused(raw_zip(tmp_path / "s.zip", entries), "is a link")


def test_links_in_a_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(MARKDOWN)
    source = folder(tmp_path / "s", {"pack.yaml": manifest({"a.md": MARKDOWN})})
    (source / "a.md").symlink_to(tmp_path / "secret.md")
    refused(source, "link out of the folder")
    (source / "a.md").unlink()
    (source / "a.md").symlink_to("a.md")
    refused(source, "link out of the folder")
    (source / "a.md").unlink()
    os.mkfifo(source / "a.md")
    refused(source, "no ordinary file")


def test_bombs(refused: Refused, tmp_path: Path) -> None:
    bomb = b"a" * 3_000_000
    refused(zipped(tmp_path / "s.zip", pack({"a.md": bomb})), "too large")
    refused(zipped(tmp_path / "t.zip", {"pack.yaml": bomb}), "too large")
    lying = io.BytesIO(zipped(tmp_path / "u.zip", pack({"a.md": bomb})).read_bytes())
    content = lying.getvalue().replace(struct.pack("<I", len(bomb)), struct.pack("<I", 10))
    (tmp_path / "u.zip").write_bytes(content)
    refused(tmp_path / "u.zip", "cannot be unpacked|too large|SHA-256 differs")


def test_too_many_files_and_too_many_bytes(refused: Refused, tmp_path: Path) -> None:
    refused(zipped(tmp_path / "s.zip", {f"{n}": "" for n in range(5001)}), "more than 5,000|large")
    (tmp_path / "t.zip").write_bytes(os.urandom(50 * 1024 * 1024))
    refused(tmp_path / "t.zip", "too large")


def test_a_zip_that_is_damaged_or_encrypted(refused: Refused, tmp_path: Path) -> None:
    whole = zipped(tmp_path / "s.zip", pack()).read_bytes()
    (tmp_path / "s.zip").write_bytes(whole[:-30])
    refused(tmp_path / "s.zip", "cannot be unpacked")
    (tmp_path / "s.zip").write_bytes(b"")
    refused(tmp_path / "s.zip", "cannot be unpacked")
    at = whole.index(b"PK\x01\x02") + 8
    (tmp_path / "s.zip").write_bytes(whole[:at] + b"\x01\x00" + whole[at + 2 :])
    refused(tmp_path / "s.zip", "is encrypted")
    body = whole.index(b"pack.yaml") + len("pack.yaml") + 5
    (tmp_path / "s.zip").write_bytes(whole[:body] + bytes(20) + whole[body + 20 :])
    refused(tmp_path / "s.zip", "cannot be unpacked")


def git_pack(*objects: tuple[int, bytes], count: int | None = None) -> bytes:
    """A pack file of blobs that each say a size of their own."""
    found = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    for size, content in objects:
        head, rest = (3 << 4) | (size & 15), size >> 4
        while rest:
            found += bytes([head | 128])
            head, rest = rest & 127, rest >> 7
        found += bytes([head]) + zlib.compress(content)
    return found


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (git_pack((2_000_000, b"a" * 2_000_000)), "unpacks to more than 1 MiB"),
        (git_pack(*[(300_000, b"a" * 300_000)] * 4), "unpacks to more than 1 MiB"),
        (git_pack((10, b"a" * 2_000_000)), "no git pack"),
        (git_pack((10, b"a" * 10), count=2), "no git pack"),
        (git_pack((10, b"a" * 10))[:-3], "no git pack"),
        (git_pack(count=2**31), "no git pack"),
        (b"", "no git pack"),
        (b"<html>", "no git pack"),
    ],
    ids=range(8),
)
def test_what_a_git_server_sends_is_measured_before_it_is_unpacked(
    content: bytes, says: str
) -> None:
    with SpooledTemporaryFile() as file:
        file.write(content)
        with pytest.raises(UsageError, match=says):
            check_pack_data(file, 1024 * 1024, "there")


def test_what_a_git_server_sends_within_bounds() -> None:
    with SpooledTemporaryFile() as file:
        file.write(git_pack((300_000, os.urandom(300_000)), (5, b"hello"), (0, b"")))
        check_pack_data(file, 300_005, "there")
        with pytest.raises(UsageError, match="unpacks to more"):
            check_pack_data(file, 300_004, "there")
