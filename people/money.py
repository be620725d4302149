"""Money at the edges: minor units in, words out. Exponents and symbols come from Babel, never from us."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, list_currencies

_CODES = frozenset(code.lower() for code in list_currencies())
LIMIT_MINOR = 99_999_999  # Stripe's own limit for one payment
FIGURE_MAX_MINOR = 9_999_999_999_999
_PLAIN = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")


class NotAnAmount(ValueError):
    """What somebody typed is not an amount we can take; `str(error)` says why in plain words."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency (lower-case ISO 4217 code)."""

    amount_minor: int
    currency: str

    def __str__(self) -> str:
        return format_minor(self.amount_minor, self.currency)


def is_currency(code: str) -> bool:
    """Whether this is a currency as we write them: a lower-case ISO 4217 code."""
    return code in _CODES


def exponent(currency: str) -> int:
    """Decimal places of a currency: usd 2, jpy 0, kwd 3. Raises ValueError for an unknown code."""
    code = currency.upper()
    if code not in list_currencies():
        raise ValueError(f"unknown currency: {currency}")
    return get_currency_precision(code)


def format_minor(amount_minor: int, currency: str) -> str:
    """`960, "usd"` -> "$9.60"; negative amounts as "-$9.60"."""
    amount = Decimal(amount_minor).scaleb(-exponent(currency))
    return str(format_currency(amount, currency.upper(), locale="en_US"))


def parse_amount(text: str, currency: str) -> int:
    """What a person typed ("25", "$1,250.50") as minor units above zero.

    Raises NotAnAmount for letters, too many decimals, zero, negatives and anything above LIMIT_MINOR.
    """
    typed = unicodedata.normalize("NFKC", text).strip().removeprefix("$").strip()
    if not typed:
        raise NotAnAmount("Enter an amount, such as 25.")
    if typed.startswith(("-", "−")):
        raise NotAnAmount("The amount must be more than zero.")
    if not _PLAIN.fullmatch(typed) or not typed.isascii():
        raise NotAnAmount("Write the amount in figures, such as 25 or 25.50.")
    amount = Decimal(typed.replace(",", ""))
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise NotAnAmount(f"Use at most {exponent(currency)} decimals.")
    if minor == 0:
        raise NotAnAmount("The amount must be more than zero.")
    if minor > LIMIT_MINOR:
        raise NotAnAmount(f"We can take at most {format_minor(LIMIT_MINOR, currency)} in one payment.")
    return int(minor)


def parse_figure(text: str, currency: str) -> int:
    """An amount as a file has it ("1234.50", "1,234.50", "0") as minor units, zero included, up to FIGURE_MAX_MINOR.

    Raises NotAnAmount for anything else: signs, symbols, decimal commas, digits that are not 0 to 9.
    """
    if not (text.isascii() and _PLAIN.fullmatch(text)):
        raise NotAnAmount(f"“{text[:40]}” is not an amount such as 1,234.50.")
    minor = Decimal(text.replace(",", "")).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise NotAnAmount(f"“{text[:40]}” has more than {exponent(currency)} decimals.")
    if minor > FIGURE_MAX_MINOR:
        raise NotAnAmount(f"“{text[:40]}” is larger than any amount we take.")
    return int(minor)
