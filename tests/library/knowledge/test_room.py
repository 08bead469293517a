"""Knowledge through the platform: added, found, changed, gone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.intents.embedding import embedding_available
from burnish.library.embedders import MiniLmPieces
from burnish.library.knowledge import AddReport

from .conftest import HANDBOOK, Pdf


@pytest.fixture
def p() -> Generator[burnish.Platform]:
    with burnish.open(search__embedder="hashed") as opened:
        yield opened


def told(report: AddReport) -> list[tuple[str, str]]:
    return [(each.outcome, each.name) for each in report.documents]


def test_a_folder_is_taken_in_and_what_is_no_text_is_named(p: burnish.Platform, shop: Path) -> None:
    (shop / "out.md").symlink_to(Path(__file__))
    (shop / "in.md").symlink_to(shop / "handbook.md")
    (shop / "loop").symlink_to(shop)
    report = p.knowledge.add(shop, tags=["team"], category="help")
    assert told(report) == [
        ("new", "shop/handbook.md"),
        ("same content", "shop/in.md"),
        ("new", "shop/sizes.csv"),
        ("new", "shop/inner/page.html"),
    ]
    assert {each.name: each.reason.split(";")[0] for each in report.left_out} == {
        "shop/loop": "a link to a folder",
        "shop/noise.txt": "it is binary, or UTF-16 without a mark",
        "shop/out.md": "a link that leads out of the folder",
        "shop/photo.jpg": "no known kind of text (.jpg)",
    }
    assert report.embedded == sum(each.chunks for each in p.knowledge.list())
    document = p.knowledge.show("shop/handbook.md").document
    assert (document.kind, document.tags, document.category, document.chunks) == (
        "markdown", ("team",), "help", 3,
    )  # fmt: skip


def test_the_same_again_changes_nothing_and_a_change_replaces(
    p: burnish.Platform, shop: Path
) -> None:
    p.knowledge.add(shop)
    before = p.knowledge.list()
    again = p.knowledge.add(shop)
    assert {each.outcome for each in again.documents} == {"unchanged"}
    assert (again.embedded, p.knowledge.list()) == (0, before)
    changed = HANDBOOK.replace("30 days", "forty days")
    (shop / "handbook.md").write_text(f"New first line.\n\n{changed}", encoding="utf-8")
    (shop / "sizes.csv").unlink()
    report = p.knowledge.refresh()
    assert sorted(told(report)) == [
        ("changed", "shop/handbook.md"),
        ("unchanged", "shop/inner/page.html"),
        ("vanished", "shop/sizes.csv"),
    ]
    # Of the pieces, two say the same on other lines, and keep their vectors.
    assert report.embedded == 2
    assert p.knowledge.search("forty", mode="text").items[0].chunk.heading == "Handbook > Refunds"
    assert not [
        h
        for h in p.knowledge.search("30 days", mode="text").items
        if "30" in h.chunk.body and "md" in h.document
    ]
    hit = p.knowledge.search("opening hours Monday").items[0]
    assert hit.cite == "shop/handbook.md, lines 15-17"


def test_a_bad_file_alone_is_an_error_and_in_a_folder_none(p: burnish.Platform, shop: Path) -> None:
    with pytest.raises(UsageError, match=r"noise\.txt: it is binary"):
        p.knowledge.add(shop / "noise.txt")
    with pytest.raises(NotFound, match="no file or folder"):
        p.knowledge.add(shop / "nothing.md")
    with pytest.raises(NotFound):
        p.knowledge.add("bad\0path")
    (shop / "handbook.md").write_bytes(b"\0\0")
    assert told(p.knowledge.refresh()) == []
    assert [each.name for each in p.knowledge.add(shop).left_out if "handbook" in each.name]


def test_a_file_without_a_known_ending_is_text_when_it_is_named(
    p: burnish.Platform, tmp_path: Path
) -> None:
    (tmp_path / "NOTES").write_text("The door code is kept by Ann.", encoding="utf-8")
    p.knowledge.add(tmp_path / "NOTES", name="office/notes")
    assert p.knowledge.search("door code").items[0].cite == "office/notes, line 1"


def test_two_files_of_one_name_are_told_apart_and_a_moved_one_is_not(
    p: burnish.Platform, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.md").write_text(f"Notes of {folder}.", encoding="utf-8")
    p.knowledge.add(tmp_path / "a" / "notes.md")
    with pytest.raises(Conflict, match="another file already"):
        p.knowledge.add(tmp_path / "b" / "notes.md")
    (tmp_path / "a" / "notes.md").unlink()
    assert told(p.knowledge.add(tmp_path / "b" / "notes.md")) == [("changed", "notes.md")]
    assert p.knowledge.show("notes.md").chunks[0].body == "Notes of b."


def test_tags_and_category_change_without_the_text(p: burnish.Platform, shop: Path) -> None:
    file = shop / "handbook.md"
    p.knowledge.add(file, tags=["old"], category="one")
    assert told(p.knowledge.add(file, tags=["new"])) == [("changed", "handbook.md")]
    assert told(p.knowledge.add(file)) == [("unchanged", "handbook.md")]
    assert [each.tags for each in p.knowledge.list(category="one")] == [("new",)]
    assert p.knowledge.list(tag="old") == []
    assert p.knowledge.search("refund", tags=["old"]).within == 0
    assert p.knowledge.search("refund", tags=["new"], category="one").within == 3


def test_searches_find_words_and_meaning_and_signs_mean_nothing(
    p: burnish.Platform, shop: Path
) -> None:
    p.knowledge.add(shop)
    for query in (
        "refunds",
        "REFUND?",
        '"refund',
        "refund AND",
        "NEAR(refund)",
        "body:refund*",
        "'; DROP TABLE",
    ):
        found = p.knowledge.search(query, mode="text")
        if "DROP" not in query:
            assert found.items[0].chunk.heading == "Handbook > Refunds", query
    meant = p.knowledge.search("vacation days of employees", mode="semantic", limit=1)
    assert meant.items[0].document == "shop/inner/page.html"
    both = p.knowledge.search("parcel late", limit=1)
    assert both.items[0].cite == "shop/handbook.md, lines 8-11"
    assert [both.items[0].snippet.text[a:b] for a, b in both.items[0].snippet.marks][:2] == [
        "Late",
        "parcels",
    ]
    assert 0 < both.items[0].relevance <= 1
    with pytest.raises(UsageError, match="the query is empty"):
        p.knowledge.search(" ")


def test_scripts_without_spaces_are_found(p: burnish.Platform) -> None:
    p.knowledge.add_text(
        "# 退款\n\n客户可以在三十天内退货。\n\n# 营业时间\n\n周一至周五。", "手册.md"
    )
    found = p.knowledge.search("退货", mode="text")
    assert [hit.cite for hit in found.items] == ["手册.md, lines 1-3"]
    assert found.items[0].chunk.heading == "退款"


def test_pages_of_a_pdf_are_cited(p: burnish.Platform, tmp_path: Path, pdf: Pdf) -> None:
    (tmp_path / "terms.pdf").write_bytes(
        pdf(["General terms of the shop.", "Batteries are never sent by air."])
    )
    p.knowledge.add(tmp_path / "terms.pdf")
    assert p.knowledge.search("batteries by air").items[0].cite == "terms.pdf, page 2"
    assert p.knowledge.list()[0].pages == 2


def test_what_is_removed_is_in_no_table_and_nowhere_in_the_file(tmp_path: Path) -> None:
    words = ("xylophonist", "quagmire")
    with burnish.open(search__embedder="hashed") as p:
        p.knowledge.add_text("Stays: the marmalade.", "stays.md")
        p.knowledge.add_text(
            f"# {words[0].title()}\n\nThe {words[1]} is deep.", "a/goes.md", tags=["gone"]
        )
        p.knowledge.add_text(f"Another {words[1]}.", "a/too.md")
        assert p.knowledge.search("quagmire").items
        assert [each.name for each in p.knowledge.remove("a/").documents] == [
            "a/goes.md",
            "a/too.md",
        ]
        assert [hit.document for hit in p.knowledge.search("quagmire").items] in ([], ["stays.md"])
        with pytest.raises(NotFound, match="no document 'a/'"):
            p.knowledge.remove("stays.md", "a/")
        assert [each.name for each in p.knowledge.list()] == ["stays.md"]
        path = tmp_path / "home" / "burnish.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            tables = [
                row[0]
                for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in tables:
                held = repr(connection.execute(f"SELECT * FROM {table}").fetchall()).lower()
                assert not [word for word in (*words, "goes.md") if word in held], table
            assert connection.execute("SELECT count(*) FROM knowledge_vectors").fetchone() == (1,)
            terms = {row[0] for row in connection.execute("SELECT term FROM knowledge_words")}
            assert "marmalad" in terms
            assert not terms & {"xylophonist", "quagmir", "goe"}
        for file in path.parent.glob("burnish.sqlite*"):
            content = file.read_bytes().lower()
            assert b"marmalade" in content or file != path
            assert not [word for word in words if word.encode() in content], file


def test_rows_that_are_free_are_taken_again(p: burnish.Platform) -> None:
    for number in range(5):
        p.knowledge.add_text("".join(f"# H{n}\n\nText {number} {n}.\n" for n in range(4)), "a.md")
    p.knowledge.remove("a.md")
    p.knowledge.add_text("# One\n\nText.", "b.md")
    found = p.knowledge.search("text")
    assert (found.within, [hit.document for hit in found.items]) == (1, ["b.md"])


def test_another_process_sees_what_was_added_and_removed(p: burnish.Platform) -> None:
    p.knowledge.add_text("The cellar holds apples.", "cellar.md")
    assert p.knowledge.search("apples").items
    with burnish.open(search__embedder="hashed") as other:
        assert other.knowledge.search("apples").items
        p.knowledge.add_text("The cellar holds pears.", "cellar.md")
        assert (
            other.knowledge.search("pears", mode="semantic").items[0].chunk.body
            == "The cellar holds pears."
        )
        p.knowledge.remove("cellar.md")
        assert other.knowledge.search("pears").items == ()


def test_what_is_added_without_vectors_gets_them_with_a_search(p: burnish.Platform) -> None:
    p.knowledge.add_text("The cellar holds apples.", "cellar.md", embed=False)
    found = p.knowledge.search("apples", mode="semantic")
    assert (found.pending, len(found.items)) == (0, 1)


@pytest.mark.parametrize(
    "name", ["", " x", "a/", "x\n", "x\u202ey", "x" * 256, "\ud800"], ids=range(7)
)
def test_names_that_cannot_be_told_apart_are_refused(p: burnish.Platform, name: str) -> None:
    with pytest.raises(UsageError):
        p.knowledge.add_text("text", name)
    assert p.knowledge.list() == []


def test_settings_bound_what_is_taken_in(shop: Path, tmp_path: Path, pdf: Pdf) -> None:
    with (
        burnish.open(knowledge__max_files=1) as p,
        pytest.raises(UsageError, match="more than 1 files"),
    ):
        p.knowledge.add(shop)
    (tmp_path / "big.txt").write_text("x" * (1024 * 1024 + 1), encoding="utf-8")
    with (
        burnish.open(knowledge__max_file_mb=1) as p,
        pytest.raises(UsageError, match="more than 1 MiB"),
    ):
        p.knowledge.add(tmp_path / "big.txt")
    with (
        burnish.open(knowledge__max_chars=1000) as p,
        pytest.raises(UsageError, match="at most 1,000"),
    ):
        p.knowledge.add_text("x" * 1001, "a.txt")
    with (
        burnish.open(knowledge__max_pages=1) as p,
        pytest.raises(UsageError, match="at most 1 are"),
    ):
        p.knowledge.add_text(pdf(["a", "b"]), "a.pdf")
    with burnish.open(knowledge__read_time_s=0.2) as p, pytest.raises(UsageError, match=r"0\.2 s"):
        p.knowledge.add_text("<p>x" * 2_000_000, "a.html")


def test_file_names_that_are_no_text_are_named_as_far_as_they_are(
    p: burnish.Platform, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    for name in (b"caf\xe9.md", b"caf\xe9.b\xe9"):
        (tmp_path / "docs" / os.fsdecode(name)).write_text("text", encoding="utf-8")
    os.mkfifo(tmp_path / "docs" / "pipe.md")
    report = p.knowledge.add(tmp_path / "docs")
    assert [each.name for each in report.left_out] == [
        "docs/caf?.b?",
        "docs/pipe.md",
        "docs/caf?.md",
    ]
    assert msgspec.json.encode(report)


@pytest.mark.skipif(not embedding_available(), reason="the extra embed is not installed")
def test_another_embedder_makes_vectors_of_its_own_and_a_refresh_drops_the_others() -> None:
    with burnish.open(search__embedder="hashed") as p:
        p.knowledge.add_text("The cellar holds apples.", "cellar.md")
    with burnish.open(search__embedder="minilm") as p:
        found = p.knowledge.search("fruit below the house", mode="semantic")
        assert (found.embedder, found.items[0].document) == (MiniLmPieces.id, "cellar.md")
    with burnish.open(search__embedder="hashed") as p:
        assert p.knowledge.add_text("More apples.", "more.md").embedded == 1
        assert p.knowledge.refresh().embedded == 0
    with burnish.open(search__embedder="minilm") as p:
        assert p.knowledge.refresh().embedded == 2


def test_a_removal_while_others_read_tells_that_the_log_keeps_the_text(tmp_path: Path) -> None:
    with burnish.open(search__embedder="hashed") as p:
        p.knowledge.add_text("The quagmire is deep.", "goes.md")
        p.knowledge.add_text("Stays.", "stays.md")
        path = tmp_path / "home" / "burnish.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM knowledge_documents").fetchone()
            gone = p.knowledge.remove("goes.md")
            assert [each.name for each in gone.documents] == ["goes.md"]
            assert "burnish db vacuum" in gone.notes[0]
            reader.execute("ROLLBACK")
        p.db.vacuum()
        held = b"".join(each.read_bytes() for each in path.parent.glob("burnish.sqlite*"))
        assert b"quagmire" not in held.lower()
        assert p.knowledge.remove("stays.md").notes == ()


def test_the_same_text_elsewhere_takes_no_document_over(
    p: burnish.Platform, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.md").write_text("The same.", encoding="utf-8")
    p.knowledge.add(tmp_path / "one" / "a.md")
    with pytest.raises(Conflict, match="is another file already"):
        p.knowledge.add(tmp_path / "two" / "a.md")
    assert p.knowledge.list()[0].origin == str((tmp_path / "one" / "a.md").resolve())
    (tmp_path / "one" / "a.md").unlink()
    assert p.knowledge.add(tmp_path / "two" / "a.md").count("unchanged") == 1
    assert p.knowledge.list()[0].origin == str((tmp_path / "two" / "a.md").resolve())


@pytest.mark.parametrize("name", ["../x.md", "a/../x.md", "./x.md", "/etc/x.md", "a//x.md", ".."])
def test_a_name_leads_nowhere(p: burnish.Platform, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        p.knowledge.add_text("text", name)
    (tmp_path / "a.md").write_text("text", encoding="utf-8")
    with pytest.raises(UsageError, match="is no name"):
        p.knowledge.add(tmp_path / "a.md", name=name)
    assert p.knowledge.list() == []
