"""HTML to PDF/UA-1, the same bytes every time: named assets only, our own fonts only. The only user of WeasyPrint."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import font_source_sans_pro
import font_source_serif_pro

_EMPTY_FONT_CONFIG = '<?xml version="1.0"?><fontconfig><cachedir>{folder}</cachedir></fontconfig>'


warnings.filterwarnings("ignore", "No fonts configured", module="weasyprint")  # that is what we want


def _hide_the_machines_fonts() -> None:
    """Point fontconfig at an empty set, so that a statement looks the same on every machine."""
    folder = Path(tempfile.gettempdir()) / f"tassel-fonts-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "fonts.conf"
    config.write_text(_EMPTY_FONT_CONFIG.format(folder=folder))
    os.environ["FONTCONFIG_FILE"] = str(config)


_hide_the_machines_fonts()  # before WeasyPrint loads Pango

from weasyprint import HTML, Attachment  # noqa: E402
from weasyprint.text.fonts import FontConfiguration  # noqa: E402
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # noqa: E402

_OWN = Path(__file__).parent / "assets"
_SANS = Path(font_source_sans_pro.__file__).parent / "files"
_SERIF = Path(font_source_serif_pro.__file__).parent / "files"
ASSETS: Mapping[str, tuple[Path, str]] = {
    "asset:print.css": (_OWN / "print.css", "text/css"),
    **{
        f"asset:fonts/{path.name}": (path, "font/ttf")
        for folder in (_SANS, _SERIF)
        for path in sorted(folder.glob("*.ttf"))
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


@cache
def _fonts() -> FontConfiguration:
    """Shared by all documents of a process: it saves memory (rules/performance.md section 5)."""
    return FontConfiguration()


def render(html: str, *, identifier: str, made_at: datetime, files: tuple[File, ...] = ()) -> Rendered:
    """Lay out `html` as tagged PDF/UA-1; equal arguments give equal bytes.

    `identifier` is any text that names the document. Raises NotAnAsset when it asks for anything but ASSETS.
    """
    fetcher = _Assets()
    document = HTML(string=html, url_fetcher=fetcher, base_url="asset:").render(font_config=_fonts())
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
