"""Stripe's payouts of a month: matched at the bank, or listed with a reason (rules/ledger.md 3c)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.models import Entry, ReconciliationException
from ledger.month_checks import Figures
from ledger.operations.resolve_exception import resolve_exception
from partners.bank.month_payouts import payouts_matched_or_listed
from partners.models import BankAccount, Match
from partners.operations.match_lines import match_lines
from partners.operations.settle_matches import settle_matches
from people.models import Note, User
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW
from tests.partners.test_desk import QUERIES_MAX, signed_in, today, words  # noqa: F401
from tests.partners.test_payouts import statement

pytestmark = pytest.mark.django_db
PAGE = "/desk/bank/payouts/202610/"
OPEN = "stripe:payout:po_2 of $20.00, due at the bank on 2026-10-09, is in no confirmed match"


def findings(yyyymm: int = 202610) -> list[str]:
    return [found for found in payouts_matched_or_listed(yyyymm) if isinstance(found, str)]


def counted() -> tuple[tuple[str, ...], ...]:
    (figures,) = [found for found in payouts_matched_or_listed(202610) if isinstance(found, Figures)]
    return figures.rows


@pytest.fixture
def october(checking: BankAccount, ana: User) -> None:
    """One matched, one that no line brought, one that failed; and neighbours in other months."""
    paid_out("po_1", 1000, date(2026, 10, 8), trace="TRACE00001")
    paid_out("po_2", 2000, date(2026, 10, 9))
    paid_out("po_3", 3000, date(2026, 10, 10), status="failed")
    paid_out("po_4", 4000, date(2026, 9, 30))
    paid_out("po_5", 5000, date(2026, 11, 1))
    statement(checking, ana, "2026-09-01,Opening,-1.00", "2026-10-08,STRIPE TRACE00001,10.00")


@pytest.mark.usefixtures("october")
def test_a_payout_without_line_or_reason_keeps_its_month_open() -> None:
    assert findings() == [OPEN]
    assert [found.split()[0] for found in findings(202609)] == ["stripe:payout:po_4"]
    assert counted() == (
        ("Matched at the bank", "1", "$10.00"),
        ("Listed with a reason", "1", "$30.00"),
        ("Neither", "1", "$20.00"),
    )


@pytest.mark.usefixtures("october")
def test_a_persons_reason_lists_it_and_posts_nothing(ana: User) -> None:
    entries, client = Entry.objects.count(), signed_in(ana)
    (row,) = [row for row in client.get(PAGE).context["rows"] if row.state == "open"]

    refused = client.post(f"{PAGE}reason/", {"payout": row.payout.pk, "reason": " "}, follow=True)
    assert "Say why the bank does not show it." in words(refused)
    assert findings() == [OPEN]
    page = words(client.post(f"{PAGE}reason/", {"payout": row.payout.pk, "reason": "Bank holiday <b>"}, follow=True))

    assert "“Bank holiday &lt;b&gt;”" in page
    assert "Every payout of the month is matched or listed" in page
    assert findings() == []
    assert Entry.objects.count() == entries


@pytest.mark.usefixtures("october")
def test_what_is_matched_takes_no_reason(ana: User) -> None:
    client = signed_in(ana)
    (row,) = [row for row in client.get(PAGE).context["rows"] if row.state == "matched"]

    page = words(client.post(f"{PAGE}reason/", {"payout": row.payout.pk, "reason": "Why not"}, follow=True))

    assert "po_1 is matched to a line of the bank." in page
    assert not Note.objects.exists()


@pytest.mark.usefixtures("october")
def test_the_reason_that_settled_its_exception_counts(ana: User) -> None:
    match_lines(now=NOW)
    late = ReconciliationException.objects.get(kind="payout_not_at_bank", subject="stripe:payout:po_2")

    resolve_exception(exception_id=late.pk, resolution="explained", reason="It came by cheque.", by=ana, now=NOW)

    assert findings() == []
    assert "“It came by cheque.”" in words(signed_in(ana).get(PAGE))


def test_before_the_first_statement_nobody_can_tell_and_without_one_somebody_says_why(
    checking: BankAccount, ana: User
) -> None:
    paid_out("po_2", 2000, date(2026, 10, 9))
    assert findings() == [OPEN]

    statement(checking, ana, "2026-10-10,Rent,-1.00")

    assert findings() == []
    assert "Before our first bank statement, which begins on 2026-10-10." in words(signed_in(ana).get(PAGE))


def test_a_match_that_waits_for_a_person_is_none_yet(checking: BankAccount, ana: User) -> None:
    paid_out("po_2", 2000, date(2026, 10, 9))
    statement(checking, ana, "2026-10-01,Rent,-9.00", "2026-10-09,ACH CREDIT,20.00")
    match = Match.objects.get(kind="arrived")
    assert (match.state, findings()) == ("proposed", [OPEN])

    settle_matches(match_ids=[match.pk], by=ana, now=NOW)

    assert findings() == []


@pytest.mark.usefixtures("october")
def test_the_page_costs_few_queries(ana: User, django_assert_max_num_queries: Any) -> None:
    client = signed_in(ana)
    with django_assert_max_num_queries(QUERIES_MAX):
        assert client.get(PAGE).status_code == 200
    assert client.get("/desk/bank/payouts/190001/").status_code == 404
