"""OFX as tokens: the SGML of 1.x, where leaves are not closed, and the XML of 2.x, read by the same few rules.

No SGML library is kept, and the one for OFX is under another licence than ours: docs/decisions/0028.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from partners.bank.readers.reading import NotReadable

TAG_MAX: Final = 64
_PIECE: Final = re.compile(r"<(?P<tag>/?[A-Za-z][A-Za-z0-9_.:-]*)\s*(?P<empty>/?)>|<(?P<other>[?!][^>]*)>")
_ENTITY: Final = re.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|\w{1,10});")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is what stands between an opening tag and the next one; `line` counts from 1."""

    kind: Literal["open", "close"]
    name: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """Every tag of the file below its header, in order, names in capitals.

    Raises NotReadable for declarations, which could define entities, for a file that ends early, and for what is none.
    """
    begins = re.search(r"<OFX\b\s*>", text, re.IGNORECASE)
    if re.search(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)", text, re.IGNORECASE):
        raise NotReadable("The file declares a document type or entities. No bank does; it is not read.")
    if begins is None:
        raise NotReadable("The file has no <OFX> element.")
    line, place = 1 + text.count("\n", 0, begins.start()), begins.start()
    pending: tuple[str, int] | None = None
    begun, last = begins.start(), ""
    for piece in _PIECE.finditer(text, begins.start()):
        between, place = text[begun : piece.start()], piece.end()
        if pending is not None:
            yield Token("open", pending[0], unescaped(between.strip()), pending[1])
            pending = None
        line += text.count("\n", begun, piece.start())
        begun = place
        tag = piece["tag"]
        if tag is None:
            continue
        name = tag.lstrip("/").rpartition(":")[2].upper()[:TAG_MAX]
        if tag.startswith("/"):
            yield Token("close", name, "", line)
            last = name
        elif piece["empty"]:
            yield Token("open", name, "", line)
            yield Token("close", name, "", line)
        else:
            pending, last = (name, line), ""
    if last != "OFX" or pending is not None:
        raise NotReadable(f"The file ends on line {1 + text.count(chr(10))} before </OFX>: it did not arrive whole.")


def unescaped(text: str) -> str:
    """Character references and the named ones of HTML that banks use; an unknown one stays as it stands."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not name.startswith("#"):
        return _NAMED.get(name.lower(), found[0])
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if 32 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF else " "
