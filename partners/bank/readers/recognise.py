"""What format a bank's file has, by what stands at its beginning."""

from __future__ import annotations

import re
from typing import Final

CSV, OFX, CAMT053, BAI2, MT940 = "csv", "ofx", "camt053", "bai2", "mt940"
NAMES: Final = {
    CSV: "CSV",
    OFX: "OFX or QFX",
    CAMT053: "CAMT.053",
    BAI2: "BAI2",
    MT940: "MT940",
}
_HEAD: Final = 4_000
_OTHERS: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a spreadsheet or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def format_of(text: str) -> str | None:
    """One of NAMES; CSV for what is none of the others; None for what can be no statement (a web page, QIF, JSON)."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    upper = head.upper()
    if upper.startswith(("OFXHEADER", "<OFX")) or re.search(r"<\?OFX\b|<OFX>", upper):
        return OFX
    if upper.startswith("<?XML") or upper.startswith("<"):
        return CAMT053 if re.search(r"BKTOCSTMRSTMT|CAMT\.05[0-9]", upper) else None
    if re.match(r"01,[^\n]*[\r\n]+(?:88,[^\n]*[\r\n]+)*02,", head):
        return BAI2
    if re.match(r"\{1:|:20:|:\d\d[A-Z]?:", head) or re.search(r"^:60[FM]:", head, re.MULTILINE):
        return MT940
    if upper.startswith(("!TYPE:", "{", "[")):
        return None
    return CSV


def other_kind(content: bytes) -> str | None:
    """ "a PDF" and the like, for what people upload by mistake."""
    return next((name for magic, name in _OTHERS if content.startswith(magic)), None)
