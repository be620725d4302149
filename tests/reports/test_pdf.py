"""The PDF itself: tagged, in our fonts, the same bytes every time, and nothing fetched but what we name."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from reports.pdf import ASSETS, File, NotAnAsset, render

MADE_AT = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
HEAD = '<html lang="en"><head><title>Test</title><link rel="stylesheet" href="asset:print.css"></head>'


def pdf(body: str, *files: File) -> bytes:
    return render(f"{HEAD}<body>{body}</body></html>", identifier="test", made_at=MADE_AT, files=files).content


@pytest.fixture
def visits() -> Iterator[list[str]]:
    """The paths that a web server on this machine was asked for; its port is the first element."""
    seen: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Listener)
    seen.append(str(server.server_port))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()


def test_equal_arguments_give_equal_bytes_and_others_do_not() -> None:
    file = File("days.csv", "Days", "day,amount\r\n1,9.60\r\n")

    first = pdf("<h1>October</h1>", file)

    assert pdf("<h1>October</h1>", file) == first
    assert pdf("<h1>November</h1>", file) != first


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    program = "import sys; from tests.reports.test_pdf import pdf; sys.stdout.buffer.write(pdf('<h1>October</h1>'))"

    other = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "", "TZ": "Asia/Tokyo", "HOME": str(tmp_path), "PYTHONHASHSEED": "7"},
    )

    assert other.stdout == pdf("<h1>October</h1>"), other.stderr
    assert other.stderr == b""


def test_only_our_fonts_are_inside_whatever_is_written(tmp_path: Path) -> None:
    words = "<h1>Ñandú żółć Ωδ Привет 漢字 😀</h1><p style='font-family: DejaVu Sans'>other 漢</p><code>code</code>"
    path = tmp_path / "words.pdf"
    path.write_bytes(pdf(words))

    listed = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]

    names = {line.split()[0].partition("+")[2] for line in listed}
    assert names
    assert all(name.startswith(("Source-Sans-Pro", "Source-Serif-Pro")) for name in names), names
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in listed), "embedded, subset, readable as text"


def test_the_machines_fonts_come_back_for_other_programs() -> None:
    assert "fonts.conf" not in os.environ.get("FONTCONFIG_FILE", "")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="{target}" alt="x">',
        '<link rel="stylesheet" href="{target}">',
        "<style>body {{ background: url({target}) }}</style>",
        "<style>@import '{target}';</style>",
        "<style>@font-face {{ font-family: Evil; src: url({target}) }} p {{ font-family: Evil }}</style><p>x</p>",
        '<object data="{target}"></object>',
        '<embed src="{target}">',
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{target}" width="9" height="9"/></svg>',
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="{target}#x"/></svg>',
        '<a rel="attachment" href="{target}">x</a>',
        '<link rel="attachment" href="{target}">',
    ],
)
@pytest.mark.parametrize("kind", ["file", "http", "data", "asset"])
def test_nothing_else_is_fetched(body: str, kind: str, visits: list[str], tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>s3cret</text></svg>')
    target = {
        "file": secret.as_uri(),
        "http": f"http://127.0.0.1:{visits[0]}/secret",
        "data": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
        "asset": "asset:../settings.py",
    }[kind]

    try:
        made = pdf(body.format(target=target))
    except NotAnAsset:
        made = b""

    assert len(visits) == 1
    assert b"EmbeddedFile" not in made
    assert "s3cret" not in (PdfReader(io.BytesIO(made)).pages[0].extract_text() if made else "")


def test_an_image_of_another_place_stops_the_document() -> None:
    with pytest.raises(NotAnAsset):
        pdf('<img src="file:///etc/passwd" alt="x">')


def test_assets_are_files_of_ours() -> None:
    assert all(path.is_file() for path, _ in ASSETS.values())
    assert not any(".." in name for name in ASSETS)


def test_threads_take_turns() -> None:
    with ThreadPoolExecutor(6) as threads:
        made = set(threads.map(pdf, ["<h1>October</h1><table><tr><td>Żółć</td></tr></table>"] * 24))

    assert len(made) == 1


def test_files_ride_along() -> None:
    made = PdfReader(io.BytesIO(pdf("<p>x</p>", File("days.csv", "Days", "day\r\n1\r\n"))))

    assert made.attachments == {"days.csv": [b"day\r\n1\r\n"]}
