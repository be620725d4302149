"""Made-up sales for the measurements: six postings each, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from ledger.drafts import AccountRef, EntryDraft, PostingDraft
from people.queries import month_bounds

TODAY: Final = date(2026, 9, 30)
NOW: Final = datetime.combine(TODAY, time(18, 0), tzinfo=UTC)
FIRST_DAY: Final = date(2025, 1, 1)
HISTORY: Final = tuple(202501 + month for month in range(12))
PARTNERS: Final = 12
POSTINGS: Final = 6
_CLEARING, _STRIPE = AccountRef("clearing"), AccountRef("stripe_balance")
_SALES, _DISCOUNTS = AccountRef("sales"), AccountRef("discounts")
_SHIPPING, _TAX = AccountRef("shipping_income"), AccountRef("tax_payable")
_ALLOCATIONS, _FEES = AccountRef("allocations"), AccountRef("processing_fees")


def sales_on(day: date, number: int, first: int) -> list[EntryDraft]:
    """Sales of one day; `first` is the number of the first of them, which no other may have."""
    return [_sale(first + i, day) for i in range(number)]


def sales_over(first_day: date, days: int, number: int, first: int) -> Iterator[EntryDraft]:
    """Sales of several days, one day after the other, as they come in."""
    for i in range(number):
        yield _sale(first + i, first_day + timedelta(days=i * days // number))


def sales_mixed(days: int, number: int, first: int) -> list[EntryDraft]:
    """Sales of the last `days` days in no order at all, as an import may bring them."""
    choice = Random(first)  # noqa: S311 - made up, and the same each time
    return [_sale(first + i, TODAY - timedelta(days=choice.randrange(days))) for i in range(number)]


def days_of(yyyymm: int) -> tuple[date, date]:
    """The first and the last day of a month such as 202601."""
    return month_bounds(f"{yyyymm // 100}-{yyyymm % 100:02}")


def _sale(number: int, day: date) -> EntryDraft:
    """Goods, their discount, shipping and tax, what the partner is promised of it, and Stripe's fee."""
    choice = Random(number)  # noqa: S311 - made up, and the same each time
    goods = choice.randrange(1_800, 9_600)
    partner = f"partner:{1 + number % PARTNERS}"
    moved = (
        (_CLEARING, _SALES, goods - goods // 10),
        (_DISCOUNTS, _SALES, goods // 10),
        (_CLEARING, _SHIPPING, 500 + 10 * (number % 40)),
        (_CLEARING, _TAX, goods * 7 // 100),
        (_ALLOCATIONS, AccountRef("payable", partner), goods // 5),
        (_FEES, _STRIPE, 30 + goods * 29 // 1_000),
    )
    return EntryDraft(
        kind="sale",
        key=f"stripe:charge:ch_{number:024}:sale",
        source=f"order:{number}",
        event_at=datetime.combine(day, time(9, number % 60, number % 59), tzinfo=UTC),
        effective_on=day,
        currency="usd",
        postings=tuple(PostingDraft(debit, credit, amount) for debit, credit, amount in moved),
    )
