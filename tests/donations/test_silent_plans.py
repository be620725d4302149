"""Which plans Stripe is asked about because their date has passed in silence, and how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from donations.models import Plan, PlanSubscription
from donations.operations import ask_silent_plans
from payments import gateway
from payments.gateway import StripeRefused
from payments.operations import follow_subscription
from payments.operations.follow_object import Followed
from people import clock
from people.models import Supporter
from tests.donations.conftest import EMAIL

OLD, FRESH, AHEAD = timedelta(hours=-25), timedelta(hours=-23), timedelta(days=9)
Running = Callable[..., Plan]


@pytest.fixture
def running(new_plan: Callable[..., Plan], now: datetime) -> Running:
    """A plan with a subscription; times are given as their distance from now."""

    def make(state: str = "active", *, ended: bool = False, **at: timedelta | None) -> Plan:
        number = Plan.objects.count() + 1
        times = {name: None if away is None else now + away for name, away in at.items()}
        supporter = Supporter.objects.create(email=f"{number}{EMAIL}", created_at=now)
        plan = new_plan(state=state, supporter=supporter, **{"started_at": now - timedelta(days=60), **times})
        PlanSubscription.objects.create(
            plan=plan, subscription_ref=f"sub_{number}", since=now, ended_at=now if ended else None
        )
        return plan

    return make


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subscriptions that were looked at; `sub_broken` cannot be answered for."""
    made: list[str] = []

    def follow(*, subscription_ref: str, since: datetime, now: datetime) -> int:
        made.append(subscription_ref)
        if subscription_ref == "sub_broken":
            raise ZeroDivisionError
        return 0

    monkeypatch.setattr(ask_silent_plans, "follow_subscription", follow)
    return made


def ask(now: datetime) -> int:
    return ask_silent_plans.ask_silent_plans(now=now, work_for_s=20)


@pytest.mark.parametrize(
    ("plan", "is_asked"),
    [
        ({"next_at": OLD}, True),
        ({"next_at": FRESH}, False),
        ({"next_at": None, "started_at": OLD}, True),
        ({"state": "retrying", "next_at": AHEAD, "retry_at": OLD}, True),
        ({"state": "retrying", "next_at": AHEAD, "retry_at": AHEAD}, False),
        ({"state": "paused", "next_at": OLD}, True),
        ({"state": "cancelled", "next_at": OLD}, False),
        ({"state": "pending", "asked_at": OLD, "started_at": None}, True),
        ({"state": "pending", "asked_at": FRESH, "started_at": None}, False),
        ({"next_at": OLD, "ended": True}, False),
    ],
)
def test_who_is_asked_about(
    running: Running, asked: list[str], now: datetime, plan: dict[str, Any], is_asked: bool
) -> None:
    running(**plan)

    assert (ask(now), asked) == ((1, ["sub_1"]) if is_asked else (0, []))


def test_each_once_a_day_and_no_trouble_stops_another(running: Running, asked: list[str], now: datetime) -> None:
    first, second = running(next_at=OLD), running(next_at=OLD)
    first.subscriptions.update(subscription_ref="sub_broken")

    assert [ask(now), ask(now)] == [1, 0]

    Plan.objects.filter(pk=second.pk).update(looked_at=clock.wall_now() - timedelta(hours=21))
    assert (ask(now), asked) == (1, ["sub_broken", "sub_2", "sub_2"])


def test_no_carrier_in_trouble_hides_another_of_its_plan(running: Running, asked: list[str], now: datetime) -> None:
    plan = running(next_at=OLD)
    plan.subscriptions.update(subscription_ref="sub_broken")
    PlanSubscription.objects.create(plan=plan, subscription_ref="sub_2", since=now)

    assert (ask(now), asked) == (0, ["sub_broken", "sub_2"])


def test_no_invoice_in_trouble_hides_a_newer_one(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    listed = [SimpleNamespace(id=one) for one in ("in_3", "in_poison", "in_1")]  # newest first
    looked_at: list[str] = []

    def look(*, object_id: str, **_: object) -> Followed:
        looked_at.append(object_id)
        if object_id == "in_poison":
            raise StripeRefused("no")
        return Followed()

    monkeypatch.setattr(gateway.Gateway, "every", lambda *_: iter(listed))
    monkeypatch.setattr(follow_subscription, "follow_object", look)

    with pytest.raises(StripeRefused):
        follow_subscription.follow_subscription(subscription_ref="sub_1", since=now, now=now)

    assert looked_at == ["in_1", "in_poison", "in_3", "sub_1"]


def test_when_time_runs_out_whoever_waits_longest_is_next(
    running: Running, asked: list[str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        running(next_at=OLD)
    monkeypatch.setattr(ask_silent_plans.time, "monotonic", iter(range(100)).__next__)

    answers = [ask_silent_plans.ask_silent_plans(now=now, work_for_s=1) for _ in range(3)]

    assert (answers, asked) == ([1, 1, 1], ["sub_1", "sub_2", "sub_3"])
