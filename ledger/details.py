"""The detail of an exception holds ids and fixed words; here they become what a person reads and can open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ledger.models import ReconciliationException
from people.sources import Source, describe

_REF: Final = re.compile(r"[a-z_]+(:[\w-]+)+")
_CODE: Final = re.compile(r"[a-z]+(_[a-z]+)+:?")


def words_of(rows: Iterable[ReconciliationException]) -> dict[str, Source]:
    """What the rows are about and what their details name, for all of them at once."""
    named = {part for row in rows for part in row.detail.split() if _REF.fullmatch(part)}
    return describe([*(row.subject for row in rows), *sorted(named)])


def detail_of(row: ReconciliationException, words: Mapping[str, Source]) -> list[Source]:
    """Its detail part by part: a reference as its source, a code ("net_differs:") as words, the rest as it is."""
    return [words.get(part) or Source(_plain(part)) for part in row.detail.split()]


def _plain(part: str) -> str:
    return part.replace("_", " ") if _CODE.fullmatch(part) else part
