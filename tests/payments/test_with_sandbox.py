"""The same, against the sandbox over HTTP with the real SDK: its rules, its clock, its webhooks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe
from django.db import connection

from ledger.models import Entry
from ledger.operations.open_months import open_months
from ledger.queries import balance
from payments import gateway, queries, tasks
from payments.books import CHECKS
from payments.facts import (
    CheckoutExpired,
    CheckoutPaid,
    Fact,
    InvoiceFailed,
    InvoicePaid,
    PlanChanged,
    PlanEnded,
    PlanStarted,
)
from payments.models import BalanceTransaction, Charge, CheckoutSession, StripeCall, StripeEvent
from payments.operations.cancel_subscription import cancel_subscription
from payments.operations.confirm_return import PaymentState, confirm_return
from payments.operations.expire_checkout import Outcome as Expired
from payments.operations.expire_checkout import expire_checkout
from payments.operations.open_checkout import (
    CheckoutClosed,
    CheckoutLine,
    CheckoutRequest,
    OpenedCheckout,
    StripeRefused,
    open_checkout,
)
from people import clock
from people.models import Organisation
from tests.local_stripe import LocalStripe
from tests.payments.conftest import Listen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("months", "told")]


@pytest.fixture
def months(transactional_db: None) -> None:
    open_months(around=clock.wall_now())
    Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago")


@pytest.fixture
def order(listen: Listen) -> None:
    listen("order", CheckoutPaid, CheckoutExpired)


@pytest.fixture
def plan(listen: Listen) -> None:
    listen("plan", PlanStarted, InvoicePaid, InvoiceFailed, PlanChanged, PlanEnded)


def wanted(**changes: Any) -> CheckoutRequest:
    request = CheckoutRequest(
        kind="order",
        subject="order:1",
        mode="payment",
        currency="usd",
        lines=[CheckoutLine(name="2 x Valor, Dark", amount_minor=4800)],
        success_url="http://localhost:8000/orders/x/return/?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://localhost:8000/orders/x/cancelled/",
        expires_at=clock.now() + timedelta(minutes=35),
        attempt_key="order:1:1",
        email="ada@example.org",
    )
    return replace(request, **changes)


def monthly() -> CheckoutRequest:
    return wanted(
        kind="plan",
        subject="plan:3",
        mode="subscription",
        interval="month",
        lines=[CheckoutLine(name="Seed Collective", amount_minor=2500)],
        attempt_key="plan:3:1",
    )


def opened(request: CheckoutRequest) -> OpenedCheckout:
    return open_checkout(request=request, now=clock.now())


def pay(page: OpenedCheckout, card: str = "4242424242424242", **more: str) -> int:
    """What the buyer does on Stripe's page; the status of its answer (303: on to our return page)."""
    form = {"email": "ada@example.org", "card_number": card, "exp": "12/34", "cvc": "123", "name": "Ada", "postal": "1"}
    return requests.post(page.url, data=form | more, allow_redirects=False, timeout=20).status_code


def come_back(page: OpenedCheckout) -> PaymentState:
    return confirm_return(session_id=page.session_id, now=clock.now()).state


def findings() -> list[str]:
    return [finding for check in CHECKS for finding in check.find()]


def test_a_sale_from_the_page_to_the_processors_balance(sandbox: LocalStripe, order: None, told: list[Fact]) -> None:
    page = opened(wanted(collect_shipping_countries=("US",)))
    assert come_back(page) == PaymentState.OPEN

    shipping = {"name": "Grace", "line1": "1 Main St", "city": "Reno", "state": "NV", "postal_code": "89501"}
    address = {f"shipping_{name}": value for name, value in (shipping | {"country": "US"}).items()}
    assert pay(page, **address) == 303
    assert come_back(page) == PaymentState.PAID
    sandbox.settle()
    Charge.objects.update(seen_at=clock.wall_now() - timedelta(seconds=6))
    tasks.sweep()

    (fact,) = told
    assert isinstance(fact, CheckoutPaid)
    assert (fact.total_minor, fact.subtotal_minor, fact.shipping_minor, fact.tax_minor) == (4800, 4800, 0, 0)
    assert (fact.email, fact.shipping_address["name"], fact.shipping_address["city"]) == (
        "ada@example.org",
        "Grace",
        "Reno",
    )
    assert (balance("clearing"), balance("stripe_balance"), balance("processing_fees")) == (0, 4631, 169)
    assert queries.open_items() == []
    assert queries.payment_methods([fact.charge_ref])[fact.charge_ref].last4 == "4242"
    assert not queries.funds_available(fact.charge_ref, clock.now())
    assert queries.funds_available(fact.charge_ref, clock.now() + timedelta(days=3))
    assert findings() == []


