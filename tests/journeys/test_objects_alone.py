"""An outage longer than Stripe keeps events: its objects alone give the books that its events gave before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from donations.models import Fund, Gift, Plan
from ledger.models import Entry
from ledger.queries import trial_balance
from partners.models import Partner
from payments.models import StripeEvent
from payments.operations.open_checkout import CheckoutLine
from payments.operations.reconcile import reconcile
from people import clock
from tests.donations.conftest import make_fund
from tests.journeys import money_back as money
from tests.local_stripe import LocalStripe
from tests.payments.test_with_sandbox import opened, pay, wanted
from tests.shop.conftest import make_shelf, placed_order, promise

pytestmark = pytest.mark.django_db(transaction=True)
RANDOM = re.compile(r"(?<=_)[A-Za-z0-9]{8,}|\d+")
Books = tuple[Counter[tuple[str, str]], Counter[str]]


@pytest.fixture
def fund(transactional_db: None) -> Fund:
    """Promises that last through both times, and a fund with promises of its own."""
    now = clock.wall_now()
    days = {"starts_on": now.date() - timedelta(days=30), "ends_on": now.date() + timedelta(days=300)}
    make_shelf(now, **days)
    made = make_fund()
    for partner in Partner.objects.order_by("pk"):
        promise(partner, f"fund:{made.slug}", rate_num=40, stacking_set="seed-40-40", **days)
    return made


def test_objects_alone_give_the_books_that_events_give(webhooks: LocalStripe, fund: Fund) -> None:
    def hear(_since: datetime) -> None:
        money.hear(webhooks)

    def look(since: datetime) -> None:
        now = clock.now()
        found = reconcile(since=since, until=now, repair=True, now=now)
        assert not [finding for finding in found.findings if finding.trouble]

    by_events = what_comes_of(webhooks, fund, hear)
    events = StripeEvent.objects.count()
    webhooks.pause_webhooks()
    by_objects = what_comes_of(webhooks, fund, look)

    assert (events > 60, StripeEvent.objects.count()) == (True, events), "the second time nobody told us of anything"
    assert by_objects == by_events
    assert {kind for _, kind in by_events[0]} >= {"2110", "4010", "4510", "4550", "6110", "6120", "1060", "1999"}


def what_comes_of(stripe: LocalStripe, fund: Fund, take_in: Callable[[datetime], None]) -> Books:
    """What the whole chain changed in the books: balances by account and owner, and keys without their ids."""
    balances, keys = books()
    since = clock.now() - timedelta(seconds=1)
    chain(stripe, fund)
    take_in(since)
    after, more = books()
    after.subtract(balances)
    return Counter({account: change for account, change in after.items() if change}), more - keys


def books() -> Books:
    balances = Counter({(line.owner, line.code): line.balance_minor for line in trial_balance()})
    return balances, Counter(RANDOM.sub("*", key) for key in Entry.objects.values_list("idempotency_key", flat=True))


def chain(stripe: LocalStripe, fund: Fund) -> None:
    """Sales, a gift and a plan; refunds, disputes, a transfer and a payout. Nobody comes back from a payment page."""
    v1 = money.client()
    # 1. Money that comes in, its charges in this order.
    kept, refunded, failing, won, lost = (buy(stripe) for _ in range(5))
    given = bought(stripe, "gift", new_gift(fund).ref, 5180)
    bought(stripe, "plan", new_plan(fund).ref, 2500, mode="subscription", interval="month")
    # 2. Money that goes back.
    v1.refunds.create({"charge": refunded, "amount": 1000})
    v1.refunds.create({"charge": given, "amount": 518})
    stripe.fail_refund(v1.refunds.create({"charge": failing}).id)
    stripe.close_dispute(stripe.dispute(won, fee=1500), "won")
    stripe.close_dispute(stripe.dispute(lost, amount=900, fee=1500), "lost")
    # 3. A month later the plan is paid again and ends; what is left goes to a partner and to the bank.
    stripe.advance(days=40)
    stripe.settle()
    v1.subscriptions.cancel(v1.subscriptions.list({"limit": 1}).data[0].id)
    partner: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    account = v1.accounts.create(partner).id
    stripe.do(f"accounts/{account}/onboard")
    v1.transfers.create({"amount": 700, "currency": "usd", "destination": account})
    [payout] = stripe.do("payouts")["data"]
    stripe.do(f"payouts/{payout['id']}/reconcile")
    stripe.do(f"payouts/{payout['id']}/arrive")
    assert kept


def buy(stripe: LocalStripe) -> str:
    """The charge of one sold piece."""
    order = placed_order(clock.now(), VALOR_DARK=1).order
    return bought(stripe, "order", order.ref, order.total_minor)


def bought(stripe: LocalStripe, kind: str, subject: str, amount_minor: int, **how: Any) -> str:
    lines = [CheckoutLine(name="Chain", amount_minor=amount_minor)]
    assert pay(opened(wanted(kind=kind, subject=subject, lines=lines, attempt_key=f"{subject}:1", **how))) == 303
    stripe.settle()
    return str(money.client().charges.list({"limit": 1}).data[0].id)


def new_gift(fund: Fund) -> Gift:
    number = Gift.objects.count() + 1
    return Gift.objects.create(
        attempt_key=f"gift:{number}:1", token_hash=f"{number:064}", email="ada@example.org", name="Ada", fund=fund,
        charged_minor=5180, currency="usd", asked_at=clock.now(),
    )  # fmt: skip


def new_plan(fund: Fund) -> Plan:
    number = Plan.objects.count() + 1
    return Plan.objects.create(
        attempt_key=f"plan:{number}:1", token_hash=f"{number:064}", form_key=f"{number:032}", email="ada@example.org",
        name="Ada", fund=fund, amount_minor=2500, currency="usd", asked_at=clock.now(),
    )  # fmt: skip
