"""Books, Stripe and bank side by side: each part of a difference has rows of its own, and the rest has no name."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction

from ledger import builders
from ledger.drafts import AccountRef
from ledger.operations.post_entry import post_entry
from partners import bank_checks
from partners.bank.three_way import Held, in_transit, three_way
from partners.models import Agreement, BankAccount, Match
from partners.operations.choose_match import name_duplicate, name_entry
from partners.operations.import_statement import import_statement
from partners.operations.match_lines import match_lines
from partners.operations.record_bank_notice import record_bank_notice
from partners.operations.settle_matches import settle_matches
from partners.operations.undo_match import undo_match
from people.models import User
from tests.partners.bank.by_hand import booked_by_hand, opened_with
from tests.partners.bank.stripe import paid_out
from tests.partners.bank.test_matches import books_hold, found_exceptions, line, settled
from tests.partners.conftest import NOW

pytestmark = pytest.mark.django_db


def imported(
    account: BankAccount,
    by: User,
    opening_minor: int | None,
    closing_minor: int | None,
    *rows: str,
    name: str = "a.csv",
) -> None:
    content = "\n".join(["Date,Description,Amount", *rows]).encode()
    said: dict[str, Any] = {"opening_minor": opening_minor, "closing_minor": closing_minor}
    import_statement(account=account, file_name=name, content=content, by=by, now=NOW, **said)


def parts() -> tuple[dict[str, int], int]:
    """{the first words of a difference's name: amount}, and what has no name."""
    (row,) = three_way()
    return {" ".join(one.name.split()[:2]): one.amount_minor for one in row.differences}, row.unexplained_minor


def test_three_ways_agree_or_name_why_not(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    paid_out("po_2", 500, date(2026, 10, 19))
    imported(checking, ana, 10000, 17106, "2026-10-15,STRIPE TRANSFER,80.06", "2026-10-16,Rent,-9.00")

    (row,) = three_way()
    assert (row.books_minor, row.bank_minor, row.difference_minor) == (8006, 17106, 9100)
    assert parts() == ({"Lines that": -900, "Before the": 10000}, 0)
    stripe, partners = in_transit(Held("usd"))
    assert (stripe.books_minor, stripe.payouts_minor, stripe.number, stripe.difference_minor) == (500, 500, 1, 0)
    assert partners.number == 0


def test_what_the_books_opened_with_is_held_against_the_first_statement(checking: BankAccount, ana: User) -> None:
    opened_with(checking, 10001)
    imported(checking, ana, 10000, 9100, "2026-10-16,Rent,-9.00")

    assert parts() == ({"Lines that": -900, "Before the": -1}, 0)


@pytest.mark.parametrize("cents", [1, -1])
def test_a_planted_cent_is_a_finding(checking: BankAccount, ana: User, cents: int) -> None:
    opened_with(checking, 10000)
    imported(checking, ana, 10000, 9100, "2026-10-16,Rent,-9.00")
    assert list(bank_checks.closing_is_explained()) == []

    with transaction.atomic():
        draft = builders.bank_line_in_parts(
            line_ref="bank:line:0:match:0", parts=((AccountRef("bank_fees"), cents),), bank=checking.ref,
            source="bank:line:0", event_at=NOW, effective_on=date(2026, 10, 16), currency="usd",
        )  # fmt: skip
        post_entry(draft, now=NOW)

    assert parts()[1] == -cents
    (finding,) = bank_checks.closing_is_explained()
    assert "0.01 of the difference has no name" in finding


def test_an_entry_by_hand_without_a_line_is_named_by_itself_and_chased(checking: BankAccount, ana: User) -> None:
    opened_with(checking, 10000)
    imported(checking, ana, 10000, 9100, "2026-10-01,Rent,-9.00")
    booked_by_hand(checking, -500_000, date(2026, 10, 12))  # the fifth bank day is the 19th

    match_lines(now=NOW - timedelta(days=1))
    assert parts() == ({"Lines that": -900, "Booked by": 500_000}, 0)
    assert "hand_entry_not_at_bank" not in found_exceptions()
    match_lines(now=NOW)
    assert found_exceptions()["hand_entry_not_at_bank"] == ("manual:1", -500_000)
    assert [(item.ref, item.amount_minor) for item in bank_checks.booked_by_hand()] == [("manual:1", -500_000)]


def test_an_entry_that_names_what_it_takes_back_is_chased_no_more_than_that(checking: BankAccount, ana: User) -> None:
    imported(checking, ana, 0, -900, "2026-10-01,Rent,-9.00")
    booked_by_hand(checking, -500, date(2026, 10, 5))
    match_lines(now=NOW)
    assert found_exceptions()["hand_entry_not_at_bank"] == ("manual:1", -500)

    booked_by_hand(checking, 500, date(2026, 10, 2), "manual:2", about="manual:1")
    match_lines(now=NOW)
    assert "hand_entry_not_at_bank" not in found_exceptions()
    assert (bank_checks.booked_by_hand(), parts()[1]) == ([], 0)

    booked_by_hand(checking, 500, date(2026, 10, 6), "manual:3", about="manual:1")
    match_lines(now=NOW)
    assert found_exceptions()["hand_entry_not_at_bank"] == ("manual:3", 500), "once is enough"


def test_each_account_is_known_since_its_own_first_statement(checking: BankAccount, ana: User) -> None:
    savings = BankAccount.objects.create(name="Savings", currency="usd", last4="4242")
    imported(checking, ana, 0, -900, "2026-10-01,Rent,-9.00")
    booked_by_hand(savings, -500, date(2026, 10, 5))
    match_lines(now=NOW)
    assert "hand_entry_not_at_bank" not in found_exceptions(), "no statement of it yet"

    imported(savings, ana, 0, -900, "2026-10-06,Fee,-9.00")
    booked_by_hand(savings, -700, date(2026, 10, 7), "manual:2")
    match_lines(now=NOW)

    assert found_exceptions()["hand_entry_not_at_bank"] == ("manual:2", -700)


def test_a_line_that_was_booked_by_hand_is_no_difference(checking: BankAccount, ana: User, ben: User) -> None:
    imported(checking, ana, 0, -900, "2026-10-01,Rent,-9.00")
    booked_by_hand(checking, -900, date(2026, 10, 1))
    assert parts() == ({"Lines that": -900, "Booked by": 900}, 0)

    match = name_entry(line_id=line(checking, -900).pk, entry_key="manual:1", by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    assert parts() == ({}, 0)
    assert bank_checks.booked_by_hand() == []
    match_lines(now=NOW)
    assert found_exceptions() == {}


def test_a_return_by_notice_is_named_until_its_line_is_there(
    valor: Agreement, checking: BankAccount, ana: User, ben: User
) -> None:
    payout = settled(valor, checking, ana, ben)
    record_bank_notice(payout_id=payout.pk, code="R03", account=checking, by=ben, now=NOW)
    imported(checking, ana, -4000, -4900, "2026-10-20,Rent,-9.00")

    assert parts() == ({"Lines that": -900, "Come back": -4000}, 0)

    imported(checking, ben, -4900, -900, f"2026-10-20,ACH RETURN R03 {payout.reference},40.00", name="back.csv")
    settle_matches(match_ids=[Match.objects.get(kind="returned").pk], by=ben, now=NOW)
    assert parts() == ({"Lines that": -900}, 0)


def test_a_withdrawal_that_is_called_a_duplicate_leaves_a_difference_without_a_name(
    checking: BankAccount, ana: User, ben: User
) -> None:
    imported(checking, ana, 10000, 8200, "2026-10-15,Cash,-9.00", "2026-10-16,Cash,-9.00")
    first, second = checking.lines.order_by("id")

    match = name_duplicate(line_id=second.pk, of_line_id=first.pk, by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    assert parts()[1] == -900
    undo_match(match_id=match.pk, by=ben, now=NOW)
    assert parts()[1] == 0


def test_a_line_that_two_files_tell_differently_is_a_duplicate_and_its_balances_meet(
    checking: BankAccount, ana: User, ben: User
) -> None:
    imported(checking, ana, 10000, 9100, "2026-10-15,Cash,-9.00")
    imported(checking, ana, 10000, 8600, "2026-10-15,CASH WITHDRAWAL,-9.00", "2026-10-16,Other,-5.00", name="b.csv")
    imported(checking, ana, 8600, 8500, "2026-10-19,More,-1.00", name="c.csv")
    assert parts()[1] == 900

    first, second = checking.lines.filter(amount_minor=-900).order_by("id")
    match = name_duplicate(line_id=second.pk, of_line_id=first.pk, by=ana, now=NOW)
    settle_matches(match_ids=[match.pk], by=ben, now=NOW)

    assert parts()[1] == 0
    assert "bank_balance_differs" not in found_exceptions()
    books_hold()


def test_balances_that_do_not_meet_are_named_by_their_exception_only(checking: BankAccount, ana: User) -> None:
    from tests.ledger.raw import as_owner

    imported(checking, ana, 10000, 9100, "2026-10-16,Rent,-9.00")
    imported(checking, ana, 9000, 8200, "2026-10-19,Rent,-8.00", name="b.csv")
    assert found_exceptions()["bank_balance_differs"][1] == -100
    assert parts() == ({"Lines that": -1700, "Before the": 10000, "Balances between": -100}, 0)

    as_owner("DELETE FROM ledger_reconciliationexception WHERE kind = 'bank_balance_differs'")
    assert parts() == ({"Lines that": -1700, "Before the": 10000}, -100)
    assert len(list(bank_checks.closing_is_explained())) == 1


def test_lines_of_the_closing_day_that_came_later_are_not_in_its_balance(checking: BankAccount, ana: User) -> None:
    imported(checking, ana, 10000, 9100, "2026-10-15,Cash,-9.00")
    imported(checking, ana, None, None, "2026-10-15,Evening,-5.00", "2026-10-16,Other,-1.00", name="b.csv")

    (row,) = three_way()
    assert (row.bank_minor, parts()[1]) == (8500, 0)


# What a month needs


def test_an_account_that_moved_in_the_books_needs_a_statement_of_the_month(checking: BankAccount, ana: User) -> None:
    booked_by_hand(checking, -900, date(2026, 9, 15))

    assert list(bank_checks.lines_known_to_the_end(202610)) == []
    (finding,) = bank_checks.lines_known_to_the_end(202609)
    assert "no statement covers the month" in finding
    imported(checking, ana, 0, -900, "2026-10-01,Rent,-9.00")
    assert len(list(bank_checks.lines_known_to_the_end(202609))) == 1
    imported(checking, ana, 0, 0, "2026-09-01,In,9.00", "2026-09-30,Out,-9.00", name="september.csv")
    assert list(bank_checks.lines_known_to_the_end(202609)) == []


def test_money_at_a_bank_that_is_none_of_our_accounts_keeps_the_month_open(checking: BankAccount) -> None:
    booked_by_hand(BankAccount(pk=999), -900, date(2026, 9, 15))

    (finding,) = bank_checks.lines_known_to_the_end(202609)
    assert finding.startswith("bank:999 moved in the books, and is none of our bank accounts")
