"""A bank's bytes as text: limits before anything is parsed, then the encodings that banks use."""

from __future__ import annotations

import codecs
from typing import Final

from partners.bank.readers.reading import NotReadable

MEGABYTES_MAX: Final = 32
BYTES_MAX: Final = MEGABYTES_MAX * 1_000_000
LINES_MAX: Final = 400_000
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def refuse_too_large(content: bytes) -> None:
    """Raise NotReadable for more bytes or lines than a statement has."""
    if len(content) > BYTES_MAX:
        raise NotReadable(f"The file is larger than {MEGABYTES_MAX} MB. Export a shorter period.")
    if content.count(b"\n") + content.count(b"\r") > 2 * LINES_MAX:
        raise NotReadable(f"The file has more than {LINES_MAX:,} lines. Export a shorter period.")


def decoded(content: bytes, encoding: str = "") -> str:
    """The text, by its byte order mark, as UTF-8, or as Windows-1252, which is what older exports are in.

    `encoding` is what the file says of itself and comes first. Raises NotReadable for what is no text.
    """
    if not content.strip():
        raise NotReadable("The file is empty.")
    text = _by_mark(content)
    if text is None:
        text = next((found for name in (encoding, "utf-8", "cp1252") if (found := _try(content, name)) is not None), "")
    if not text or "\0" in text:
        raise NotReadable("The file is not text. Export the statement again in one of the formats named above.")
    return text


def _by_mark(content: bytes) -> str | None:
    if content.startswith(codecs.BOM_UTF8):
        return _try(content, "utf-8-sig")
    if content.startswith(_UTF_16):
        return _try(content, "utf-16")
    for name, zero in (("utf-16-le", 1), ("utf-16-be", 0)):  # without a mark: every other byte of its ASCII is zero
        sample = content[:200]
        if len(sample) > 20 and 3 * sample[zero::2].count(0) > len(sample):
            return _try(content, name)
    return None


def _try(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding) if encoding else None
    except (UnicodeDecodeError, LookupError):
        return None
