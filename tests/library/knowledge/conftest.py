from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Pdf = Callable[..., bytes]


def _page(lines: str) -> bytes:
    shown = [
        line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        for line in lines.split("\n")
    ]
    return (
        "BT /F1 12 Tf 14 TL 40 780 Td " + " ".join(f"({line}) Tj T*" for line in shown) + " ET"
    ).encode()


def make_pdf(pages: Sequence[str | bytes], *, deflate: int = 0) -> bytes:
    """A PDF with one page for each text; bytes are a page's instructions as they are."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids: list[str] = []
    for page in pages:
        content = page if isinstance(page, bytes) else _page(page)
        extra = b""
        for _ in range(deflate):
            content = zlib.compress(content, 9)
        if deflate:
            extra = b"/Filter [" + b"/FlateDecode " * deflate + b"] "
        objects.append(
            b"<< %s/Length %d >>\nstream\n%s\nendstream" % (extra, len(content), content)
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    made, places = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(made),
    )
    return made + head + table + tail


@pytest.fixture
def pdf() -> Pdf:
    return make_pdf


HANDBOOK = """# Handbook

## Refunds

Customers may send back any parcel within 30 days. We refund the price and the postage.
Vouchers are never refunded.

## Late parcels

A parcel is late after five working days. Say sorry once, give the tracking link, and offer a
voucher of 5 EUR.

## Opening hours

Monday to Friday, 9 to 17.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a handbook, an HTML page, a table, and files that are no text."""
    folder = tmp_path / "shop"
    (folder / "inner").mkdir(parents=True)
    (folder / "handbook.md").write_text(HANDBOOK, encoding="utf-8")
    (folder / "inner" / "page.html").write_text(
        "<title>Staff</title><h1>Holidays</h1><p>Everybody has 28 days of holiday.</p>",
        encoding="utf-8",
    )
    (folder / "sizes.csv").write_text("size,weight\nsmall,2 kg\nlarge,30 kg\n", encoding="utf-8")
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 8)
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / ".hidden.md").write_text("secret", encoding="utf-8")
    return folder
