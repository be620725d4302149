"""Amounts and days as banks write them: read exactly, or refused with the reason."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from partners.bank.readers.reading import BadField
from people.money import exponent

DESCRIPTION_MAX: Final = 300
REFERENCE_MAX: Final = 80
DIGITS_MAX: Final = 15  # far below what a bigint holds, whatever the currency
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_SIDES: Final = {"CR": 1, "C": 1, "DR": -1, "D": -1}
_SHAPES: Final = {
    ".": re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ '’]\d{3})+)(?:\.\d*)?|\.\d+", re.ASCII),
    ",": re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ '’]\d{3})+)(?:,\d*)?|,\d+", re.ASCII),
}


def amount_minor(text: str, currency: str, decimal_mark: str = ".") -> int:
    """ "-1,250.50", "(1,250.50)", "1.250,50-", "$5 DR" -> minor units. Zero is zero; callers say what that means.

    Raises BadField for what is no amount, or has more decimals than the currency.
    """
    figures, sign = _unsigned(text)
    if not _SHAPES[decimal_mark].fullmatch(figures):
        example = "-1,250.50" if decimal_mark == "." else "-1.250,50"
        raise BadField(f"“{text[:40]}” is not an amount such as {example}.")
    whole, _, decimals = figures.partition(decimal_mark)
    whole = re.sub(r"\D", "", whole)
    if len(whole) + len(decimals) > DIGITS_MAX:
        raise BadField(f"“{text[:40]}” has too many figures.")
    minor = Decimal(f"{whole or 0}.{decimals or 0}").scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise BadField(f"“{text[:40]}” has more than {exponent(currency)} decimals.")
    return sign * int(minor)


def _unsigned(text: str) -> tuple[str, int]:
    """The figures alone, and 1 or -1. One sign at most; what has two is left for the caller's shape to refuse."""
    typed, sign = text.translate(_MINUS).strip(), 1
    if typed.startswith("(") and typed.endswith(")"):
        return typed[1:-1].strip().removeprefix("$").strip(), -1
    side = re.fullmatch(r"(.*\d.*?)\s*(CR|DR|C|D)", typed, re.IGNORECASE)
    if side:
        typed, sign = side[1], _SIDES[side[2].upper()]
        return typed.removeprefix("$").strip(), sign
    if typed[:1] in ("-", "+"):
        typed, sign = typed[1:].strip(), -1 if typed[0] == "-" else 1
    elif typed[-1:] in ("-", "+"):
        typed, sign = typed[:-1].strip(), -1 if typed[-1] == "-" else 1
    elif typed.startswith(("$-", "$ -")):
        typed, sign = typed.replace("-", "", 1), -1
    return typed.removeprefix("$").strip(), sign


def day(text: str, format_: str) -> date:
    """A day in the given form (`datetime.strptime`). Raises BadField."""
    try:
        found = datetime.strptime(text.strip(), format_).date()  # noqa: DTZ007 - a bank's calendar day has no zone
    except ValueError as error:
        raise BadField(f"“{text[:40]}” is not a date such as {date(2026, 12, 31):{format_}}.") from error
    if found.year < 1900:
        raise BadField(f"“{text[:40]}” is a day of the year {found.year}.")
    return found


def words(*texts: str | None, limit: int = DESCRIPTION_MAX) -> str:
    """Texts joined with single spaces, one that repeats left out, cut to what we keep; no control characters."""
    kept: list[str] = []
    for text in texts:
        clean = " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
        if clean and clean not in kept:
            kept.append(clean)
    return " ".join(kept)[:limit]
