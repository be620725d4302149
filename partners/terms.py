"""What an agreement promises of one payment: how much, and of what. Pure figures and words, no rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import models

from ledger import splitting
from people.money import format_minor
from people.queries import month_bounds


class Per(models.TextChoices):
    """How a share is measured."""

    PERCENT = "percent", "A percentage"
    UNIT = "unit", "An amount for each piece"
    PAYMENT = "payment", "An amount for each order or gift"


class Basis(models.TextChoices):
    """What a share is figured on, and at most taken of (DESIGN.md section 4 "Basis")."""

    NET_GOODS = "net_goods", "Item price after discounts, before tax and shipping"
    GIFT_PART = "gift_part", "The gift without the amount added to cover card fees"
    GROSS = "gross", "Item price before discounts, tax and shipping; a gift with what was added for card fees"
    NET_OF_FEES = "net_of_fees", "Item price or gift after discounts, less its part of the card fee"
    NET_OF_COST = "net_of_cost", "Item price after discounts, less the cost of making it"


class LimitPeriod(models.TextChoices):
    """In which time a cap or a minimum counts."""

    SERIES = "series", "In all, through every version"
    YEAR = "year", "In each calendar year"
    MONTH = "month", "In each calendar month"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a promise comes to at most and at least in a period, in minor units; None where nothing is said."""

    cap_minor: int | None = None
    minimum_minor: int | None = None
    period: str = LimitPeriod.SERIES

    def days(self, day: date) -> tuple[date, date]:
        """First and last day of the period that holds `day`."""
        if self.period == LimitPeriod.YEAR:
            return date(day.year, 1, 1), date(day.year, 12, 31)
        if self.period == LimitPeriod.MONTH:
            return month_bounds(f"{day:%Y-%m}")
        return date.min, date.max


NO_LIMITS = Limits()
GOODS_BASES = (Basis.NET_GOODS, Basis.GROSS, Basis.NET_OF_FEES, Basis.NET_OF_COST)
GIFT_BASES = (Basis.GIFT_PART, Basis.GROSS, Basis.NET_OF_FEES)
FEE_FIXED_MAX_MINOR: Final = 32_767  # what its column holds, and far more than any card costs


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """The card fee as pages assume it until the real one is known: basis points of a charge, and a fixed part."""

    basis_points: int = 0
    fixed_minor: int = 0

    def of(self, amount_minor: int) -> int:
        return min(splitting.fee(amount_minor, self.basis_points, 10_000, self.fixed_minor), amount_minor)


NO_FEE = FeeEstimate()


@dataclass(frozen=True, slots=True)
class Terms:
    """One agreement's figures. A rate for PERCENT (`each_minor` is 0), else `each_minor` in `currency` (no rate)."""

    agreement_id: int
    per: str
    rate_num: int
    rate_den: int
    each_minor: int
    currency: str
    basis: str
    stacking_set: str
    fee_estimate: FeeEstimate = NO_FEE
    limits: Limits = NO_LIMITS

    @property
    def is_estimate(self) -> bool:
        """Whether the amount is only known once the processor has told its fee."""
        return self.basis == Basis.NET_OF_FEES

    @property
    def rate_text(self) -> str:
        """ "20%", "12.5%", or the amount of each piece or payment: "$2.00"."""
        return rate_text(self.rate_num, self.rate_den, self.each_minor, self.currency)


RATE = ("rate_num", "rate_den", "each_minor", "currency")  # the columns of an agreement that `rate_text` takes


def rate_text(rate_num: int, rate_den: int, each_minor: int, currency: str) -> str:
    """A percentage, or an amount of money where there is one: `rate_text(0, 1, 200, "usd")` -> "$2.00"."""
    return format_minor(each_minor, currency) if each_minor else percent_text(rate_num, rate_den)


def percent_text(rate_num: int, rate_den: int) -> str:
    """A rate as people write it: `percent_text(1, 8)` -> "12.5%"; one without an end in decimals as it is: "1/3"."""
    hundredths, rest = divmod(rate_num * 10_000, rate_den)
    if rest:
        return f"{rate_num}/{rate_den}"
    whole, decimals = divmod(hundredths, 100)
    return f"{whole}.{decimals:02}".rstrip("0").rstrip(".") + "%"
