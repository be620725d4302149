"""Real connections, at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.db import connection, transaction

from donations.attempts import Intent, take_attempt
from donations.models import Fund, Gift, Plan
from donations.operations.record_gift import record_gift
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.stop_plan import stop_plan
from donations.outcomes import Outcome
from ledger.queries import balance
from partners.models import Partner
from people.models import Mail
from tests.donations.conftest import EMAIL, checkout_paid, invoice_paid

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
AT_ONCE = 6


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Every call in a thread and a transaction of its own, let go together."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        try:
            gate.wait(timeout=10)
            with transaction.atomic():
                return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_one_payment_told_by_many_is_one_gift(gift: Gift, promises: list[Partner], now: datetime) -> None:
    fact = checkout_paid(gift, now)

    outcomes = at_once(*[lambda: record_gift(fact, now=now)] * AT_ONCE)

    assert sorted(outcomes) == sorted([Outcome.RECORDED] + [Outcome.ALREADY_RECORDED] * (AT_ONCE - 1))
    assert balance("contributions", "fund:seed-collective") == -2500
    assert [balance("payable", partner.owner) for partner in promises] == [-1000, -1000]
    assert Mail.objects.count() == 1


def test_one_invoice_told_by_many_starts_one_plan_with_one_gift(
    plan: Plan, promises: list[Partner], now: datetime
) -> None:
    fact = invoice_paid(plan, now)

    outcomes = at_once(*[lambda: record_plan_gift(fact, now=now)] * AT_ONCE)

    assert outcomes.count(Outcome.RECORDED) == 1
    assert Gift.objects.count() == 1
    assert [balance("payable", partner.owner) for partner in promises] == [-1000, -1000]
    assert Mail.objects.count() == 1


def test_two_plans_of_one_donor_paid_at_once_leave_one_living(new_plan: Callable[..., Plan], now: datetime) -> None:
    plans = [new_plan() for _ in range(3)]
    facts = [invoice_paid(plan, now) for plan in plans]

    outcomes = at_once(*[lambda fact=fact: record_plan_gift(fact, now=now) for fact in facts])

    assert outcomes == [Outcome.RECORDED] * 3
    assert sorted(Plan.objects.values_list("state", flat=True)) == ["active", "cancelled", "cancelled"]
    assert balance("contributions", "fund:seed-collective") == -7500


def test_a_double_click_at_the_same_moment_is_one_row(fund: Fund, now: datetime) -> None:
    intent = Intent(
        form_key=UUID(int=7), fund=fund, amount_minor=2500, currency="usd", email=EMAIL, name="Ada", ip_address="::1"
    )

    rows: list[Any] = at_once(*[lambda: take_attempt(Plan, intent, now=now)] * AT_ONCE)

    assert len({row.pk for row in rows}) == 1
    assert Plan.objects.count() == 1


def test_stopping_and_a_payment_at_the_same_moment_keep_both(plan: Plan, now: datetime) -> None:
    with transaction.atomic():
        record_plan_gift(invoice_paid(plan, now), now=now)

    outcomes = at_once(
        lambda: stop_plan(plan_id=plan.pk, now=now),
        lambda: record_plan_gift(invoice_paid(plan, now, 2), now=now),
        lambda: stop_plan(plan_id=plan.pk, now=now),
    )

    plan.refresh_from_db()
    assert sorted(outcomes) == sorted([Outcome.STOPPING, Outcome.RECORDED, Outcome.ALREADY_STOPPED])
    assert (plan.state, plan.gifts.count()) == ("cancelled", 2)
    assert Mail.objects.filter(key=f"plan:{plan.pk}:stopped").count() == 1
