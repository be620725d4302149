"""A partner whose October brought sales, gifts and a payout, and the people who ask for its statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client

from ledger.drafts import AccountRef, EntryDraft, PostingDraft
from ledger.operations.post_entry import post_entry
from ledger.operations.seal_entries import seal_all
from partners.models import Agreement, BankAccount, Match, Partner
from partners.operations.allocate import ShareLine, allocate
from partners.operations.import_statement import import_statement
from partners.operations.settle_matches import settle_matches
from people.models import User
from people.queries import local_day
from reports.models import Document
from reports.operations.render_document import Outcome, render_next_document
from reports.operations.request_document import request_statement
from reports.statements import Statement, cut_of, partner_statement
from tests.ledger.closing import close, reopen
from tests.partners import conftest as people
from tests.partners.money import settle_charge
from tests.partners.test_payouts import sent

# The partners' own cast, named here so that pytest finds it.
ana, ben, org, checking = people.ana, people.ben, people.org, people.checking
dahlias_hope, restoration_house = people.dahlias_hope, people.restoration_house
valor, rehope, seed = people.valor, people.rehope, people.seed

OCTOBER, SEPTEMBER = "2026-10", "2026-09"
NOVEMBER_3 = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("people.clock.now", lambda: NOVEMBER_3)


def pay(agreement: Agreement, number: int, at: datetime, *lines: tuple[str, int, int], settled: bool = False) -> None:
    """A payment at `at` of lines (design, units, basis in cents), shared by the agreement."""
    with transaction.atomic():
        if settled:
            settle_charge(f"ch_{number}", sum(basis_minor for *_, basis_minor in lines), at)
        allocate(
            source=f"order:{number}",
            charge_ref=f"stripe:charge:ch_{number}",
            currency="usd",
            lines=[
                ShareLine(
                    line_ref=f"line:{number}-{place}",
                    label=f"{units} x {design}",
                    design=design,
                    units=units,
                    basis_minor=basis_minor,
                    paid_minor=basis_minor,
                    agreement_ids=(agreement.pk,),
                )
                for place, (design, units, basis_minor) in enumerate(lines)
            ],
            bound_at=at,
            earned_at=at,
            now=NOVEMBER_3,
        )


def give(agreement: Agreement, number: int, at: datetime, gift_minor: int) -> None:
    pay(agreement, number, at, ("Seed Collective", 1, gift_minor))


def adjust(partner: Partner, amount_minor: int, day: int = 9, month: int = 10) -> None:
    """Staff add to what the partner is owed (or take away, when negative), outside sales, gifts and payouts."""
    at = datetime(2026, month, day, 15, tzinfo=UTC)
    payable, suspense = AccountRef("payable", partner.owner), AccountRef("suspense")
    debit, credit = (suspense, payable) if amount_minor > 0 else (payable, suspense)
    with transaction.atomic():
        post_entry(
            EntryDraft(
                kind="manual",
                key=f"manual:{partner.pk}:{month}-{day}",
                source=partner.owner,
                event_at=at,
                effective_on=local_day(at),
                currency="usd",
                postings=(PostingDraft(debit, credit, abs(amount_minor)),),
            ),
            now=NOVEMBER_3,
        )


def statement_of(partner: Partner, month: str = OCTOBER) -> Statement:
    """What the books say now, sealed first."""
    seal_all()
    return partner_statement(partner, month, NOVEMBER_3, cut_of(month))


def correct(partner: Partner, amount_minor: int) -> None:
    """October is opened again by two people, corrected by hand, and closed once more."""
    reopen(202610)
    adjust(partner, amount_minor)
    close(202610)


def october(day: int, hour: int = 17) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.fixture
def busy_october(
    valor: Agreement, seed: tuple[Agreement, Agreement], checking: BankAccount, ana: User, ben: User
) -> Partner:
    """Dahlia's Hope: 48.00 owed since September and paid on 20 October; 9.60 + 4.80 of sales and 2 x 10.00 of gifts."""
    pay(valor, 1, datetime(2026, 9, 8, 17, tzinfo=UTC), ("Valor tassel earrings", 10, 24000), settled=True)
    payout = sent(ana, ben).payouts.get()
    rows = f"Date,Description,Amount\n2026-10-20,ACH {payout.reference},-48.00\n"
    import_statement(account=checking, file_name="october.csv", content=rows.encode(), by=ana, now=october(21))
    settle_matches(match_ids=list(Match.objects.values_list("pk", flat=True)), by=ben, now=october(21))
    pay(valor, 2, october(5), ("Valor tassel earrings", 2, 4800))
    pay(valor, 3, october(12), ("Valor tassel earrings", 1, 2400))
    give(seed[0], 4, october(12), 2500)
    give(seed[0], 5, october(30), 2500)
    return valor.partner


@pytest.fixture
def closed_october(busy_october: Partner) -> Partner:
    """The same, closed by two people."""
    close(202609)
    close(202610)
    return busy_october


@pytest.fixture
def make(ana: User) -> Callable[..., Document]:
    """Ask for a statement and let a worker make it."""

    def make_statement(partner: Partner, month: str = OCTOBER, now: datetime = NOVEMBER_3) -> Document:
        document = request_statement(partner=partner, month=month, by=ana, now=now).document
        if document.state == Document.State.REQUESTED:
            assert render_next_document(now=now) is Outcome.READY
        document.refresh_from_db()
        return document

    return make_statement


def signed_in(user: User) -> Client:
    """A browser of a member of staff who has passed the second factor."""
    Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": {}})
    client = Client()
    client.force_login(user)
    return client
