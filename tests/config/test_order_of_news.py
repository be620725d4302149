"""However the news of a payment, its refunds and its dispute arrives, the books end the same (DESIGN.md section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import transaction

from ledger.models import Entry
from ledger.queries import trial_balance
from partners.models import Hold
from payments.operations.follow_object import apply_reading
from payments.readings import ChargeSeen, DisputeSeen, Reading, RefundSeen, ReturnsSeen
from shop.models import Order
from shop.operations.set_refund_aside import PaymentNotBooked
from tests import asked
from tests.green_books import what_is_wrong
from tests.shop.conftest import NOW, make_shelf, paid_fact, placed_order

pytestmark = pytest.mark.django_db
AT = NOW - timedelta(hours=6)


@pytest.fixture
def order() -> Order:
    """3 Valor and 1 ReHope, each with a partner of its own."""
    make_shelf()
    return placed_order(NOW, VALOR_DARK=3, REHOPE=1).order


def charge_of(order: Order) -> ChargeSeen:
    return ChargeSeen(
        charge_id=f"ch_{order.pk}", status="succeeded", amount_minor=order.total_minor, currency="usd", created_at=AT,
        payment_intent_id="pi_1", customer_id="", kind="order", subject=order.ref, method="card", brand="visa",
        last4="4242", exp_month=12, exp_year=2034, decline_code="", balance_transaction=None,
    )  # fmt: skip


def paid(order: Order) -> Reading:
    return Reading(facts=(paid_fact(order, paid_at=AT),), charge=charge_of(order))


def refund(number: int, amount: int, *, minutes: int, status: str = "succeeded", back: int = 0) -> RefundSeen:
    at = AT + timedelta(minutes=minutes)
    return RefundSeen(
        refund_id=f"re_{number}", status=status, amount_minor=amount, currency="usd", request_ref="",
        failure_reason="", created_at=at, taken_at=at, returned_at=AT + timedelta(minutes=back) if back else None,
    )  # fmt: skip


def dispute(amount: int, *, minutes: int, end: str = "", ended: int = 0) -> DisputeSeen:
    ended_at = AT + timedelta(minutes=ended)
    won, lost = end == "won", end == "lost"
    return DisputeSeen(
        dispute_id="dp_1", status=end or "needs_response", reason="fraudulent", amount_minor=amount, currency="usd",
        created_at=AT, answer_by=None, withdrawn_minor=amount, withdrawn_at=AT + timedelta(minutes=minutes),
        reinstated_minor=amount if won else 0, reinstated_at=ended_at if won else None,
        lost_at=ended_at if lost else None,
    )  # fmt: skip


def returns(order: Order, refunds: Sequence[RefundSeen], disputes: Sequence[DisputeSeen] = ()) -> Reading:
    return Reading(charge=charge_of(order), returns=ReturnsSeen(refunds=tuple(refunds), disputes=tuple(disputes)))


def tell(news: Sequence[Reading], now: datetime = NOW) -> None:
    """Each piece in turn; what waits for the payment is told again after the others."""
    waiting = list(news)
    while waiting:
        reading = waiting.pop(0)
        try:
            apply_reading(reading=reading, object_id="ch_1", now=now)
        except PaymentNotBooked:
            waiting.append(reading)


def ends(told: Sequence[Sequence[Reading]]) -> set[tuple[object, ...]]:
    """How the books stand after each way of telling, each from the same beginning."""
    found = set()
    for news in told:
        with transaction.atomic():
            tell(news)
            keys = tuple(sorted(Entry.objects.values_list("idempotency_key", flat=True)))
            balances = tuple((line.code, line.owner, line.balance_minor) for line in trial_balance())
            found.add((keys, balances))
            transaction.set_rollback(True)
    return found


# Amounts of which the last cent falls elsewhere in another order.
R1, R2 = refund(1, 1498, minutes=1), refund(2, 323, minutes=2)
R1_BACK = refund(1, 1498, minutes=1, status="failed", back=30)
R1_WAITS = refund(1, 1498, minutes=1, status="pending")
# Asked for before the dispute, and sent only when there were funds for it.
R1_UNFUNDED = replace(R1_WAITS, taken_at=None)
R1_FUNDED = replace(R1, taken_at=AT + timedelta(minutes=20))
R1_UNDONE = replace(R1_FUNDED, status="failed", returned_at=AT + timedelta(minutes=50))
# Each life of a charge as looks at it would show it, stage by stage.
LIVES = {
    "two refunds": [([R1], []), ([R1, R2], [])],
    "the first succeeds after the second": [([R1_WAITS], []), ([R1_WAITS, R2], []), ([R1, R2], [])],
    "the first comes back": [([R1], []), ([R1, R2], []), ([R1_BACK, R2], [])],
    "the first never succeeds": [([R1_WAITS], []), ([R1_WAITS, R2], []), ([R1_BACK, R2], [])],
    "a dispute won": [
        ([R1], []),
        ([R1], [dispute(4001, minutes=9)]),
        ([R1], [dispute(4001, minutes=9, end="won", ended=20)]),
    ],
    "a dispute of more than is left, lost": [
        ([R1], []),
        ([R1], [dispute(10000, minutes=9)]),
        ([R1], [dispute(10000, minutes=9, end="lost", ended=20)]),
    ],
    "a refund leaves although the bank has taken all, lost": [
        ([R1_UNFUNDED], []),
        ([R1_UNFUNDED], [dispute(10000, minutes=9)]),
        ([R1_FUNDED], [dispute(10000, minutes=9)]),
        ([R1_FUNDED], [dispute(10000, minutes=9, end="lost", ended=40)]),
    ],
    "a refund leaves although the bank has taken all, won": [
        ([R1_UNFUNDED], [dispute(10000, minutes=9)]),
        ([R1_FUNDED], [dispute(10000, minutes=9)]),
        ([R1_FUNDED], [dispute(10000, minutes=9, end="won", ended=40)]),
    ],
    "a refund leaves after such a dispute and comes back": [
        ([R1_FUNDED], [dispute(10000, minutes=9)]),
        ([R1_UNDONE], [dispute(10000, minutes=9)]),
        ([R1_UNDONE], [dispute(10000, minutes=9, end="lost", ended=60)]),
    ],
    "a refund comes back while the bank decides": [
        ([R1], []),
        ([R1], [dispute(4001, minutes=9)]),
        ([R1_BACK], [dispute(4001, minutes=9)]),
        ([R1_BACK], [dispute(4001, minutes=9, end="lost", ended=40)]),
    ],
}


@pytest.mark.parametrize("life", LIVES)
def test_every_order_and_number_of_deliveries_ends_the_same(order: Order, life: str) -> None:
    """All orders of up to five deliveries, doubled, of which each looks the charge up again; against the news as it
    came, stage by stage, and with any stage missed."""
    stages = [returns(order, refunds, disputes) for refunds, disputes in LIVES[life]]
    last = stages[-1]

    orders = sorted(set(permutations(["paid", "looked", "looked", "looked", "looked"])))
    late = [[{"paid": paid(order), "looked": last}[piece] for piece in pieces] * 2 for pieces in orders]
    missed = [[paid(order), *stages[:skip], *stages[skip + 1 :], last] for skip in range(len(stages))]
    as_it_came = [[paid(order), *stages], [paid(order), *(stage for stage in stages for _ in range(2))]]

    told = [*late, *missed, *as_it_came]
    assert len(ends(told)) == 1
    asked.tell(f"{life}: told in {len(told)} ways, one end")
    tell([paid(order), *stages])
    assert what_is_wrong() == []


def test_what_a_dispute_holds_is_what_losing_it_would_take_after_the_refunds_before_it(order: Order) -> None:
    tell([paid(order), returns(order, [R1], [dispute(4001, minutes=9)])])

    assert sum(Hold.objects.values_list("amount_minor", flat=True)) == 801
