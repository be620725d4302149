"""rules/shop.md case 10 through the local Stripe and the real doors: a dispute after the partner was paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from ledger.models import Entry
from ledger.queries import balance
from partners.models import Hold, PartnerPayout
from partners.operations.propose_batch import NothingEligible
from partners.queries.eligible import eligible
from payments.models import StripeEvent
from people import clock
from shop.models import Order
from tests.journeys import money_back as money
from tests.journeys.payouts import hope, lay_ground, pay_out
from tests.local_stripe import LocalStripe
from tests.shop.conftest import make_shelf, placed_order

pytestmark = pytest.mark.django_db(transaction=True)
DISCOUNTS = {"VALOR-DARK": 527, "REHOPE": 308, "PLAIN": 165}  # of SAVE10, rules/shop.md case 1
FRESH = {500: (2, 2300), 1200: (3, 1200)}  # a new share: that many pieces of 2400, less a discount


@pytest.fixture(autouse=True)
def shelf(transactional_db: None) -> None:
    now = clock.wall_now()
    make_shelf(now, starts_on=now.date() - timedelta(days=30), ends_on=now.date() + timedelta(days=60))
    lay_ground(hope())


def state() -> tuple[int, int]:
    """What Dahlia's Hope is owed, and what of it is held."""
    return -balance("payable", hope().owner), -balance("held", hope().owner)


def case_1() -> Order:
    """2 Valor, 1 ReHope, 1 plain, less 1000: 855 are Dahlia's Hope's."""
    order = placed_order(clock.now(), VALOR_DARK=2, REHOPE=1, PLAIN=1).order
    for sku, discount in DISCOUNTS.items():
        order.lines.filter(sku=sku).update(discount_minor=discount, net_minor=F("net_minor") - discount)
    Order.objects.filter(pk=order.pk).update(discount_minor=1000, total_minor=F("total_minor") - 1000)
    money.pay("order", order.ref, 8100)
    order.refresh_from_db()
    return order


def hear_thrice(local: LocalStripe) -> None:
    """Every event comes two times more by the webhook, and is worked on two times more: nothing changes."""
    money.hear(local)
    before = (money.keys(), money.balances(), list(Hold.objects.values_list("amount_minor", "ended_on")))
    for _ in range(2):
        for event in StripeEvent.objects.values_list("event_id", flat=True):
            local.resend(event)
        money.hear(local)
        StripeEvent.objects.update(state="received", finished_at=None, next_attempt_at=clock.wall_now())
        money.hear(local)
    assert (money.keys(), money.balances(), list(Hold.objects.values_list("amount_minor", "ended_on"))) == before


@pytest.fixture
def paid(webhooks: LocalStripe) -> str:
    """The order of case 1, of which 855 have reached Dahlia's Hope; its dispute, as an inquiry that moves nothing."""
    order = case_1()
    money.hear(webhooks)
    assert (state(), pay_out(webhooks), state()) == ((855, 0), {"dahlias-hope": 855}, (0, 0))
    entries = Entry.objects.count()

    dispute = webhooks.dispute(money.charge_id(order), inquiry=True)
    hear_thrice(webhooks)

    assert (state(), Hold.objects.count(), Entry.objects.count()) == ((0, 0), 0, entries)
    return dispute


@pytest.fixture
def withdrawn(paid: str, webhooks: LocalStripe) -> str:
    """Stripe takes the whole charge: 855 are held, so the account is 855 in our favour."""
    webhooks.escalate_dispute(paid)
    hear_thrice(webhooks)

    assert (state(), Hold.objects.get(allocation__agreement__partner=hope()).amount_minor) == ((-855, 855), 855)
    return paid


@pytest.fixture
def lost(withdrawn: str, webhooks: LocalStripe) -> str:
    webhooks.close_dispute(withdrawn, "lost")
    hear_thrice(webhooks)

    assert state() == (-855, 0)
    return withdrawn


def fresh_share(local: LocalStripe, amount_minor: int) -> None:
    pieces, discount = FRESH[amount_minor]
    money.sell(pieces, discount=discount)
    money.hear(local)


def test_shop_case_10_lost_and_1200_new_pay_345(lost: str, webhooks: LocalStripe) -> None:
    fresh_share(webhooks, 1200)

    assert pay_out(webhooks) == {"dahlias-hope": 345}

    items = PartnerPayout.objects.latest("pk").items.values_list("amount_minor", flat=True)
    assert (sorted(items), state()) == ([-855, 1200], (0, 0))


def test_shop_case_10_lost_and_500_new_pay_nothing_and_carry_355(lost: str, webhooks: LocalStripe) -> None:
    fresh_share(webhooks, 500)

    with pytest.raises(NothingEligible):
        pay_out(webhooks)

    (row,) = [row for row in eligible(as_of=money.today(), currency="usd", now=clock.now()) if row.partner == hope()]
    assert (row.eligible_minor, row.why_not) == (-355, "The account is in our favour; carried forward.")
    assert (state(), PartnerPayout.objects.count()) == ((-355, 0), 1)


def test_shop_case_10_won_gives_back_what_was_held(withdrawn: str, webhooks: LocalStripe) -> None:
    webhooks.close_dispute(withdrawn, "won")
    hear_thrice(webhooks)
    money.book_balance(webhooks)

    assert state() == (0, 0)
    fresh_share(webhooks, 1200)
    assert pay_out(webhooks) == {"dahlias-hope": 1200}
