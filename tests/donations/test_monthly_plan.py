from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from donations.models import Gift, Plan, PlanEvent
from donations.operations.close_attempt import close_attempt
from donations.operations.end_plan import end_plan
from donations.operations.follow_plan import follow_plan
from donations.operations.mark_plan_retrying import mark_plan_retrying
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.start_plan import start_plan
from donations.operations.stop_plan import NotAReason, stop_plan
from donations.outcomes import Outcome
from ledger.queries import balance
from partners.models import Partner
from payments.changes import changed_rows
from payments.facts import CheckoutExpired
from people.models import Mail, Supporter, User
from tests.donations.conftest import EMAIL, invoice_failed, invoice_paid, plan_changed, plan_ended, plan_started

DAY = timedelta(days=1)


def kinds(plan: Plan) -> list[str]:
    return [event.kind for event in plan.events.all()]


def pay(plan: Plan, at: datetime, number: int = 1, **changes: Any) -> Outcome:
    return record_plan_gift(invoice_paid(plan, at, number, **changes), now=at)


def mail_keys() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("key", flat=True))


@pytest.mark.parametrize("order", ["started first", "paid first"])
def test_a_plan_starts_once_in_whatever_order_its_facts_come(
    plan: Plan, promises: list[Partner], now: datetime, order: str
) -> None:
    steps = [
        lambda: start_plan(plan_started(plan, now), now=now),
        lambda: pay(plan, now),
    ]

    for step in steps if order == "started first" else reversed(steps):
        step()

    plan.refresh_from_db()
    assert (plan.state, plan.started_at, plan.next_at) == ("active", now, now + 30 * DAY)
    assert list(plan.subscriptions.values_list("subscription_ref", flat=True)) == [f"sub_{plan.pk}_1"]
    assert Gift.objects.get().charged_minor == 2500
    assert [balance("payable", partner.owner) for partner in promises] == [-1000, -1000]
    assert kinds(plan) == ["started"]
    assert mail_keys() == [f"plan:{plan.pk}:started"]


def test_a_monthly_donor_gets_a_login_and_reads_of_the_next_date(plan: Plan, now: datetime) -> None:
    pay(plan, now)

    supporter = Supporter.objects.get()
    assert supporter.user is not None
    assert not supporter.user.has_usable_password()
    next_day = (now + 30 * DAY - timedelta(hours=6)).strftime("%-d %B %Y")
    assert f"The next gift is taken on {next_day}." in Mail.objects.get().text


def test_each_paid_invoice_is_one_gift(plan: Plan, promises: list[Partner], now: datetime) -> None:
    first, second = invoice_paid(plan, now), invoice_paid(plan, now + 30 * DAY, 2)

    outcomes = [record_plan_gift(fact, now=fact.paid_at) for fact in (first, second, second, first)]

    assert outcomes == [Outcome.RECORDED] * 2 + [Outcome.ALREADY_RECORDED] * 2
    assert balance("contributions", "fund:seed-collective") == -5000
    assert [balance("payable", partner.owner) for partner in promises] == [-2000, -2000]
    assert len(mail_keys()) == 2


def test_an_invoice_of_nothing_is_no_gift(plan: Plan, now: datetime) -> None:
    outcome = pay(plan, now, amount_minor=0, charge_ref="")

    plan.refresh_from_db()
    assert (outcome, plan.state, Gift.objects.count()) == (Outcome.NOTHING_PAID, "pending", 0)


def test_a_late_fact_does_not_set_the_next_date_back(plan: Plan, now: datetime) -> None:
    pay(plan, now, 1)
    pay(plan, now + 60 * DAY, 3)

    pay(plan, now + 30 * DAY, 2)

    plan.refresh_from_db()
    assert plan.next_at == now + 90 * DAY


def test_a_second_plan_keeps_its_gift_and_is_stopped(new_plan: Callable[..., Plan], now: datetime) -> None:
    first, second = new_plan(), new_plan()
    pay(first, now)

    outcome = pay(second, now)

    first.refresh_from_db()
    second.refresh_from_db()
    assert outcome is Outcome.RECORDED
    assert (first.state, second.state, second.is_stopping) == ("active", "cancelled", True)
    assert kinds(second) == ["duplicate"]
    assert Gift.objects.count() == 2
    assert mail_keys() == [f"plan:{first.pk}:started", f"plan:{second.pk}:duplicate"]


def test_a_first_gift_told_after_the_end_does_not_bring_the_plan_back(
    plan: Plan, promises: list[Partner], now: datetime
) -> None:
    end_plan(plan_ended(plan, now + DAY), now=now + DAY)

    assert pay(plan, now) is Outcome.RECORDED

    plan.refresh_from_db()
    assert (plan.state, plan.ended_at, plan.is_stopping) == ("cancelled", now + DAY, False)
    assert kinds(plan) == ["started", "stopped"]
    assert [balance("payable", partner.owner) for partner in promises] == [-1000, -1000]
    assert mail_keys() == [f"gift:{Gift.objects.get().pk}:thanks"]
    assert "The next gift is taken" not in Mail.objects.get().text