def test_the_books_hold_what_stripe_says_our_balance_is(sandbox: LocalStripe, order: None, plan: None) -> None:
    for number in (1, 2):
        pay(page := opened(wanted(subject=f"order:{number}", attempt_key=f"order:{number}:1")))
        come_back(page)
    pay(page := opened(monthly()))
    come_back(page)
    sandbox.settle()
    Charge.objects.update(seen_at=clock.wall_now() - timedelta(seconds=6))
    tasks.sweep()

    theirs = gateway.client()._client.v1.balance.retrieve()
    total = sum(part.amount for part in [*theirs.available, *theirs.pending])

    assert balance("stripe_balance") == total
    assert balance("clearing") == 0


@pytest.mark.parametrize("card", ["4000000000000002", "4000000000009995", "4000000000000069"])
def test_a_declined_card_posts_nothing_and_the_page_stays_open(
    sandbox: LocalStripe, order: None, told: list[Fact], card: str
) -> None:
    page = opened(wanted())

    assert pay(page, card) == 402

    assert come_back(page) == PaymentState.OPEN
    assert told == [] and not Entry.objects.exists()
    assert pay(page) == 303
    assert come_back(page) == PaymentState.PAID


def test_an_expired_page_is_told_by_the_sweep_when_its_event_is_lost(
    sandbox: LocalStripe, order: None, told: list[Fact]
) -> None:
    page = opened(wanted())

    sandbox.advance(minutes=36)
    tasks.sweep()

    assert [type(fact) for fact in told] == [CheckoutExpired]
    assert CheckoutSession.objects.get().state == "expired"
    assert pay(page) == 410
    with pytest.raises(CheckoutClosed):
        opened(wanted())


def test_a_page_expired_by_us_takes_no_money(sandbox: LocalStripe, order: None, told: list[Fact]) -> None:
    page = opened(wanted())

    assert expire_checkout(subject="order:1", now=clock.now()) == Expired.EXPIRED

    assert pay(page) == 410
    assert [type(fact) for fact in told] == [CheckoutExpired]


def test_expiring_what_was_just_paid_finds_the_payment(sandbox: LocalStripe, order: None, told: list[Fact]) -> None:
    pay(opened(wanted()))

    assert expire_checkout(subject="order:1", now=clock.now()) == Expired.ALREADY_PAID

    assert [type(fact) for fact in told] == [CheckoutPaid]


def test_stripe_refuses_a_page_of_twenty_cents_and_says_so(sandbox: LocalStripe) -> None:
    with pytest.raises(StripeRefused) as refused:
        opened(wanted(lines=[CheckoutLine(name="x", amount_minor=20)]))

    assert refused.value.code == "amount_too_small"
    assert StripeCall.objects.get().state == "failed"


def work(sandbox: LocalStripe) -> None:
    """Let webhooks arrive and work on them."""
    sandbox.drain()
    tasks.process_events()


def test_a_plan_gives_a_gift_for_every_month_until_it_is_cancelled(
    webhooks: LocalStripe, plan: None, told: list[Fact]
) -> None:
    page = opened(monthly())
    assert pay(page) == 303
    assert come_back(page) == PaymentState.PAID
    work(webhooks)

    first = next(fact for fact in told if isinstance(fact, InvoicePaid))
    started = next(fact for fact in told if isinstance(fact, PlanStarted))
    assert (first.amount_minor, first.subscription_ref) == (2500, started.subscription_ref)
    assert first.next_at is not None and timedelta(days=27) < first.next_at - first.paid_at < timedelta(days=32)

    webhooks.advance(days=32)
    work(webhooks)
    months = {fact.charge_ref for fact in told if isinstance(fact, InvoicePaid)}
    assert len(months) == 2
    assert Entry.objects.filter(kind="gift").count() == 2
    assert set(Charge.objects.values_list("subject", flat=True)) == {"plan:3"}

    cancel_subscription(subscription_ref=started.subscription_ref, attempt_key="plan:3:stop", now=clock.now())
    ended = [fact for fact in told if isinstance(fact, PlanEnded)]
    assert ended and ended[0].reason == "cancellation_requested"

    webhooks.advance(days=62)
    work(webhooks)
    assert Entry.objects.filter(kind="gift").count() == 2
    assert set(StripeEvent.objects.values_list("state", flat=True)) <= {"done", "ignored"}
    webhooks.settle()
    Charge.objects.update(seen_at=clock.wall_now() - timedelta(seconds=6))
    tasks.sweep()
    assert (balance("clearing"), findings()) == (0, [])


