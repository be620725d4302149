"""Each life of an order, a plan and a gift, told in every order: the same entry keys, the same balance everywhere.

What is told of an object is what it says now, whenever its event comes; so a life is the set of what can be told of it,
and each way of telling is one of its permutations (rules/reliability.md row 3).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from donations.models import Gift, Plan
from donations.subjects import GiftNotBooked
from ledger.models import Entry
from ledger.queries import trial_balance
from payments.facts import CheckoutAwaiting, CheckoutExpired
from payments.operations.follow_object import apply_reading
from payments.readings import BalanceTransactionSeen, ChargeSeen, DisputeSeen, Reading, RefundSeen, ReturnsSeen
from shop.models import Order
from shop.operations.set_refund_aside import PaymentNotBooked
from tests import asked
from tests.donations import conftest as giving
from tests.green_books import what_is_wrong
from tests.shop.conftest import NOW, make_shelf, paid_fact, placed_order

pytestmark = pytest.mark.django_db
AT = NOW - timedelta(hours=6)
DAY = timedelta(days=1)
GIFT = re.compile(r"gift:\d+")
Life = Callable[[], list[Reading]]


def charge(charge_ref: str, kind: str, subject: str, amount: int, **more: object) -> ChargeSeen:
    known: dict[str, object] = {
        "charge_id": charge_ref.rpartition(":")[2], "status": "succeeded", "amount_minor": amount, "currency": "usd",
        "created_at": AT, "payment_intent_id": "pi_1", "customer_id": "", "kind": kind, "subject": subject,
        "method": "card", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "decline_code": "",
        "balance_transaction": None,
    }  # fmt: skip
    return ChargeSeen(**(known | more))  # type: ignore[arg-type]


def settled(seen: ChargeSeen, fee: int) -> BalanceTransactionSeen:
    return BalanceTransactionSeen(
        bt_id=f"txn_{seen.charge_id}", source_id=seen.charge_id, type="charge", category="charge",
        amount_minor=seen.amount_minor, fee_minor=fee, net_minor=seen.amount_minor - fee, currency="usd",
        created_at=AT, available_at=NOW,
    )  # fmt: skip


def booked(bt_id: str, source_id: str, category: str, amount: int, *, fee: int = 0) -> BalanceTransactionSeen:
    return BalanceTransactionSeen(
        bt_id=bt_id, source_id=source_id, type=category, category=category, amount_minor=amount, fee_minor=fee,
        net_minor=amount - fee, currency="usd", created_at=AT + timedelta(minutes=5), available_at=NOW,
    )  # fmt: skip


def refund(amount: int, *, back: bool = False, number: int = 1, minutes: int = 5) -> RefundSeen:
    at = AT + timedelta(minutes=minutes)
    return RefundSeen(
        refund_id=f"re_{number}", status="failed" if back else "succeeded", amount_minor=amount, currency="usd",
        request_ref="", failure_reason="", created_at=at, taken_at=at, returned_at=at + DAY / 24 if back else None,
    )  # fmt: skip


def lost(amount: int) -> DisputeSeen:
    at = AT + timedelta(minutes=9)
    return DisputeSeen(
        dispute_id="dp_1", status="lost", reason="fraudulent", amount_minor=amount, currency="usd", created_at=at,
        answer_by=None, withdrawn_minor=amount, withdrawn_at=at, reinstated_minor=0, reinstated_at=None,
        lost_at=at + DAY / 24,
    )  # fmt: skip


def an_order() -> list[Reading]:
    """Its older page ran out, a bank was asked, it was paid, settled, and a part of it went back."""
    make_shelf()
    order = placed_order(NOW, VALOR_DARK=3, REHOPE=1).order
    fact = paid_fact(order, paid_at=AT)
    seen = charge(fact.charge_ref, "order", order.ref, order.total_minor)
    about = {"kind": "order", "subject": order.ref}
    return [
        Reading(facts=(CheckoutExpired(**about, checkout_ref="cs_older", at=AT),)),
        Reading(facts=(CheckoutAwaiting(**about, checkout_ref=fact.checkout_ref, at=AT),)),
        Reading(facts=(fact,), charge=seen),
        Reading(charge=charge(seen.ref, "order", order.ref, order.total_minor, balance_transaction=settled(seen, 300))),
        Reading(charge=seen, returns=ReturnsSeen(refunds=(refund(1498),), disputes=())),
    ]


def a_plan() -> Plan:
    giving.make_org(NOW)
    fund = giving.make_fund()
    giving.make_promises(fund, NOW)
    return Plan.objects.create(
        email=giving.EMAIL, attempt_key="plan:1:1", token_hash=f"{1:064}", form_key=f"{1:032}", fund=fund,
        amount_minor=2500, currency="usd", asked_at=AT, name="Ada",
    )  # fmt: skip


def told(*facts: object) -> list[Reading]:
    return [Reading(facts=(fact,)) for fact in facts]  # type: ignore[arg-type]


def a_renewal() -> list[Reading]:
    plan = a_plan()
    first = giving.invoice_paid(plan, AT)
    readings = told(
        giving.plan_started(plan, AT),
        first,
        giving.plan_changed(plan, AT + DAY, "active", AT + 30 * DAY),
        giving.invoice_paid(plan, AT + timedelta(hours=1), 2),
    )
    seen = charge(first.charge_ref, "plan", plan.ref, 2500)
    settling = charge(first.charge_ref, "plan", plan.ref, 2500, balance_transaction=settled(seen, 103))
    return [*readings, Reading(charge=settling)]


def a_failed_renewal_then_a_cancellation() -> list[Reading]:
    plan = a_plan()
    later = AT + timedelta(hours=2)
    return told(
        giving.plan_started(plan, AT),
        giving.invoice_paid(plan, AT),
        giving.invoice_failed(plan, later, attempt=1, code="insufficient_funds", retry=later + 3 * DAY),
        giving.plan_changed(plan, later, "past_due"),
        giving.plan_ended(plan, later + DAY / 24, "payment_failed"),
    )


def a_gift_that_goes_back() -> list[Reading]:
    """Its older page ran out; a refund failed later, the payer's bank took all of it for good, and a refund that had
    waited left after that. What Stripe booked of these is listed, too."""
    plan = a_plan()
    gift = Gift.objects.create(
        attempt_key="gift:1:1", token_hash="0" * 64, email=giving.EMAIL, name="Ada", fund=plan.fund,
        charged_minor=5180, fee_cover_minor=180, currency="usd", asked_at=AT,
    )  # fmt: skip
    fact = giving.checkout_paid(gift, AT)
    seen = charge(fact.charge_ref, "gift", gift.ref, 5180)
    failed, taken, late = refund(2000, back=True), lost(5180), refund(500, number=2, minutes=20)
    assert taken.withdrawn_at is not None and late.taken_at is not None and taken.withdrawn_at < late.taken_at
    listed = (
        booked("txn_1", "re_1", "refund", -2000),
        booked("txn_2", "re_1", "refund_failure", 2000),
        booked("txn_3", "dp_1", "dispute", -5180, fee=1500),
        booked("txn_4", "re_2", "refund", -500),
    )
    return [
        Reading(facts=(CheckoutExpired(kind="gift", subject=gift.ref, checkout_ref="cs_older", at=AT),)),
        Reading(facts=(fact,), charge=seen),
        Reading(charge=charge(seen.ref, "gift", gift.ref, 5180, balance_transaction=settled(seen, 180))),
        Reading(charge=seen, returns=ReturnsSeen(refunds=(failed, late), disputes=(taken,))),
        Reading(balance_transactions=listed),
    ]


LIVES: dict[str, Life] = {
    "order": an_order,
    "renewal": a_renewal,
    "failed renewal, then cancelled": a_failed_renewal_then_a_cancellation,
    "gift that goes back": a_gift_that_goes_back,
}


def tell(news: Sequence[Reading]) -> None:
    """Each piece in turn; what waits for the payment is told again after the others, as its event is."""
    waiting = list(news)
    while waiting:
        reading = waiting.pop(0)
        try:
            apply_reading(reading=reading, object_id="ch_1", now=NOW)
        except (PaymentNotBooked, GiftNotBooked):
            waiting.append(reading)


def books() -> tuple[object, ...]:
    """A gift of a plan has a row that each telling makes anew; its charge is in the key as well."""
    keys = tuple(sorted(GIFT.sub("gift:", key) for key in Entry.objects.values_list("idempotency_key", flat=True)))
    return keys, tuple((line.code, line.owner, line.balance_minor) for line in trial_balance())


def chosen(pieces: list[Reading]) -> list[list[Reading]]:
    """All permutations when asked to prove it, else the first, the last, and a dozen that a seed picks."""
    by_id = {id(piece): piece for piece in pieces}
    orders = sorted({tuple(places) for places in permutations([list(by_id).index(id(piece)) for piece in pieces])})
    if not asked.size(0):
        orders = [orders[0], orders[-1], *random.Random(5).sample(orders, 12)]
    return [[list(by_id.values())[place] for place in order] for order in orders]


@pytest.mark.parametrize("life", LIVES)
def test_each_of_the_permutations_of_five_ends_the_same(life: str) -> None:
    """Some of them told once more in the same order, because each event may come twice."""
    pieces = LIVES[life]()
    assert len(pieces) == 5
    ends = set()
    for number, order in enumerate(chosen(pieces)):
        with transaction.atomic():
            tell(order * (2 if number % 10 == 0 else 1))
            ends.add(books())
            transaction.set_rollback(True)

    assert len(ends) == 1
    ((keys, balances),) = ends
    assert keys and balances  # type: ignore[truthy-bool]
    tell(pieces)
    assert books() == (keys, balances)
    assert what_is_wrong() == []
    assert not Order.objects.filter(state=Order.State.REFUND_DUE).exists()
