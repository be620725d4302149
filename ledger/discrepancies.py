"""What does not add up between the books and the outside: each kind has a word and an age at which it is too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A kind of it, named by the package that finds it; `limit` as in rules/ledger.md section 7.

    The rest is for a controller, in whole sentences: what it is called, what was found, what a person does about it.
    """

    word: str
    limit: timedelta
    title: str
    happened: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Found:
    """One of a kind: `subject` names the row ("stripe:bt:txn_1"), `detail` holds ids and fixed words only."""

    subject: str
    amount_minor: int | None = None
    currency: str = ""
    detail: str = ""


_registered: dict[str, Discrepancy] = {}
KINDS: Mapping[str, Discrepancy] = MappingProxyType(_registered)


def register(*kinds: Discrepancy) -> None:
    """Add the kinds of one package, so that the desk can say what each means."""
    _registered.update({kind.word: kind for kind in kinds})


def title_of(word: str) -> str:
    """A kind in words, also one that no package names any more."""
    return KINDS[word].title if word in KINDS else word.replace("_", " ").capitalize()
