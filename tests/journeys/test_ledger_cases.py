"""rules/ledger.md cases 7 and 9 through the local Stripe and the real doors, to the cent."""

from __future__ import annotations

import pytest

from donations.models import Fund
from ledger.models import Entry, ReconciliationException
from ledger.queries import balance
from partners.models import BankLine, Match, Partner
from payments.models import StripePayout
from tests.journeys import money_back as money
from tests.journeys.payouts import at_the_bank, hope, lay_ground, pay_out
from tests.journeys.test_money_back import CHAIN, fund, shelf  # noqa: F401
from tests.local_stripe import LocalStripe

pytestmark = pytest.mark.django_db(transaction=True)


def state() -> tuple[int, int, int]:
    """The Stripe balance, what Dahlia's Hope is owed and what of hers is held."""
    return balance("stripe_balance"), -balance("payable", hope().owner), -balance("held", hope().owner)


def hear_and_book(local: LocalStripe) -> None:
    money.hear(local)
    money.book_balance(local)


def e1_to_e4(local: LocalStripe) -> StripePayout:
    """A sale of 5186, a gift of 5180, 2000 of the sale given back; the rest is paid out to our bank."""
    order = money.sell(**CHAIN)
    money.give(Fund.objects.get(), 5180, 180)
    money.refund_at_stripe(order, 2000)
    hear_and_book(local)
    assert state() == (8006, 2531, 0)
    local.advance(days=3)
    local.do("payouts")
    local.advance(days=3)
    hear_and_book(local)
    return StripePayout.objects.get()


@pytest.mark.usefixtures("fund")
def test_ledger_case_7_a_dispute_holds_the_share_and_takes_more_than_stripe_has(webhooks: LocalStripe) -> None:
    lay_ground(*Partner.objects.all())
    e1_to_e4(webhooks)
    at_the_bank("stripe", "STRIPE TRANSFER,80.06")
    disputed = money.sell(**CHAIN)
    hear_and_book(webhooks)
    assert state() == (5006, 3395, 0)

    dispute = webhooks.dispute(money.charge_id(disputed), fee=1500)
    hear_and_book(webhooks)
    assert state() == (-1680, 2531, 864)
    assert pay_out(webhooks) == {"dahlias-hope": 2531, "restoration-house-kc": 2000}
    assert state() == (-1680, 0, 864)

    webhooks.close_dispute(dispute, "won")
    hear_and_book(webhooks)
    assert state() == (3506, 864, 0)
    assert (balance("dispute_fees"), balance("disputes")) == (1500, 0)


@pytest.mark.usefixtures("fund")
def test_ledger_case_9_the_payout_is_its_parts_and_its_line_matches_by_itself(webhooks: LocalStripe) -> None:
    lay_ground()
    payout = e1_to_e4(webhooks)

    at_the_bank("stripe", "STRIPE TRANSFER,80.06")

    assert payout.amount_minor == 8006 == 5006 + 5000 - 2000
    match = Match.objects.get()
    assert (match.state, match.decided_by, match.is_certain) == ("confirmed", None, True)
    assert (balance("in_transit"), state()) == (0, (0, 2531, 0))
    assert not ReconciliationException.objects.filter(resolved_at=None).exists()


@pytest.mark.usefixtures("fund")
def test_ledger_case_9_a_line_of_8005_is_an_exception_of_a_cent_and_posts_nothing(webhooks: LocalStripe) -> None:
    lay_ground()
    e1_to_e4(webhooks)
    entries = Entry.objects.count()

    at_the_bank("stripe", "STRIPE TRANSFER,80.05")

    found = ReconciliationException.objects.filter(resolved_at=None).values_list("kind", "amount_minor", "subject")
    assert list(found) == [("bank_amount_differs", -1, BankLine.objects.get().ref)]
    assert (Entry.objects.count(), Match.objects.count(), balance("in_transit")) == (entries, 0, 8006)