def test_a_card_that_stops_working_is_told_each_time_and_at_the_end(
    webhooks: LocalStripe, plan: None, told: list[Fact]
) -> None:
    page = opened(monthly())
    assert pay(page, "4000000000000341") in (303, 402)
    if come_back(page) == PaymentState.OPEN:
        pytest.fail("the sandbox should let this card begin a plan")
    work(webhooks)

    webhooks.advance(days=60)
    work(webhooks)

    failed = [fact for fact in told if isinstance(fact, InvoiceFailed)]
    assert failed and all(fact.decline_code for fact in failed)
    assert [type(fact) for fact in told].count(InvoicePaid) >= 1
    assert any(isinstance(fact, PlanEnded) and fact.reason == "payment_failed" for fact in told)
    assert Entry.objects.filter(kind="gift").count() == 1


@pytest.fixture
def signed_event(sandbox: LocalStripe, live_server: Any, order: None) -> Iterator[tuple[OpenedCheckout, str, str]]:
    """A paid page, the body of its event, and where to deliver it. Nothing has been delivered yet."""
    page = opened(wanted())
    assert pay(page) == 303
    events = gateway.client()._client.v1.events.list({"types": ["checkout.session.completed"]})
    yield page, json.dumps(events.data[0].to_dict()), f"{live_server.url}/stripe/webhook"


def test_fifty_deliveries_by_eight_threads_the_return_page_and_the_sweep_make_one_entry(
    signed_event: tuple[OpenedCheckout, str, str], told: list[Fact]
) -> None:
    page, body, address = signed_event
    start = threading.Barrier(11)
    statuses: list[int] = []

    def at_once(work: Any, *arguments: Any) -> None:
        start.wait(timeout=20)
        try:
            work(*arguments)
        finally:
            connection.close()

    def deliver(times: int) -> None:
        for _ in range(times):
            header = stripe.WebhookSignature.generate_signature_header(body, "whsec_sandbox")
            answer = requests.post(address, data=body.encode(), headers={"Stripe-Signature": header}, timeout=30)
            statuses.append(answer.status_code)

    def process() -> None:
        until = time.monotonic() + 15
        while not StripeEvent.objects.filter(state="done").exists() and time.monotonic() < until:
            tasks.process_events()

    with ThreadPoolExecutor(11) as pool:
        deliveries = [pool.submit(at_once, deliver, times) for times in (7, 7, 6, 6, 6, 6, 6, 6)]
        rivals = [
            pool.submit(at_once, come_back, page),
            pool.submit(at_once, process),
            pool.submit(at_once, tasks.sweep),
        ]
        for future in [*deliveries, *rivals]:
            future.result(timeout=60)

    assert statuses == [200] * 50
    assert StripeEvent.objects.get().state == "done"
    assert Entry.objects.filter(kind="gift").count() == 1
    assert Charge.objects.count() == CheckoutSession.objects.count() == 1
    assert BalanceTransaction.objects.count() <= 1


def test_a_worker_killed_after_the_event_was_kept_leaves_it_to_the_sweep(
    signed_event: tuple[OpenedCheckout, str, str],
) -> None:
    _, body, address = signed_event
    header = stripe.WebhookSignature.generate_signature_header(body, "whsec_sandbox")
    assert requests.post(address, data=body.encode(), headers={"Stripe-Signature": header}, timeout=30).ok
    StripeEvent.objects.update(attempts=1, lease_until=clock.wall_now() - timedelta(seconds=1))

    tasks.sweep()
    tasks.sweep()

    assert StripeEvent.objects.get().state == "done"
    assert Entry.objects.filter(kind="gift").count() == 1


def test_an_event_in_the_shape_of_an_older_version_is_looked_up_again(
    webhooks: LocalStripe, plan: None, told: list[Fact]
) -> None:
    old = {"fault": "old_version", "instead": True, "types": ["invoice.paid", "customer.subscription.*"]}
    webhooks._post("faults", {"webhooks": [old]})
    assert pay(opened(monthly())) == 303

    work(webhooks)

    event = StripeEvent.objects.get(type="invoice.paid")
    assert (event.state, event.api_version != gateway.API_VERSION) == ("done", True)
    assert "parent" not in json.loads(event.body)["data"]["object"], "the body has no way to its plan"
    assert {fact.amount_minor for fact in told if isinstance(fact, InvoicePaid)} == {2500}
