"""The demo's bank account through the desk's own pages: what it leaves matched, and what it leaves to people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.demo.bank import DEPOSIT_MINOR, FEE_MINOR, NOBODY_KNOWS, Bank
from ledger.models import ReconciliationException
from partners.bank.three_way import three_way
from partners.models import BankAccount, Match
from partners.operations.match_lines import match_lines
from tests.partners.bank.stripe import paid_out
from tests.partners.conftest import NOW, checking, org, person  # noqa: F401 - fixtures

OPENED, MONTH_END, TODAY = date(2026, 9, 10), date(2026, 9, 30), date(2026, 10, 19)


class Browser:
    """What the play does with a session, done with Django's own client."""

    def __init__(self, email: str, role: str) -> None:
        user = person(email, role)
        Authenticator.objects.create(user=user, type="totp", data={})
        self.client = Client()
        self.client.force_login(user)

    def post(self, path: str, form: dict[str, str], files: dict[str, Any] | None = None) -> Any:
        sent = {name: SimpleUploadedFile(*file) for name, file in (files or {}).items()}
        answer = self.client.post(path, {**form, **sent}, follow=True)
        url = answer.redirect_chain[-1][0] if answer.redirect_chain else path
        return SimpleNamespace(status_code=answer.status_code, url=url)


@pytest.fixture
def bank(checking: BankAccount, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bank]:  # noqa: F811
    monkeypatch.setattr("people.clock.now", lambda: NOW)
    petra, anton = Browser("petra@tassel.example", "finance preparer"), Browser("anton@x.example", "finance approver")
    confirmed = lambda visitor, path, form: visitor.post(path, form)  # noqa: E731
    hands: Any = SimpleNamespace(petra=petra, anton=anton, confirmed=confirmed)
    opened = Bank(hands)
    opened.open(OPENED)
    yield opened


def test_a_month_ends_with_the_bank_and_the_books_agreeing(bank: Bank) -> None:
    paid_out("po_1", 8006, date(2026, 9, 21), trace="TRACE00001")

    bank.read_month_end(MONTH_END)
    match_lines(now=NOW)  # as each quarter of an hour: what people explained is no exception any more

    (row,) = three_way()
    assert row.bank_minor == row.books_minor == DEPOSIT_MINOR + 8006 + FEE_MINOR
    assert row.differences == ()
    assert set(Match.objects.values_list("state", flat=True)) == {"confirmed"}
    assert not ReconciliationException.objects.filter(resolved_at=None).exists()


def test_the_newest_statement_leaves_work_to_people(bank: Bank) -> None:
    bank.read_month_end(MONTH_END)
    paid_out("po_2", 4200, date(2026, 10, 12), trace="TRACE00002")
    paid_out("po_3", 4300, date(2026, 10, 19), trace="TRACE00003")

    bank.read_latest(TODAY)

    proposed = Match.objects.get(state="proposed")
    assert proposed.items.get(side="processor").stripe_payout.payout_id == "po_3"  # type: ignore[union-attr]
    left = ReconciliationException.objects.filter(resolved_at=None).order_by("pk")
    assert list(left.values_list("kind", "amount_minor")) == [
        ("bank_line_unknown", amount_minor) for _, amount_minor in NOBODY_KNOWS
    ]
    (row,) = three_way()
    assert row.unexplained_minor == 0
    assert row.difference_minor == 4300 + sum(amount_minor for _, amount_minor in NOBODY_KNOWS)


def test_a_month_before_the_account_was_there_has_no_statement(bank: Bank) -> None:
    bank.read_month_end(date(2026, 8, 31))

    assert not BankAccount.objects.get().statements.exists()
