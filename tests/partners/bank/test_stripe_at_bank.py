"""On a Stripe payout's page stands the bank's line that it was matched with, or that the bank has not shown it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from ledger.models import ReconciliationException
from partners.models import BankAccount, BankLine, Match
from partners.operations.undo_match import undo_match
from payments.at_bank import seen_at_bank
from people.models import Organisation, User
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW, person
from tests.partners.test_desk import QUERIES_MAX, signed_in, words
from tests.partners.test_payouts import statement

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
PAGE = "/desk/stripe/payouts/po_1/"


@pytest.fixture(autouse=True)
def today(org: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOW)


def test_a_confirmed_match_shows_day_amount_and_file(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")
    line = BankLine.objects.select_related("statement").get()

    page = words(signed_in(ana).get(PAGE))

    assert f'<a href="/desk/bank/lines/{line.pk}/">15 October 2026, $80.06</a>' in page
    assert "Checking (1234), from" in page and line.statement.file_name in page
    assert f'href="/desk/bank/matches/{Match.objects.get().pk}/"' in page
    assert "Perhaps" not in page and "Not seen" not in page
    assert "on the statement of 15 October 2026" in words(signed_in(ana).get("/desk/stripe/payouts/"))


def test_a_line_that_waits_to_be_confirmed_is_only_perhaps_it(checking: BankAccount, ana: User) -> None:
    for number in (1, 2):
        paid_out(f"po_{number}", 4003, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")

    page = words(signed_in(ana).get(PAGE))

    assert "Perhaps this line" in page
    assert "together with 1 other payout" in page


def test_what_was_undone_is_seen_no_more(checking: BankAccount, ana: User) -> None:
    payout = paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")
    assert list(seen_at_bank([payout.ref])) == [payout.ref]

    undo_match(match_id=Match.objects.get().pk, reason="Another one.", by=ana, now=NOW)

    assert seen_at_bank([payout.ref]) == {}


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [
        (-6, "paid", "Not seen on a bank statement yet, 6\xa0days after it was due"),
        (0, "paid", "Not seen on a bank statement yet; it is due today"),
        (2, "in_transit", "Not seen on a bank statement yet; it is due on"),
        (-6, "failed", "Not on a bank statement: it came back to Stripe"),
    ],
)
def test_a_payout_that_the_bank_has_not_shown_says_its_age(ana: User, days: int, status: str, said: str) -> None:
    paid_out("po_1", 8006, TODAY + timedelta(days=days), status=status)

    assert said in signed_in(ana).get(PAGE).content.decode()


def test_the_board_reads_of_the_line_and_is_led_nowhere_it_may_not_go(checking: BankAccount, ana: User) -> None:
    paid_out("po_1", 8006, date(2026, 10, 14))
    statement(checking, ana, "2026-10-15,STRIPE TRANSFER,80.06")

    page = words(signed_in(person("board@tassel.example", "board")).get(PAGE))

    assert "15 October 2026, $80.06" in page
    assert "/desk/bank/" not in page


def test_many_payouts_cost_no_more_queries(
    checking: BankAccount, ana: User, django_assert_max_num_queries: Any
) -> None:
    desk: Client = signed_in(ana)
    for number in range(1, 9):
        paid_out(f"po_{number}", 8000 + number, date(2026, 10, 14))
    statement(checking, ana, *(f"2026-10-15,STRIPE TRANSFER,80.0{number}" for number in range(1, 9)))

    for page in (PAGE, "/desk/stripe/payouts/"):
        with django_assert_max_num_queries(QUERIES_MAX):
            desk.get(page)


def test_what_an_exception_is_about_is_a_link_to_it(checking: BankAccount, ana: User) -> None:
    desk = signed_in(ana)
    statement(checking, ana, "2026-10-15,Unknown,-1.50")
    line, row = BankLine.objects.get(), ReconciliationException.objects.get(kind="bank_line_unknown")

    page = words(desk.get(f"/desk/exceptions/{row.pk}/"))
    desk.post(f"/desk/exceptions/{row.pk}/assign/", {"owner": ana.pk})

    assert f'<a href="/desk/bank/lines/{line.pk}/">Bank line of 15 October 2026</a>' in page
    assert f'<a href="/desk/bank/accounts/{checking.pk}/">Checking (1234)</a>' in page
    assert "What to do." in page and "explain it as a bank fee or interest" in page
    named = f'<a href="/desk/exceptions/{row.pk}/">A line that nothing explains</a>'
    assert named in words(desk.get("/desk/exceptions/?kind=bank_line_unknown"))
    assert named not in words(desk.get("/desk/exceptions/?kind=bank_line_duplicate"))
    assert named in words(desk.get("/desk/history/?topic=Exceptions"))
