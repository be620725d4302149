"""Facts, returns, expiries and cancellations take effect once, together, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import pytest

from ledger.models import Entry
from payments import registry
from payments.facts import CheckoutAwaiting, CheckoutExpired, CheckoutFailed, CheckoutPaid, Fact, PlanChanged, PlanEnded
from payments.gateway import StripeUnavailable
from payments.models import CheckoutSession, StripeCall
from payments.operations import cancel_subscription as cancelling
from payments.operations import expire_checkout as expiring
from payments.operations.apply_fact import apply_fact
from payments.operations.confirm_return import PaymentState, UnknownCheckout, confirm_return
from payments.operations.follow_object import StillChanging, follow_object
from payments.operations.record_checkout import record_checkout
from payments.readers import read_checkout, read_subscription
from payments.readings import CheckoutSeen
from tests.payments.conftest import NOW, Listen, post_gift
from tests.payments.fake_stripe import FakeStripe, cut_off, error, intent, session, subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]


class Done(StrEnum):
    FIRST = "first"
    SECOND = "second"


def paid(**changes: Any) -> CheckoutPaid:
    fact = CheckoutPaid(
        kind="order",
        subject="order:1",
        checkout_ref="cs_test_1",
        charge_ref="stripe:charge:ch_1",
        currency="usd",
        total_minor=4800,
        subtotal_minor=4800,
        shipping_minor=0,
        tax_minor=0,
        paid_at=NOW,
        email="ada@example.org",
        name="Ada Byron",
    )
    return replace(fact, **changes)


def kept(**changes: Any) -> CheckoutSession:
    """Our row of an open page."""
    seen = CheckoutSeen(
        session_id="cs_test_1",
        kind="order",
        subject="order:1",
        mode="payment",
        currency="usd",
        state="open",
        payment_status="unpaid",
        failed=False,
        url="https://checkout.example/1",
        created_at=NOW,
        expires_at=NOW,
        charge_id="",
        subscription_id="",
    )
    return record_checkout(replace(seen, **changes))


def confirm() -> PaymentState:
    return confirm_return(session_id="cs_test_1", now=NOW).state


def test_operations_run_in_order_and_their_outcomes_come_back() -> None:
    registry.on(CheckoutPaid, "order", lambda _fact, *, now: Done.FIRST, lambda _fact, *, now: Done.SECOND)

    assert apply_fact(paid(), NOW) == [Done.FIRST, Done.SECOND]


def test_what_one_operation_raises_undoes_the_others() -> None:
    def break_down(_fact: Fact, *, now: datetime) -> StrEnum:
        raise ZeroDivisionError

    registry.on(CheckoutPaid, "order", post_gift, break_down)

    with pytest.raises(ZeroDivisionError):
        apply_fact(paid(), NOW)

    assert not Entry.objects.exists()


def test_the_second_teller_gets_the_first_ones_outcome(listen: Listen) -> None:
    listen("order", CheckoutPaid)

    assert apply_fact(paid(), NOW) == ["posted"]
    assert apply_fact(paid(), NOW) == ["already_posted"]


def test_a_fact_nobody_listens_to_has_no_outcome() -> None:
    assert apply_fact(paid(), NOW) == []


def test_one_row_of_the_table_cannot_be_claimed_twice() -> None:
    registry.on(CheckoutPaid, "order", post_gift)
    registry.on(CheckoutPaid, "order", post_gift)

    with pytest.raises(registry.AlreadyRegistered):
        registry.on(CheckoutPaid, "order", apply_fact)


def test_the_return_page_applies_what_was_paid(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    listen("order", CheckoutPaid)
    kept()
    fake.put(session())

    state = confirm_return(session_id="cs_test_1", now=NOW)

    assert (state.kind, state.subject, state.state) == ("order", "order:1", PaymentState.PAID)
    assert Entry.objects.get().idempotency_key == "stripe:charge:ch_1:gift"
    assert CheckoutSession.objects.get().url == ""


def test_refreshing_the_return_page_asks_nobody_and_does_nothing(
    fake: FakeStripe, listen: Listen, told: list[Fact]
) -> None:
    listen("order", CheckoutPaid)
    kept()
    fake.put(session())

    assert [confirm() for _ in range(3)] == [PaymentState.PAID] * 3

    assert len(told) == len(fake.requests) == 1


@pytest.mark.parametrize(
    ("at_stripe", "expected"),
    [
        ({"status": "open", "payment_status": "unpaid", "payment_intent": None}, (PaymentState.OPEN, [])),
        ({"status": "expired", "payment_status": "unpaid"}, (PaymentState.EXPIRED, [CheckoutExpired])),
        (
            {"payment_status": "unpaid", "payment_intent": intent(status="processing")},
            (PaymentState.AWAITING, [CheckoutAwaiting]),
        ),
        (
            {"payment_status": "unpaid", "payment_intent": intent(status="requires_payment_method")},
            (PaymentState.FAILED, [CheckoutFailed]),
        ),
    ],
)
def test_the_return_page_never_believes_its_own_address(
    fake: FakeStripe, listen: Listen, told: list[Fact], at_stripe: dict[str, Any], expected: Any
) -> None:
    listen("order", CheckoutPaid, CheckoutExpired, CheckoutAwaiting, CheckoutFailed)
    kept()
    fake.put(session(**at_stripe))

    assert (confirm(), [type(fact) for fact in told]) == expected

    assert not Entry.objects.exists()


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "", "\x00", "x" * 9000])
def test_a_page_we_never_opened_is_unknown_and_stripe_is_not_asked(fake: FakeStripe, session_id: str) -> None:
    with pytest.raises(UnknownCheckout):
        confirm_return(session_id=session_id, now=NOW)

    assert fake.requests == []


def test_a_debit_that_arrives_days_later(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    listen("order", CheckoutPaid, CheckoutAwaiting)
    kept()
    fake.put(session(payment_status="unpaid", payment_intent=intent(status="processing")))
    assert confirm() == PaymentState.AWAITING

    fake.put(session())

    assert confirm() == PaymentState.PAID
    assert [type(fact) for fact in told] == [CheckoutAwaiting, CheckoutPaid]


def test_a_look_that_somebody_overtook_is_repeated(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    """The rival cancels and tells while our answer, still "active", is on its way."""
    listen("plan", PlanChanged, PlanEnded)
    fake.put(subscription())

    def rival_first(look: Callable[..., Any]) -> Callable[..., Any]:
        def reader(object_id: str, at: datetime) -> Any:
            stale = look(object_id, at)
            if not told:
                fake.put(subscription(status="canceled", ended_at=1_793_000_000))
                follow_object(reader=look, object_id=object_id, at=at, now=NOW)
            return stale

        return reader

    follow_object(reader=rival_first(read_subscription), object_id="sub_1", at=NOW, now=NOW)

    assert [type(fact) for fact in told] == [PlanEnded, PlanEnded]


def test_an_object_that_never_rests_is_left_for_later(fake: FakeStripe, listen: Listen) -> None:
    listen("plan", PlanChanged)
    fake.put(subscription())

    def overtaken(object_id: str, at: datetime) -> Any:
        reading = read_subscription(object_id, at)
        follow_object(reader=read_subscription, object_id=object_id, at=at, now=NOW)
        return reading

    with pytest.raises(StillChanging):
        follow_object(reader=overtaken, object_id="sub_1", at=NOW, now=NOW)


def test_an_older_look_does_not_open_a_closed_page(fake: FakeStripe) -> None:
    kept(state="complete", payment_status="paid", url="")
    kept()

    row = CheckoutSession.objects.get()
    assert (row.state, row.url) == ("complete", "")


def test_expiring_closes_every_open_page_of_the_subject(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    listen("order", CheckoutExpired)
    for session_id in ("cs_test_1", "cs_test_2"):
        kept(session_id=session_id)
        fake.put(session(session_id, status="open", payment_status="unpaid", payment_intent=None))
    kept(session_id="cs_test_3", subject="order:3")

    assert expiring.expire_checkout(subject="order:1", now=NOW) == expiring.Outcome.EXPIRED
    assert expiring.expire_checkout(subject="order:1", now=NOW) == expiring.Outcome.NONE_OPEN

    assert [fact.checkout_ref for fact in told] == ["cs_test_1", "cs_test_2"]  # type: ignore[attr-defined]
    assert CheckoutSession.objects.get(session_id="cs_test_3").state == "open"


def test_expiring_a_page_that_was_just_paid_applies_the_payment(
    fake: FakeStripe, listen: Listen, told: list[Fact]
) -> None:
    listen("order", CheckoutPaid)
    kept()
    fake.put(session())

    assert expiring.expire_checkout(subject="order:1", now=NOW) == expiring.Outcome.ALREADY_PAID

    assert [type(fact) for fact in told] == [CheckoutPaid]


def test_a_page_that_stays_open_is_never_called_expired(fake: FakeStripe) -> None:
    kept()
    fake.put(session(status="open", payment_status="unpaid", payment_intent=None, url="https://checkout.example/1"))
    fake.faults.append(lambda: error(400, "lock_timeout"))

    with pytest.raises(StripeUnavailable):
        expiring.expire_checkout(subject="order:1", now=NOW)

    assert CheckoutSession.objects.get().state == "open"


def cancel() -> str:
    return cancelling.cancel_subscription(subscription_ref="sub_1", attempt_key="plan:3:stop", now=NOW)


def test_cancelling_tells_that_the_plan_ended(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    listen("plan", PlanEnded)
    fake.put(subscription())
    fake.before = lambda method, _: fake.objects["sub_1"].update(status="canceled") if method == "delete" else None

    assert cancel() == cancelling.Outcome.CANCELLED
    assert cancel() == cancelling.Outcome.ALREADY_CANCELLED

    assert {type(fact) for fact in told} == {PlanEnded}
    assert [method for method, _, _ in fake.requests].count("delete") == 1


def test_cancelling_what_is_over_is_no_error(fake: FakeStripe, listen: Listen, told: list[Fact]) -> None:
    listen("plan", PlanEnded)
    fake.put(subscription(status="canceled", ended_at=1_793_000_000))
    fake.faults.append(lambda: error(404, "resource_missing"))

    assert cancel() == cancelling.Outcome.ALREADY_CANCELLED

    assert [type(fact) for fact in told] == [PlanEnded]


def test_a_cancellation_that_stripe_did_not_hear_stays_to_be_done(fake: FakeStripe) -> None:
    fake.faults.extend([cut_off] * 3)

    with pytest.raises(StripeUnavailable):
        cancel()

    assert StripeCall.objects.get().state == "unknown"


def test_a_session_of_somebody_else_changes_nothing(fake: FakeStripe) -> None:
    fake.put(session(metadata={}))

    followed = follow_object(reader=read_checkout, object_id="cs_test_1", at=NOW, now=NOW)

    assert "not opened by us" in followed.nothing
    assert not CheckoutSession.objects.exists()
