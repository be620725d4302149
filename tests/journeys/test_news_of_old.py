"""News of what is long known and lost for good: found in Stripe's list of events, and without any event as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from donations import tasks as donations_tasks
from donations.models import Gift, Plan
from ledger.queries import balance
from partners.models import Partner
from payments import tasks
from payments.models import Charge, StripeEvent
from people import clock
from shop.models import OrderRefund
from tests.journeys import money_back as money
from tests.journeys import test_monthly_gift as monthly
from tests.journeys.test_monthly_gift import Visitor
from tests.local_stripe import LocalStripe
from tests.shop.conftest import make_shelf

__all__ = ["donor", "partners"]
donor, partners = monthly.donor, monthly.partners
pytestmark = pytest.mark.django_db(transaction=True)


def by_the_list_of_events() -> None:
    """The reconciler's round receives what never came; a worker does the rest. Nothing else may help."""
    assert tasks.reconcile() > 0
    while tasks.process_events():
        StripeEvent.objects.filter(state="received").update(next_attempt_at=clock.wall_now())


def without_any_event() -> None:
    """Stripe made none: only what our own rows wait for is asked about."""
    Charge.objects.update(asked_at=clock.wall_now() - timedelta(days=2))
    tasks.sweep()
    donations_tasks.ask_silent_plans()


ways = pytest.mark.parametrize("found", [by_the_list_of_events, without_any_event])


@ways
def test_a_dispute_of_days_ago_is_lost(webhooks: LocalStripe, found: Callable[[], None]) -> None:
    now = clock.wall_now()
    make_shelf(now, starts_on=now.date() - timedelta(days=30), ends_on=now.date() + timedelta(days=90))
    order = money.sell()
    webhooks.settle()
    dispute = webhooks.dispute(money.charge_id(order))
    money.hear(webhooks)
    webhooks.advance(days=5)
    money.hear(webhooks)
    assert (balance("disputes"), OrderRefund.objects.get().state) == (4800, "disputed")

    webhooks.pause_webhooks()
    webhooks.close_dispute(dispute, "lost")
    webhooks.advance(minutes=15)
    found()

    assert (balance("disputes"), OrderRefund.objects.get().state) == (0, "lost")
    assert [balance("held", partner.owner) for partner in Partner.objects.all()] == [0, 0]


@ways
def test_a_plan_of_two_months_is_cancelled_at_stripe(
    donor: Visitor, webhooks: LocalStripe, found: Callable[[], None]
) -> None:
    monthly.join(donor)
    monthly.work(webhooks)
    webhooks.advance(days=40)
    monthly.work(webhooks)
    plan = Plan.objects.get()

    webhooks.pause_webhooks()
    money.client().subscriptions.cancel(plan.subscriptions.get().subscription_ref)
    webhooks.advance(minutes=15) if found is by_the_list_of_events else webhooks.advance(days=32)
    found()

    plan.refresh_from_db()
    assert (plan.state, Gift.objects.filter(plan=plan).count()) == ("cancelled", 2)


@ways
def test_an_invoice_is_paid_days_after_it_failed(
    donor: Visitor, webhooks: LocalStripe, partners: list[Partner], found: Callable[[], None]
) -> None:
    monthly.join(donor, monthly.FAILS_LATER)
    monthly.work(webhooks)
    webhooks.advance(days=32)
    monthly.work(webhooks)
    plan = Plan.objects.get()
    assert (plan.state, monthly.owed(partners)) == ("retrying", [1000, 1000])
    tasks.reconcile()

    webhooks.pause_webhooks()
    heal(plan)
    webhooks.advance(days=8)
    found()

    plan.refresh_from_db()
    assert (plan.state, plan.retry_at, monthly.owed(partners)) == ("active", None, [2000, 2000])
    assert Gift.objects.filter(plan=plan, state="paid").count() == 2


def heal(plan: Plan) -> None:
    """The donor gives Stripe another card."""
    v1 = money.client()
    subscription = v1.subscriptions.retrieve(plan.subscriptions.get().subscription_ref)
    card = v1.payment_methods.attach("pm_card_visa", {"customer": subscription.customer})
    v1.subscriptions.update(subscription.id, {"default_payment_method": card.id})
