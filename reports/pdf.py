"""HTML to PDF/UA-1, the same bytes every time: named assets only, our own fonts only. The only user of WeasyPrint."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import font_source_sans_pro
import font_source_serif_pro

_OWN = Path(__file__).parent / "assets"


@contextmanager
def _without_the_machines_fonts() -> Iterator[None]:
    """Let fontconfig read an empty set, and leave the environment to other programs as it was."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(_OWN / "fonts.conf")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "No fonts configured")  # that is what we want
            yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


with _without_the_machines_fonts():
    from weasyprint import HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    # One for all documents of a process: it saves memory (rules/performance.md section 5). Pango and fontconfig
    # cannot share it between threads, so one document is laid out after the other.
    _FONTS = FontConfiguration()
    _ONE_AT_A_TIME = threading.Lock()

ASSETS: Mapping[str, tuple[Path, str]] = {
    "asset:print.css": (_OWN / "print.css", "text/css"),
    **{
        f"asset:fonts/{path.name}": (path, "font/ttf")
        for package in (font_source_sans_pro, font_source_serif_pro)
        for path in sorted((Path(package.__file__).parent / "files").glob("*.ttf"))
    },
}


class NotAnAsset(FatalURLFetchingError):  # type: ignore[misc]
    """A document wanted something that is not one of our named assets; it is not made."""


class _Assets(URLFetcher):  # type: ignore[misc]
    """Serves the files of ASSETS and refuses everything else: no network, no file of the machine."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url not in ASSETS:
            raise NotAnAsset(f"not an asset of ours: {url[:80]}")
        path, media_type = ASSETS[url]
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": media_type})


@dataclass(frozen=True, slots=True)
class File:
    """A file inside the PDF: figures as data beside the figures as words."""

    name: str
    description: str
    content: str


@dataclass(frozen=True, slots=True)
class Rendered:
    content: bytes
    pages: int


def render(html: str, *, identifier: str, made_at: datetime, files: tuple[File, ...] = ()) -> Rendered:
    """Lay out `html` as tagged PDF/UA-1; equal arguments give equal bytes.

    `identifier` is any text that names the document. Raises NotAnAsset when it asks for anything but ASSETS.
    """
    with _ONE_AT_A_TIME:
        return _render(html, identifier, made_at, files)


def _render(html: str, identifier: str, made_at: datetime, files: tuple[File, ...]) -> Rendered:
    fetcher = _Assets()
    document = HTML(string=html, url_fetcher=fetcher, base_url="asset:").render(font_config=_FONTS)
    document.metadata.attachments = [
        Attachment(
            string=file.content,
            name=file.name,
            description=file.description,
            created=made_at,
            modified=made_at,
            relationship="Data",
            url_fetcher=fetcher,
        )
        for file in files
    ]
    content = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier.encode()[:32].ljust(16, b"."))
    return Rendered(content, len(document.pages))