def test_a_donor_whose_address_changed_can_give_by_the_new_one(new_plan: Callable[..., Plan], now: datetime) -> None:
    """Their user is one supporter already; a payment must not be lost to that."""
    pay(new_plan(), now)
    User.objects.filter(email=EMAIL).update(email="ada@new.example.org")

    assert pay(new_plan(email="ada@new.example.org"), now) is Outcome.RECORDED

    assert Gift.objects.count() == 2
    assert Supporter.objects.get(user__isnull=False).email == EMAIL


def test_the_database_refuses_a_second_living_plan(new_plan: Callable[..., Plan], now: datetime) -> None:
    first, second = new_plan(), new_plan()
    pay(first, now)

    with pytest.raises(IntegrityError, match="plan_one_living"), transaction.atomic():
        Plan.objects.filter(pk=second.pk).update(state="active", supporter=Supporter.objects.get(), started_at=now)


def test_a_new_plan_may_follow_a_stopped_one(new_plan: Callable[..., Plan], now: datetime) -> None:
    first, second = new_plan(), new_plan()
    pay(first, now)
    stop_plan(plan_id=first.pk, now=now)

    pay(second, now + DAY)

    second.refresh_from_db()
    assert second.state == "active"


def test_a_soft_decline_waits_for_its_second_failure_before_a_mail(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    retry = now + 31 * DAY
    code = "insufficient_funds"

    mark_plan_retrying(invoice_failed(plan, now + 30 * DAY, attempt=1, code=code, retry=retry), now=now)
    after_first = len(mail_keys())
    for _ in range(2):
        mark_plan_retrying(invoice_failed(plan, retry, attempt=2, code=code, retry=retry + 2 * DAY), now=now)

    plan.refresh_from_db()
    assert (plan.state, plan.retry_at, after_first) == ("retrying", retry + 2 * DAY, 1)
    assert kinds(plan) == ["started", "retrying"]
    assert mail_keys()[1:] == [f"plan:{plan.pk}:in_{plan.pk}_2:failed:first"]
    told = Mail.objects.last()
    assert told is not None
    day = (retry + 2 * DAY - timedelta(hours=6)).strftime("%-d %B %Y")
    assert "Your card was not charged." in told.text
    assert f"tried again on {day}" in told.text


def test_a_stolen_card_is_told_at_once(plan: Plan, now: datetime) -> None:
    pay(plan, now)

    fact = invoice_failed(plan, now + 30 * DAY, attempt=1, code="stolen_card", retry=now + 33 * DAY)
    mark_plan_retrying(fact, now=now)

    assert "can no longer be used" in Mail.objects.get(key__endswith="failed:first").text


def test_a_plan_recovers_when_a_retry_is_paid(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    failure = invoice_failed(plan, now + 30 * DAY, attempt=1, code="", retry=now + 31 * DAY)
    mark_plan_retrying(failure, now=now)

    pay(plan, now + 31 * DAY, 2)
    late = mark_plan_retrying(failure, now=now)

    plan.refresh_from_db()
    assert (plan.state, plan.retry_at, late) == ("active", None, Outcome.OVERTAKEN)
    assert kinds(plan) == ["started", "retrying", "recovered"]


def test_the_last_failure_ends_the_plan_once(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    final = invoice_failed(plan, now + 44 * DAY, attempt=5, code="insufficient_funds", retry=None)

    outcomes = [mark_plan_retrying(final, now=now) for _ in range(2)]

    plan.refresh_from_db()
    assert outcomes == [Outcome.LAPSED, Outcome.NOT_LIVING]
    assert (plan.state, plan.is_stopping) == ("lapsed", True)
    assert mail_keys()[1:] == [f"plan:{plan.pk}:lapsed"]

    assert end_plan(plan_ended(plan, now + 44 * DAY, "payment_failed"), now=now) is Outcome.STOPPED
    plan.refresh_from_db()
    assert (plan.state, plan.is_stopping) == ("lapsed", False)
    assert len(mail_keys()) == 2


def test_what_is_told_again_writes_nothing(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    failure = invoice_failed(plan, now + 30 * DAY, attempt=2, code="", retry=now + 31 * DAY)
    mark_plan_retrying(failure, now=now)

    before = changed_rows()
    assert mark_plan_retrying(failure, now=now) is Outcome.UNCHANGED
    assert changed_rows() == before

    end = plan_ended(plan, now + 38 * DAY, "payment_failed")
    assert end_plan(end, now=now) is Outcome.LAPSED
    before = changed_rows()
    assert end_plan(end, now=now + DAY) is Outcome.ALREADY_STOPPED
    assert changed_rows() == before


def test_a_failed_first_payment_leaves_the_plan_waiting(plan: Plan, now: datetime) -> None:
    outcome = mark_plan_retrying(invoice_failed(plan, now, attempt=1, code="", retry=None), now=now)

    plan.refresh_from_db()
    assert (outcome, plan.state, mail_keys()) == (Outcome.NOT_LIVING, "pending", [])


def test_stopping_is_at_once_with_us_and_confirmed_by_stripes_word(plan: Plan, now: datetime) -> None:
    pay(plan, now)

    asked = stop_plan(plan_id=plan.pk, reason="money", now=now + DAY)

    plan.refresh_from_db()
    assert (asked, plan.state, plan.is_stopping) == (Outcome.STOPPING, "cancelled", True)
    assert stop_plan(plan_id=plan.pk, now=now + DAY) is Outcome.ALREADY_STOPPED
    assert end_plan(plan_ended(plan, now + DAY), now=now + DAY) is Outcome.STOPPED
    assert end_plan(plan_ended(plan, now + DAY), now=now + DAY) is Outcome.ALREADY_STOPPED
    plan.refresh_from_db()
    assert not plan.is_stopping
    assert kinds(plan) == ["started", "stop_asked", "stopped"]
    assert PlanEvent.objects.get(kind="stop_asked").word == "money"
    assert mail_keys()[1:] == [f"plan:{plan.pk}:stopped"]


def test_a_made_up_reason_is_refused_and_nothing_stops(plan: Plan, now: datetime) -> None:
    pay(plan, now)

    with pytest.raises(NotAReason):
        stop_plan(plan_id=plan.pk, reason="free text", now=now)

    plan.refresh_from_db()
    assert plan.state == "active"


def test_a_payment_on_its_way_when_a_plan_stops_is_still_a_gift(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    stop_plan(plan_id=plan.pk, now=now + 30 * DAY)

    outcome = pay(plan, now + 30 * DAY, 2)

    plan.refresh_from_db()
    assert (outcome, plan.state) == (Outcome.RECORDED, "cancelled")
    assert balance("contributions", "fund:seed-collective") == -5000
    assert "The next gift is taken" not in Mail.objects.get(key__endswith=":thanks").text


@pytest.mark.parametrize(
    ("reason", "state", "key"),
    [("cancellation_requested", "cancelled", "stopped"), ("payment_failed", "lapsed", "lapsed")],
)
def test_an_end_that_nobody_asked_for_is_told(plan: Plan, now: datetime, reason: str, state: str, key: str) -> None:
    pay(plan, now)

    end_plan(plan_ended(plan, now + DAY, reason), now=now + DAY)

    plan.refresh_from_db()
    assert (plan.state, plan.is_stopping, plan.ended_at) == (state, False, now + DAY)
    assert mail_keys()[1:] == [f"plan:{plan.pk}:{key}"]


def test_the_end_of_an_older_subscription_leaves_the_plan_running(plan: Plan, now: datetime) -> None:
    pay(plan, now)
    start_plan(plan_started(plan, now + DAY, 2), now=now)

    assert end_plan(plan_ended(plan, now + DAY), now=now) is Outcome.UNCHANGED

    plan.refresh_from_db()
    assert plan.state == "active"


def test_following_a_pause_and_its_end(plan: Plan, now: datetime) -> None:
    pay(plan, now)

    assert follow_plan(plan_changed(plan, now, "paused"), now=now) is Outcome.CHANGED
    assert follow_plan(plan_changed(plan, now, "paused"), now=now) is Outcome.UNCHANGED
    follow_plan(plan_changed(plan, now, "active", now + 45 * DAY), now=now)

    plan.refresh_from_db()
    assert (plan.state, plan.next_at) == ("active", now + 45 * DAY)
    assert kinds(plan) == ["started", "paused", "resumed"]


def test_a_sign_up_that_ran_out_never_counts(plan: Plan, now: datetime) -> None:
    fact = CheckoutExpired(kind="plan", subject=plan.ref, checkout_ref="cs_1", at=now)

    assert close_attempt(fact, now=now) is Outcome.EXPIRED
    assert close_attempt(fact, now=now) is Outcome.OVERTAKEN

    plan.refresh_from_db()
    assert (plan.state, mail_keys()) == ("expired", [])


@pytest.mark.parametrize("statement", ["UPDATE donations_planevent SET word = 'x'", "DELETE FROM donations_planevent"])
def test_what_happened_to_a_plan_cannot_be_changed(plan: Plan, now: datetime, statement: str) -> None:
    pay(plan, now)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(("typed", "kept"), [("", "Ada Payer"), ("Ada", "Ada")])
def test_the_payers_name_stands_in_for_one_that_was_not_typed(
    new_plan: Callable[..., Plan], now: datetime, typed: str, kept: str
) -> None:
    plan = new_plan(name=typed)
    start_plan(replace(plan_started(plan, now), name="Ada Payer"), now=now)
    pay(plan, now)

    assert Supporter.objects.get().name == kept
