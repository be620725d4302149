"""Balances as of a day, the trial balance, and an account's statement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.operations.seal_entries import seal_all
from ledger.queries import (
    SequenceAhead,
    balance,
    balances_by_owner,
    entry_by_key,
    sealed_through,
    statement_lines,
    trial_balance,
)
from tests.ledger.facts import DAY, NOW, accrual, balance_transaction, entry, post, sale

pytestmark = pytest.mark.usefixtures("books")
TOMORROW = DAY + timedelta(days=1)


def test_balance_is_debit_positive_and_counts_to_the_end_of_the_day() -> None:
    post(accrual(), accrual("allocation:2", effective_on=TOMORROW, amount_minor=100))

    assert balance("payable", "partner:1") == -964
    assert balance("allocations") == 964
    assert balance("payable", "partner:1", as_of=DAY) == -864
    assert balance("payable", "partner:1", as_of=DAY - timedelta(days=1)) == 0


def test_balance_of_an_account_nobody_used_is_zero() -> None:
    assert balance("payable", "partner:99") == 0
    assert balance("clearing", currency="eur") == 0


def test_currencies_are_never_added_up() -> None:
    post(sale(), sale("ch_eur", currency="eur", tax_minor=0))

    assert balance("clearing") == 5186
    assert balance("clearing", currency="eur") == 4820


def test_balances_by_owner() -> None:
    post(
        accrual(),
        accrual("allocation:2", partner="partner:2", amount_minor=560),
        accrual("allocation:3", partner="partner:2", effective_on=TOMORROW, amount_minor=40),
        accrual("allocation:4", partner="partner:3", currency="eur"),
    )

    assert balances_by_owner("payable") == {"partner:1": -864, "partner:2": -600}
    assert balances_by_owner("payable", DAY) == {"partner:1": -864, "partner:2": -560}
    assert balances_by_owner("payable", None, "eur") == {"partner:3": -864}
    assert balances_by_owner("held") == {}


def test_trial_balance_shows_both_sides_of_each_account() -> None:
    post(sale(), balance_transaction())

    lines = trial_balance()

    assert [(line.code, line.debits_minor, line.credits_minor, line.balance_minor) for line in lines] == [
        ("1040", 5186, 5186, 0),
        ("1050", 5186, 180, 5006),
        ("2310", 0, 366, -366),
        ("4510", 0, 4800, -4800),
        ("4520", 480, 0, 480),
        ("4530", 0, 500, -500),
        ("6110", 180, 0, 180),
    ]
    assert (lines[0].name, lines[0].type, lines[0].currency) == ("Processor clearing", "asset", "usd")


def test_trial_balance_as_of_a_day_in_one_currency() -> None:
    post(sale(), sale("ch_2", effective_on=TOMORROW), sale("ch_3", currency="eur"))

    clearing = next(line for line in trial_balance(DAY) if line.purpose == "clearing")

    assert clearing.balance_minor == 5186
    assert trial_balance(DAY - timedelta(days=1)) == []


def test_statement_runs_from_the_opening_balance_in_order_of_events() -> None:
    post(
        accrual("allocation:before", effective_on=DAY - timedelta(days=1), amount_minor=100),
        accrual("allocation:second", event_at=NOW + timedelta(hours=2), amount_minor=20),
        accrual("allocation:first", event_at=NOW + timedelta(hours=1), amount_minor=3),
        accrual("allocation:other", partner="partner:2"),
        accrual("allocation:after", effective_on=TOMORROW + timedelta(days=1)),
        entry("paid", ("payable/partner:1", "payout_in_flight/partner:1", 50), effective_on=TOMORROW),
    )

    lines = statement_lines("payable", "partner:1", DAY, TOMORROW)

    assert [(line.key, line.effective_on, line.change_minor, line.balance_minor) for line in lines] == [
        ("allocation:first:accrual", DAY, -3, -103),
        ("allocation:second:accrual", DAY, -20, -123),
        ("paid", TOMORROW, 50, -73),
    ]
    assert (lines[0].kind, lines[0].source, lines[0].event_at) == ("accrual", "order:1042", NOW + timedelta(hours=1))


def test_statement_has_one_line_for_an_entry_that_touches_the_account_twice() -> None:
    post(sale())

    [line] = statement_lines("clearing", "", DAY, DAY)

    assert (line.change_minor, line.balance_minor) == (5186, 5186)


def test_statement_of_an_unused_account_is_empty() -> None:
    assert statement_lines("payable", "partner:1", DAY, TOMORROW) == []


def test_entry_by_key() -> None:
    [posted] = post(sale())

    found = entry_by_key("stripe:charge:ch_1:sale")

    assert found is not None and found.pk == posted.entry_id
    assert entry_by_key("stripe:charge:ch_2:sale") is None


def test_each_read_is_one_query(django_assert_num_queries: Any) -> None:
    post(*(accrual(f"allocation:{i}", partner=f"partner:{i}") for i in range(12)))

    with django_assert_num_queries(4):
        balance("payable", "partner:1")
        balances_by_owner("payable")
        trial_balance(date(2026, 12, 31))
        statement_lines("payable", "partner:1", DAY, TOMORROW)


def test_balances_as_of_a_sequence_number_count_what_was_sealed_by_then() -> None:
    post(accrual())
    first = seal_all()
    post(accrual("allocation:2", amount_minor=100))
    second = seal_all()
    post(accrual("allocation:3", amount_minor=7))

    assert [balance("payable", "partner:1", through_seq=seq) for seq in (0, first, second, None)] == [
        0,
        -864,
        -964,
        -971,
    ]
    assert [len(statement_lines("payable", "partner:1", DAY, DAY, through_seq=seq)) for seq in (0, 1, 2, None)] == [
        0,
        1,
        2,
        3,
    ]
    assert [line.credits_minor for line in trial_balance(through_seq=first) if line.purpose == "payable"] == [864]
    assert sealed_through() == 2


def test_sequence_number_that_is_not_here_is_refused() -> None:
    post(accrual())
    seal_all()

    for read in (
        lambda: balance("payable", "partner:1", through_seq=2),
        lambda: trial_balance(through_seq=2),
        lambda: statement_lines("payable", "partner:1", DAY, DAY, through_seq=2),
    ):
        with pytest.raises(SequenceAhead, match="2 is not here: the last one is 1"):
            read()
