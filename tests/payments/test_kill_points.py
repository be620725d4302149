"""Killed anywhere around a call to Stripe, restarted and swept: one outcome (rules/reliability.md row 30)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from ledger.operations.open_months import open_months
from payments import gateway
from payments.facts import CheckoutExpired, CheckoutPaid, Fact, PlanEnded
from payments.models import CheckoutSession, StripeCall
from payments.operations.cancel_subscription import Outcome as Cancelled
from payments.operations.cancel_subscription import cancel_subscription
from payments.operations.expire_checkout import Outcome, expire_checkout
from payments.operations.mark_subscription import mark_subscription
from payments.operations.open_checkout import CheckoutLine, CheckoutRequest, open_checkout
from people import clock
from people.models import Organisation
from tests import asked
from tests.another_system import customer, join, price
from tests.local_stripe import LocalStripe
from tests.payments.conftest import Listen
from tests.payments.kill_points import POINTS, TIMES, killed_at, swept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def books(transactional_db: None, listen: Listen) -> None:
    open_months(around=clock.wall_now())
    Organisation.objects.create(display_name="Tassel", zone_name="America/Chicago")
    listen("order", CheckoutPaid, CheckoutExpired)
    listen("plan", PlanEnded)


@pytest.mark.parametrize("point", POINTS)
def test_a_page_is_opened_once_wherever_its_opener_died(sandbox: LocalStripe, point: str) -> None:
    for number in range(TIMES):
        open_and_die(point, number)
    asked.tell(f"opening a page, killed {point}: {TIMES} times, one outcome")


@pytest.mark.parametrize("point", POINTS)
def test_a_page_is_closed_wherever_its_closer_died(sandbox: LocalStripe, point: str) -> None:
    for number in range(TIMES):
        close_and_die(point, number)
    asked.tell(f"closing a page, killed {point}: {TIMES} times, one outcome")


@pytest.mark.parametrize("point", POINTS)
def test_a_plan_is_cancelled_wherever_its_canceller_died(sandbox: LocalStripe, told: list[Fact], point: str) -> None:
    """By one call, and its end is told. To end what has ended is answered by "no such thing": Stripe keeps no key of a
    DELETE, so a call whose answer died with its caller ends so."""
    monthly, donor = price(), customer()
    for number in range(TIMES):
        plan = f"plan:{number}"
        ref = join(monthly, of=donor, metadata={"kind": "plan", "subject": plan}).subscription
        cancel = partial(cancel_subscription, subscription_ref=ref, attempt_key=plan, subject=plan, now=clock.now())

        killed_at(point, cancel)
        swept()
        outcome = cancel()

        assert outcome in (Cancelled.CANCELLED, Cancelled.ALREADY_CANCELLED)
        assert gateway.client().subscription(ref).status == "canceled"
        [(_, state, _)] = calls(plan)
        gone = StripeCall.objects.filter(subject=plan, error__startswith="resource_missing").exists()
        assert state == ("failed" if gone else "done")
        assert {fact.subject for fact in told if isinstance(fact, PlanEnded)} == {
            f"plan:{n}" for n in range(number + 1)
        }
    asked.tell(f"cancelling a plan, killed {point}: {TIMES} times, one outcome")


@pytest.mark.parametrize("point", POINTS)
def test_a_plan_is_marked_wherever_its_marker_died(sandbox: LocalStripe, point: str) -> None:
    monthly, donor = price(), customer()
    for number in range(TIMES):
        plan, ref = f"plan:{number}", join(monthly, of=donor, metadata={"theirs": "1"}).subscription
        mark = partial(mark_subscription, subscription_ref=ref, kind="plan", subject=plan, now=clock.now())

        killed_at(point, mark)
        swept()
        mark()

        marks = gateway.client().subscription(ref).metadata.to_dict()
        assert marks == {"theirs": "1", "kind": "plan", "subject": plan}
        assert calls(plan) == [("mark_subscription", "done", ref)]
    asked.tell(f"marking a plan, killed {point}: {TIMES} times, one outcome")


def open_and_die(point: str, number: int) -> None:
    """The opener dies; the sweep and then the buyer's second click find one page, at Stripe and here."""
    request = wanted(number)

    killed_at(point, lambda: open_checkout(request=request, now=clock.now()))
    swept()
    opened = open_checkout(request=request, now=clock.now())

    assert at_stripe(request.subject) == [opened.session_id]
    assert list(CheckoutSession.objects.filter(subject=request.subject).values_list("session_id", "state")) == [
        (opened.session_id, "open")
    ]
    assert calls(request.subject) == [("open_checkout", "done", opened.session_id)]


def close_and_die(point: str, number: int) -> None:
    """The closer dies; after the sweep and another try the page is closed at Stripe and here, by one call."""
    request = wanted(number)
    opened = open_checkout(request=request, now=clock.now())

    killed_at(point, lambda: expire_checkout(subject=request.subject, now=clock.now()))
    swept()
    outcome = expire_checkout(subject=request.subject, now=clock.now())

    assert outcome in (Outcome.EXPIRED, Outcome.NONE_OPEN)
    assert gateway.client().checkout_session(opened.session_id).status == "expired"
    assert CheckoutSession.objects.get(subject=request.subject).state == "expired"
    assert calls(request.subject)[1:] == [("expire_checkout", "done", opened.session_id)]


def wanted(number: int) -> CheckoutRequest:
    return CheckoutRequest(
        kind="order",
        subject=f"order:{number}",
        mode="payment",
        currency="usd",
        lines=[CheckoutLine(name="Valor, Dark", amount_minor=4800)],
        success_url="http://localhost:8000/orders/x/return/?session={CHECKOUT_SESSION_ID}",
        cancel_url="http://localhost:8000/orders/x/cancelled/",
        expires_at=clock.now() + timedelta(minutes=35),
        attempt_key=f"order:{number}:1",
    )


def at_stripe(subject: str) -> list[str]:
    """The pages that Stripe has for a subject."""
    return [one.id for one in gateway.client().every("checkout.session", {}) if one.client_reference_id == subject]


def calls(subject: str) -> list[tuple[str, str, str]]:
    rows = StripeCall.objects.filter(subject=subject).order_by("id")
    return list(rows.values_list("purpose", "state", "result_id"))
