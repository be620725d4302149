"""A bank line with the number of a cheque is that cheque, and with another amount it is an exception."""

from __future__ import annotations

import pytest

from ledger.models import ReconciliationException
from partners.bank.cheque_numbers import cheque_ids
from partners.models import Agreement, BankAccount, BankLine, Match, MatchItem, PartnerPayout
from partners.operations.import_statement import import_statement
from partners.operations.issue_cheque import issue_cheque
from people.models import User
from tests.partners.conftest import person
from tests.partners.test_cheques import CHEQUE, sent
from tests.partners.test_destinations import LATER

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("description", "reference", "numbers"),
    [
        ("Paid", "1001", [1001]),
        ("Paid", "0000001000", [1000]),
        ("CHECK 1001", "", [1001]),
        ("Check No. 1001 paid", "", [1001]),
        ("CHK #001001", "", [1001]),
        ("Cheque number: 1001", "", [1001]),
        ("CHECK PAID 1001", "1001", [1001]),
        ("CHECKCARD 1001 SHOP", "", []),
        ("ACH 1001 Main Street", "", []),
        ("Paid", "ST-1001", []),
        ("Check 12345678901", "", []),
        ("Paid", "0", []),
    ],
)
def test_which_numbers_a_line_tells(description: str, reference: str, numbers: list[int]) -> None:
    assert cheque_ids(7, -4000, description, reference) == tuple(f"CHEQUE 7:{number}" for number in numbers)
    assert cheque_ids(7, 4000, description, reference) == (), "a cheque of ours never brings money"


@pytest.fixture
def out(valor: Agreement, checking: BankAccount, ana: User, ben: User) -> PartnerPayout:
    """Cheque 1001 over 40.00, drawn on the checking account."""
    payout = sent(valor, CHEQUE, ana, ben)
    issue_cheque(payout_id=payout.pk, account=checking, number=1001, by=ana, now=LATER)
    return payout


def shown(account: BankAccount, amount: str, number: int = 1001) -> BankLine:
    """Somebody who had nothing to do with the cheque imports a statement with one line."""
    cleo = person("cleo@tassel.example", "finance preparer")
    content = f"Date,Description,Amount\n2026-10-22,CHECK {number},{amount}\n".encode()
    import_statement(account=account, file_name="october.csv", content=content, by=cleo, now=LATER)
    return account.lines.get()


def test_the_number_and_the_amount_settle_it(out: PartnerPayout, checking: BankAccount) -> None:
    shown(checking, "-40.00")

    match = Match.objects.get()
    assert (match.rule, match.state, match.decided_by) == ("exact_id", "confirmed", None)
    out.refresh_from_db()
    assert out.state == "settled"


def test_another_amount_is_an_exception_and_no_match(out: PartnerPayout, checking: BankAccount) -> None:
    line = shown(checking, "-40.01")

    assert not Match.objects.exists()
    named = ReconciliationException.objects.get(resolved_at=None, kind="bank_amount_differs")
    assert (named.amount_minor, named.subject, named.detail) == (-1, line.ref, out.ref)


def test_another_number_of_the_amount_is_only_proposed(out: PartnerPayout, checking: BankAccount) -> None:
    shown(checking, "-40.00", 1002)

    assert [match.state for match in Match.objects.all()] in ([], ["proposed"])
    out.refresh_from_db()
    assert out.state == "in_flight"


def test_the_number_of_another_account_says_nothing(out: PartnerPayout) -> None:
    other = BankAccount.objects.create(name="Savings", last4="9999")

    shown(other, "-40.01")

    assert not Match.objects.exists() and not MatchItem.objects.exists()
    assert not ReconciliationException.objects.filter(kind="bank_amount_differs").exists()
