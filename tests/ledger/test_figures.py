"""The desk's figures of the day, from the books."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger.discrepancies import Found
from ledger.figures import Figures, Flow, figures
from ledger.operations.open_exception import open_exception
from tests.ledger.facts import DAY, NOW, accrual, balance_transaction, gift, post, sale
from tests.ledger.kinds import made_up

pytestmark = pytest.mark.usefixtures("books")


def of(currency: str = "usd") -> Figures:
    return figures(today=DAY, now=NOW, currency=currency)


def test_today_the_month_and_last_month_to_the_same_day() -> None:
    last_month, later_last_month = date(2026, 9, 20), date(2026, 9, 21)
    post(sale(), gift(effective_on=date(2026, 10, 2)), accrual())
    post(sale("ch_3", effective_on=last_month), sale("ch_4", effective_on=later_last_month))

    found = of()

    assert (found.today.received_minor, found.month.received_minor) == (5186, 5186 + 5180)
    assert found.last_month == Flow(received_minor=5186)  # what came on the 21st is no part of it
    assert list(found.owed) == ["partner:1"]
    assert found.owed["partner:1"] == found.today.given_minor
    assert found.today.given_minor == found.month.given_minor > 0
    assert of("eur").month == Flow()


def test_where_the_money_stands() -> None:
    post(sale(), balance_transaction())

    assert of().standing == {"stripe_balance": 5186 - 180, "in_transit": 0, "bank": 0}


def test_exceptions_by_how_late_they_are() -> None:
    for number, days in enumerate((1, -1, -6, -8)):
        kind = made_up("payout_differs", timedelta(days=days))
        open_exception(kind, Found(f"stripe:payout:po_{number}"), now=NOW)

    assert (of().in_time, of().late, of().very_late) == (1, 2, 1)
