"""The books check themselves: named checks, each of which yields what does not add up, and what is still open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

import structlog
from django.db import transaction

from people.money import format_minor

FINDINGS_MAX: Final = 20  # of one check: beyond that the count says more than the list
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """A check under its name; `code` is its invariant in rules/ledger.md ("L9"), empty for what we want besides.

    `find()` yields one sentence for each thing that is wrong, streaming; nothing when all is well.
    """

    code: str
    name: str
    find: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; `findings` holds the first FINDINGS_MAX of `count`."""

    code: str
    name: str
    findings: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What an account on the way still holds of one fact, signed as the account has it, and since when."""

    ref: str
    amount_minor: int
    currency: str
    since: datetime


_checks: dict[str, Check] = {}
_open_items: dict[str, Callable[[], Iterable[OpenItem]]] = {}


def register(*checks: Check) -> None:
    """Add checks, each under a name that reads as what holds ("each paid order has its sale"). One check a name."""
    for check in checks:
        if _checks.get(check.name, check) != check:
            raise ValueError(f"there is another check named {check.name!r}")
        _checks[check.name] = check


def register_open_items(title: str, items: Callable[[], Iterable[OpenItem]]) -> None:
    """Have the report list what is open, the oldest first: no error, but somebody should look when it grows old."""
    _open_items[title] = items


def checks() -> list[Check]:
    """All checks: L1 to L13, then what we want besides, each in the order of registration."""
    return sorted(_checks.values(), key=lambda check: _place(check.code))


def run(code: str | None = None) -> Iterator[Result]:
    """Run all checks, or those of one code; "" are those that have none.

    One that cannot be run counts as one that found something: nobody may take it for all is well.
    """
    for check in checks():
        if code is not None and check.code != code:
            continue
        findings = _findings(check)
        first = tuple(islice(findings, FINDINGS_MAX))
        yield Result(check.code, check.name, first, len(first) + sum(1 for _ in findings))


def open_items() -> dict[str, list[OpenItem]]:
    """What is open, by title."""
    return {title: list(items()) for title, items in _open_items.items()}


def in_words(amount_minor: int, currency: str) -> str:
    """ "$48.00" for findings; what is no currency stays as it stands, because a finding must come out."""
    try:
        return format_minor(amount_minor, currency)
    except ValueError:
        return f"{amount_minor} {currency}".rstrip()


def _findings(check: Check) -> Iterator[str]:
    try:
        with transaction.atomic():
            yield from check.find()
    except Exception as error:
        log.exception("check_failed_to_run", check=check.name)
        yield f"this check could not be run: {type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _place(code: str) -> tuple[int, str]:
    number = re.fullmatch(r"L(\d+)", code)
    return (int(number[1]), "") if number else (1000, code)
