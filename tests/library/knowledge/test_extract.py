"""From bytes to text: encodings, HTML, PDF, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import MissingExtra, UsageError
from burnish.library.knowledge.extract import Bounds, Extractor
from burnish.library.knowledge.html import html_lines
from burnish.library.knowledge.pieces import pieces

from .conftest import Pdf

UGLY = b"""<!doctype html><html><head><title>Shop &amp; more</title><style>p{color:red}</style>
<script>if (a<b) { alert("</p>script text") }</script><script src=x></script>
<body onload=evil()><h1>Refunds</h1><p>You may <b>send</b> back
  a parcel.<br>Within 30&nbsp;days.
<ul><li>One<li><p>Two</p></ul>
<table><tr><th>Country<th>Days<tr><td>DE<td>3 | 4<tr><td></td><td><p>5</p><p>6</p></table>
<pre>
def f():
    return "&lt;b&gt;"
</pre>
<p># no heading</p><template>hidden</template><noscript>off</noscript>
<h2>Late <i>parcels</i></h2><p>unclosed <b"""


@pytest.fixture
def extractor() -> Generator[Extractor]:
    with closing(Extractor(Bounds(chars=100_000, pages=20, time_s=20))) as made:
        yield made


@pytest.mark.parametrize(
    ("content", "text", "noted"),
    [
        ("größer 漢字".encode(), "größer 漢字", False),
        ("\ufeffgrößer".encode(), "größer", False),
        ("größer".encode("utf-16"), "größer", False),
        ("größer".encode("utf-16-be"), None, False),
        (b"\xfe\xff" + "größer".encode("utf-16-be"), "größer", False),
        ("größer".encode("utf-32"), "größer", False),
        ("café olé".encode("cp1252"), "café olé", True),
        (b"one\r\ntwo\rthree\x0cfour\x1b[0m", "one\ntwo\nthree\nfour[0m", False),
        (b"\xff\xfe\x00", None, False),
        (bytes(range(1, 256)), None, False),
        (b"   \n", None, False),
        (b"", None, False),
    ],
)
def test_encodings(extractor: Extractor, content: bytes, text: str | None, noted: bool) -> None:
    if text is None:
        with pytest.raises(UsageError):
            extractor.extract("a.txt", content)
        return
    found = extractor.extract("a.txt", content)
    assert (found.text, bool(found.note)) == (text, noted)


def test_ugly_html_keeps_headings_lists_tables_and_code(extractor: Extractor) -> None:
    found = extractor.extract("a.html", UGLY)
    for part in (
        "# Refunds\n",
        "You may send back a parcel.\nWithin 30 days.",
        "- One",
        "- Two",
        "| Country | Days |\n| --- | --- |\n| DE | 3 \\| 4 |\n|  | 5 6 |",
        'def f():\n    return "<b>"',
        "\\# no heading",
        "## Late parcels",
        "unclosed",
    ):
        assert part in found.text, part
    for dropped in ("color:red", "alert", "script text", "evil", "hidden", "off"):
        assert dropped not in found.text, dropped
    number = found.text.split("\n").index("## Late parcels")
    assert found.lines[number] == 12


def test_html_that_would_take_for_ever_is_given_up(pdf: Pdf) -> None:
    with (
        closing(Extractor(Bounds(chars=10_000_000, pages=1, time_s=0.5))) as extractor,
        pytest.raises(UsageError, match=r"took more than 0\.5 s"),
    ):
        extractor.extract("a.html", b"<p>x" * 2_000_000)


def test_pages_of_a_pdf_are_kept(extractor: Extractor, pdf: Pdf) -> None:
    found = extractor.extract(
        "terms.pdf", pdf(["Refunds take (30) days.\nSecond line", "Page two"])
    )
    assert found.kind == "pdf"
    assert found.text == "Refunds take (30) days.\nSecond line\nPage two"
    assert found.pages == (0, 36)
    assert extractor.extract("a.bin", pdf(["by its mark"], deflate=1)).text == "by its mark"


def encrypted(content: bytes, password: str) -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_encrypted_pdf_is_refused_unless_no_password_opens_it(
    extractor: Extractor, pdf: Pdf
) -> None:
    with pytest.raises(UsageError, match="it is encrypted"):
        extractor.extract("a.pdf", encrypted(pdf(["secret"]), "password"))
    assert extractor.extract("a.pdf", encrypted(pdf(["open"]), "")).text == "open"


def test_bad_pdfs_are_refused_and_the_next_is_read(extractor: Extractor, pdf: Pdf) -> None:
    good = pdf(["fine"])
    cases = {
        "only pictures": pdf([b"q Q", b""]),
        r"21 pages; at most 20": pdf(["x"] * 21),
        "more than 100,000 characters": pdf(["word " * 30_000]),
        "damaged|took more": b"%PDF-1.4\n" + b"\x00garbage" * 50,
        "damaged|took more|no text": good[: len(good) // 2],
        "unpacks to more|took more": pdf([b"BT " + b" " * 100_000_000], deflate=1),
        "unpacks to more": pdf([b"BT " + b" " * 100_000_000], deflate=2),
    }
    for message, content in cases.items():
        with pytest.raises(UsageError, match=message):
            extractor.extract("a.pdf", content)
        assert extractor.extract("b.pdf", good).text == "fine"


def test_without_the_extra_the_install_line_is_named(
    extractor: Extractor, pdf: Pdf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> Any:
        return None

    monkeypatch.setattr("burnish.library.knowledge.extract.find_spec", nothing)
    with pytest.raises(MissingExtra, match=r"pip install 'burnish\[pdf\]'"):
        extractor.extract("a.pdf", pdf(["x"]))


def test_a_text_that_is_too_long_is_refused(extractor: Extractor) -> None:
    with pytest.raises(UsageError, match=r"at most 100,000 are taken; .*knowledge\.max_chars"):
        extractor.extract("a.txt", b"x" * 100_001)


TAGS = """
<p> </p> <table> </table> <tr> </tr> <td> </td> <pre> </pre> <h1> </h1> <li> <ul> </ul> <br> <br/>
<script> </script> <style> </style> <svg/> </svg> <!-- --> <![CDATA[ ]]> <? &amp; &#0; &#xd800; <b </
word | # ``` 漢字
"""
SIGNS = st.sampled_from([*TAGS.split(), "\n", "\r\n", "\u2028", "\x00", " "])


@settings(max_examples=300, deadline=None)
@given(st.lists(SIGNS, max_size=40).map("".join))
def test_no_page_is_too_ugly(page: str) -> None:
    lines = html_lines(page)
    last = page.count("\n") + 1
    assert all(1 <= number <= last for _, number in lines)
    assert all("\n" not in line for line, _ in lines)
    assert [number for _, number in lines] == sorted(number for _, number in lines)


@given(st.lists(st.sampled_from(["one", "two", "<b>", "</b>", "<p>", " "]), max_size=20))
def test_words_of_a_page_are_all_kept(parts: list[str]) -> None:
    shown = "".join(line for line, _ in html_lines("".join(parts)))
    words = "".join(part for part in parts if part in ("one", "two"))
    assert "".join(shown.split()) == words


def text_of_page(page: str) -> str:
    return "\n".join(line for line, _ in html_lines(page))


@pytest.mark.parametrize(
    "page",
    [
        "<p>Before.<svg><path d='x'><title>Logo</title><p>The rent is due.</p>",
        "<p>Before.<svg><g><h2>Rent</h2><p>The rent is due.</p><svg><title>b</title></svg>",
        "<p>Before.<math><mi>x<table><tr><td>The rent is due.</table>",
        "<p>Before.<object data=x><p>The rent is due.</p>",
        "<p>Before.<object data=x type=y><param name=a>The rent is due.</object>",
        "<p>Before.<nav><p>The rent is due.</p>",
        "<p>Before.<noscript><p>The rent is due.</p>",
        "<p>Before.<iframe src=x></iframe><canvas><p>The rent is due.</p>",
        "<p>Before.<title>The rent is due.<p>Later.",
    ],
)
def test_a_part_that_never_ends_takes_no_text_along(page: str) -> None:
    shown = text_of_page(page)
    assert "Before." in shown
    assert "The rent is due." in shown
    assert "Logo" not in shown


def test_menus_and_drawings_are_no_text() -> None:
    page = (
        "<nav><ul><li>Menu<svg><title>Logo</title></svg></ul></nav><p>Text<svg><text>drawn</text>"
        "</svg> goes on.<noscript><p>off</p></noscript><template><div>no</div></template>"
    )
    assert text_of_page(page) == "Text goes on."


def test_the_title_heads_a_page_that_has_no_heading_of_its_own(extractor: Extractor) -> None:
    head = "<html><head><title>Deposit\n rules</title></head><body><nav>Menu</nav>"
    page = extractor.extract("a.html", f"{head}<p>Three rents.<h2>When</h2>Soon.".encode())
    assert page.text == "# Deposit rules\n\nThree rents.\n\n## When\n\nSoon."
    assert [(each.heading, each.body.split("\n")[0]) for each in pieces(page)] == [
        ("Deposit rules", "# Deposit rules"),
        ("Deposit rules > When", "## When"),
    ]
    assert text_of_page(f"{head}<h1>Deposits</h1><p>Three.") == "# Deposits\n\nThree."
