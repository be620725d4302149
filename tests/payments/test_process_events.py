"""Each kept event ends as done, ignored with a reason, or dead with an alert; none is lost, none blocks another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from structlog.testing import capture_logs

from config.celery import app
from ledger.models import Entry
from payments import gateway, registry, tasks
from payments.facts import CheckoutPaid, Fact, InvoicePaid, PlanEnded
from payments.inbox import read_listed
from payments.models import Charge, CheckoutSession, StripeEvent
from payments.operations import find_left_behind, process_event
from payments.operations.find_left_behind import ask_expired_checkouts
from payments.operations.process_event import FAILURES_MAX, LEASE, Outcome, process_next_event
from payments.operations.receive_event import receive_event
from payments.operations.revive_event import Outcome as Revived
from payments.operations.revive_event import revive_event
from people import clock
from people.models import User
from tests.payments.conftest import NOW, Listen
from tests.payments.fake_stripe import FakeStripe, charge, cut_off, error, intent, invoice, session, subscription
from tests.payments.test_operations import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "told")]
ASKS = [
    "finish_calls",
    "ask_expired_checkouts",
    "ask_unsettled_charges",
    "ask_open_returns",
    "ask_open_disputes",
    "ask_untold_transfers",
    "ask_accounts",
]


@pytest.fixture
def later() -> Iterator[Any]:
    """Wall time, to be moved."""
    with time_machine.travel(clock.wall_now(), tick=True) as traveller:
        yield traveller


def received(
    event_id: str = "evt_1", kind: str = "checkout.session.completed", about: str = "cs_test_1", account: str = ""
) -> StripeEvent:
    return StripeEvent.objects.create(
        event_id=event_id,
        type=kind,
        api_version="2026-10-28.endive",
        livemode=False,
        account=account,
        object_id=about,
        body="{}",
        created_at=NOW,
        received_at=clock.wall_now(),
        next_attempt_at=clock.wall_now(),
    )


def process() -> Outcome:
    return process_next_event(now=NOW)


def state_of(event: StripeEvent) -> tuple[str, str]:
    event.refresh_from_db()
    return event.state, event.reason


def test_a_paid_checkout_is_in_the_books_once(fake: FakeStripe, listen: Listen) -> None:
    listen("order", CheckoutPaid)
    fake.put(session())
    first, second = received(), received("evt_2", "checkout.session.async_payment_succeeded")

    assert [process(), process(), process()] == [Outcome.DONE, Outcome.DONE, Outcome.NOTHING_DUE]

    assert state_of(first) == state_of(second) == ("done", "")
    assert Entry.objects.get().idempotency_key == "stripe:charge:ch_1:gift"
    assert Charge.objects.get().subject == "order:1"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"kind": "radar.early_fraud_warning.created", "about": "issfr_1"}, "nobody reads radar.early_fraud_warning"),
        ({"kind": "customer.created", "about": "cus_1"}, "because"),
        ({"kind": "payment_intent.succeeded", "about": "pi_1"}, "own event tells"),
        ({"kind": "refund.created", "about": "re_1"}, "moves money that this version does not follow"),
        ({"account": "acct_1"}, "a connected account"),
        ({}, "no operation for CheckoutPaid of kind order"),
    ],
)
def test_what_we_do_not_act_on_is_marked_with_the_reason(fake: FakeStripe, event: dict[str, str], why: str) -> None:
    registry.ignores("customer.created", "because")
    fake.put(session())
    row = received(**event)

    assert process() == Outcome.IGNORED

    state, reason = state_of(row)
    assert state == "ignored"
    assert why in reason


@pytest.mark.parametrize("kind", ["refund.created", "charge.refunded", "charge.dispute.created", "transfer.created"])
def test_money_that_nobody_follows_is_said_aloud(fake: FakeStripe, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    received(kind=kind, about="re_1")

    assert process() == Outcome.IGNORED

    assert [str(r.msg) for r in caplog.records if r.levelname == "ERROR" and "stripe_money_not_followed" in str(r.msg)]


def test_while_stripe_is_away_an_event_waits_for_ever_and_never_dies(
    fake: FakeStripe, listen: Listen, later: Any
) -> None:
    listen("order", CheckoutPaid)
    row = received()
    for _ in range(process_event.FAILURES_MAX + 5):
        fake.faults.extend([cut_off] * 3)
        assert process() == Outcome.RETRY
        assert process() == Outcome.NOTHING_DUE
        later.shift(process_event.BACK_OFF_MAX)

    fake.put(session())

    assert process() == Outcome.DONE
    assert Entry.objects.count() == 1
    assert state_of(row) == ("done", "")


def break_down(_fact: Fact, *, now: datetime) -> StrEnum:
    raise ZeroDivisionError("a bug")


def test_poison_does_not_stop_the_others_and_dies_with_an_alert(
    fake: FakeStripe, listen: Listen, later: Any, caplog: pytest.LogCaptureFixture
) -> None:
    registry.on(PlanEnded, "plan", break_down)
    listen("order", CheckoutPaid)
    fake.put(subscription(status="canceled", ended_at=1_793_000_000))
    fake.put(session())
    poison = received("evt_0", "customer.subscription.deleted", "sub_1")
    good = received()

    assert [process(), process()] == [Outcome.RETRY, Outcome.DONE]
    for _ in range(process_event.FAILURES_MAX - 2):
        later.shift(process_event.BACK_OFF_MAX)
        assert process() == Outcome.RETRY
    later.shift(process_event.BACK_OFF_MAX)
    assert process() == Outcome.DEAD

    assert state_of(good)[0] == "done"
    assert state_of(poison) == ("dead", "ZeroDivisionError: a bug")
    alerts = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(alerts) == 1 and "stripe_event_dead" in str(alerts[0].msg)


def test_a_dead_event_lives_again_once_its_cause_is_mended(fake: FakeStripe, listen: Listen) -> None:
    row = received()
    StripeEvent.objects.update(state="dead", reason="a bug", failures=10, finished_at=clock.wall_now())
    listen("order", CheckoutPaid)
    fake.put(session())

    ada = User.objects.create_user("ada@example.org")
    assert revive_event(event_id="evt_1", by=ada) == Revived.REVIVED
    assert process() == Outcome.DONE

    assert state_of(row) == ("done", "")
    assert revive_event(event_id="evt_1", by=ada) == Revived.NOT_DEAD


def test_a_revived_event_is_tried_as_often_as_at_first(fake: FakeStripe, listen: Listen, later: Any) -> None:
    row = received()
    StripeEvent.objects.update(
        state="dead", reason="a bug", failures=10, attempts=12, put_off=9, finished_at=clock.wall_now()
    )
    revive_event(event_id="evt_1", by=User.objects.create_user("ada@example.org"))

    assert [process(), process()] == [Outcome.RETRY, Outcome.NOTHING_DUE]
    listen("order", CheckoutPaid)
    fake.put(session())
    later.shift(process_event.BACK_OFF + timedelta(seconds=1))

    assert process() == Outcome.DONE
    row.refresh_from_db()
    assert row.attempts == 14, "the fencing token never goes back"


def test_a_database_out_of_breath_is_no_poison(fake: FakeStripe, later: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadlock(**_: Any) -> Any:
        raise OperationalError("deadlock detected")

    row = received()
    monkeypatch.setattr(process_event, "follow_object", deadlock)

    assert process() == Outcome.RETRY

    row.refresh_from_db()
    assert (row.state, row.failures, row.attempts) == ("received", 0, 1)


def test_an_object_that_stripe_does_not_know_is_never_dropped_silently(fake: FakeStripe) -> None:
    row = received()

    assert process() == Outcome.RETRY

    row.refresh_from_db()
    assert (row.state, row.failures) == ("received", 1)
    assert "NoSuchObject" in row.reason


class Killed(BaseException):
    """The worker process is gone."""


def test_a_killed_workers_event_is_finished_within_two_minutes_once(
    fake: FakeStripe, listen: Listen, later: Any
) -> None:
    listen("order", CheckoutPaid)
    fake.put(session())
    row = received()

    def kill(_method: str, _path: str) -> None:
        raise Killed

    fake.before = kill
    with pytest.raises(Killed):
        process()
    fake.before = lambda _method, _path: None
    assert process() == Outcome.NOTHING_DUE

    sweeps_every = timedelta(seconds=30)
    later.shift(LEASE + sweeps_every)
    tasks.sweep()

    assert LEASE + sweeps_every < timedelta(minutes=2)
    assert state_of(row) == ("done", "")
    assert Entry.objects.count() == 1


def test_a_worker_that_comes_back_from_the_dead_cannot_finish(fake: FakeStripe, listen: Listen, later: Any) -> None:
    """It hangs in the look-up until its lease is over and another worker has done the event."""
    listen("order", CheckoutPaid)
    fake.put(session())
    row = received()

    def hang(_method: str, _path: str) -> None:
        fake.before = lambda _method, _path: None
        later.shift(LEASE + timedelta(seconds=1))
        assert process() == Outcome.DONE
        StripeEvent.objects.update(state="received", finished_at=None, lease_until=clock.wall_now() + LEASE)

    fake.before = hang

    assert process() == Outcome.LEASE_LOST

    assert state_of(row)[0] == "received"
    assert Entry.objects.count() == 1


def test_an_event_before_our_own_row_is_kept_and_tried_again(fake: FakeStripe, later: Any) -> None:
    orders: list[str] = []

    def mark_paid(fact: CheckoutPaid, *, now: datetime) -> StrEnum:
        if fact.subject not in orders:
            raise LookupError(fact.subject)
        return Outcome.DONE

    registry.on(CheckoutPaid, "order", mark_paid)
    fake.put(session())
    row = received()
    assert process() == Outcome.RETRY

    orders.append("order:1")
    later.shift(timedelta(seconds=6))

    assert process() == Outcome.DONE
    assert state_of(row)[0] == "done"


def test_one_wake_up_works_through_a_burst(fake: FakeStripe, listen: Listen) -> None:
    listen("order", CheckoutPaid)
    fake.put(session())
    for number in range(30):
        received(f"evt_{number}")

    assert tasks.process_events() == 30

    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"done"}
    assert Entry.objects.count() == 1


def test_the_sweep_finds_a_checkout_whose_events_were_all_lost(fake: FakeStripe, listen: Listen) -> None:
    listen("order", CheckoutPaid)
    kept(expires_at=NOW - timedelta(seconds=1))
    fake.put(session())

    assert ask_expired_checkouts(now=NOW) == 1
    assert ask_expired_checkouts(now=NOW) == 0

    assert CheckoutSession.objects.get().state == "complete"
    assert Entry.objects.count() == 1


def test_a_checkout_that_stripe_is_slow_to_close_is_not_asked_about_all_the_time(fake: FakeStripe, later: Any) -> None:
    kept(expires_at=NOW - timedelta(seconds=1))
    fake.put(session(status="open", payment_status="unpaid", payment_intent=None, url="https://checkout.example/1"))

    assert [ask_expired_checkouts(now=NOW), ask_expired_checkouts(now=NOW)] == [1, 0]
    later.shift(timedelta(seconds=26))
    assert ask_expired_checkouts(now=NOW) == 1


def test_the_sweep_leaves_open_checkouts_alone(fake: FakeStripe) -> None:
    kept(expires_at=NOW + timedelta(minutes=1))

    assert ask_expired_checkouts(now=NOW) == 0

    assert fake.requests == []


def test_the_sweep_asks_about_an_awaited_debit_once_an_hour(fake: FakeStripe, listen: Listen, later: Any) -> None:
    listen("order", CheckoutPaid)
    kept(state="complete", url="")
    fake.put(session(payment_status="unpaid", payment_intent=intent(status="processing")))
    assert [ask_expired_checkouts(now=NOW), ask_expired_checkouts(now=NOW)] == [1, 0]

    later.shift(timedelta(minutes=61))
    fake.put(session())
    assert ask_expired_checkouts(now=NOW) == 1

    assert Entry.objects.count() == 1


def test_one_leftover_in_trouble_does_not_keep_the_others_waiting(
    fake: FakeStripe, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("order", CheckoutPaid)
    kept(session_id="cs_test_0", expires_at=NOW - timedelta(seconds=2))
    kept(expires_at=NOW - timedelta(seconds=1))
    fake.put(session())

    assert ask_expired_checkouts(now=NOW) == 2

    assert set(CheckoutSession.objects.values_list("session_id", "state")) == {
        ("cs_test_0", "open"),
        ("cs_test_1", "complete"),
    }


def test_a_sweep_step_in_trouble_does_not_keep_the_events_waiting(
    fake: FakeStripe, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_step(*, now: datetime, work_for_s: float) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(tasks, "finish_calls", break_step)
    listen("order", CheckoutPaid)
    fake.put(session())
    row = received()

    tasks.sweep()

    assert state_of(row)[0] == "done"


class Watch:
    """Seconds as the sweep counts them, moved by the test."""

    at_s = 0.0

    def __call__(self) -> float:
        return self.at_s

    def run(self, seconds: float) -> None:
        self.at_s += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(find_left_behind.time, "monotonic", made)
    return made


def test_a_slow_stripe_keeps_no_sweep_beyond_its_time(fake: FakeStripe, watch: Watch) -> None:
    """Each question takes fifteen of the forty seconds that all who ask have together."""
    for number in range(10):
        kept(session_id=f"cs_test_{number}", expires_at=NOW - timedelta(seconds=10))
    fake.before = lambda _method, _path: watch.run(15)

    tasks.sweep()

    assert 15 <= watch.at_s < tasks.SWEEP_ASKS_FOR_S + 15
    assert CheckoutSession.objects.filter(asked_at=None).count() >= 7, "whoever was not asked keeps its place in front"
    longest = LEASE.total_seconds()
    assert tasks.SWEEP_EVENTS_FOR_S + longest + tasks.SWEEP_ASKS_FOR_S + longest < app.conf.task_time_limit
    assert tasks.LIST_FOR_S + longest + tasks.ASK_PAYOUTS_FOR_S + longest < app.conf.task_time_limit


def test_each_has_a_share_of_what_those_before_left(watch: Watch) -> None:
    shares: list[float] = []
    takes = iter([16, 0, 0, 30])

    def step(*, now: datetime, work_for_s: float) -> None:
        shares.append(work_for_s)
        watch.run(next(takes))

    tasks._share_out(40, [step] * 4, NOW)

    assert shares == [10, 8, 12, 24]


def test_of_those_who_ask_in_the_sweep_none_starves(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(name: str, *, now: datetime, work_for_s: float) -> None:
        asked.append(name)
        watch.run(25)

    for name in ASKS:
        monkeypatch.setattr(tasks, name, partial(ask, name))
        getattr(tasks, name).__name__ = name
    for _ in range(60):
        before = len(asked)
        tasks.sweep()
        assert len(asked) - before == 2

    assert set(asked) == set(ASKS)


def test_the_sweep_takes_events_before_what_can_wait(
    fake: FakeStripe, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("order", CheckoutPaid)
    fake.put(session())
    row = received()
    seen: list[str] = []
    monkeypatch.setattr(tasks, "finish_calls", lambda *, now, work_for_s: seen.append(state_of(row)[0]))

    tasks.sweep()

    assert seen == ["done"]


def test_a_refused_look_is_answered_in_the_log_and_comes_back(fake: FakeStripe, later: Any) -> None:
    fake.faults.append(lambda: error(400, "parameter_unknown"))
    kept(expires_at=NOW - timedelta(seconds=1))

    assert ask_expired_checkouts(now=NOW) == 1

    later.shift(timedelta(seconds=26))
    fake.put(session(status="expired", payment_status="unpaid", payment_intent=None))
    assert ask_expired_checkouts(now=NOW) == 1
    assert CheckoutSession.objects.get().state == "expired"


def test_charge_events_keep_the_charge(fake: FakeStripe) -> None:
    fake.put(charge())
    row = received(kind="charge.succeeded", about="ch_1")

    assert process() == Outcome.DONE

    assert state_of(row) == ("done", "")
    assert Charge.objects.get().last4 == "4242"


OLD_INVOICE = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "api_version": "2024-12-18.acacia",
    "livemode": False,
    "created": 1_793_000_000,
    "data": {
        "object": {
            "id": "in_1",
            "object": "invoice",
            "amount_paid": 999_999,
            "charge": "ch_old",
            "paid": True,
            "payment_intent": "pi_old",
            "subscription": "sub_old",
        }
    },
}


def test_an_event_in_an_old_shape_is_read_at_our_version_and_none_of_its_own_figures(
    fake: FakeStripe, listen: Listen, told: list[Fact]
) -> None:
    """rules/reliability.md row 14: `invoice.subscription` at the top is how it was before 2025."""
    listen("plan", InvoicePaid)
    fake.put(invoice())
    fake.put(charge(metadata={}))
    fake.put(subscription())
    receive_event(read_listed(OLD_INVOICE, livemode=False))

    assert process() is Outcome.DONE

    (fact,) = told
    assert isinstance(fact, InvoicePaid)
    assert (fact.subscription_ref, fact.amount_minor, fact.charge_ref) == ("sub_1", 2500, "stripe:charge:ch_1")
    assert {headers["Stripe-Version"] for _, _, headers in fake.requests} == {gateway.API_VERSION}


def test_an_object_in_an_old_shape_is_refused_with_an_alert_and_never_half_read(
    fake: FakeStripe, listen: Listen, told: list[Fact], later: Any
) -> None:
    """Should Stripe ever answer so although we name our version."""
    listen("plan", InvoicePaid)
    now_shape = {name: value for name, value in invoice().items() if name not in ("parent", "payments")}
    fake.put(now_shape | {"subscription": "sub_1", "charge": "ch_1", "payment_intent": "pi_1", "paid": True})
    event = received(kind="invoice.paid", about="in_1")

    with capture_logs() as logs:
        for _ in range(FAILURES_MAX):
            process()
            later.shift(timedelta(hours=1))

    assert (told, Entry.objects.exists()) == ([], False)
    assert state_of(event)[0] == "dead"
    assert "stripe_event_dead" in [line["event"] for line in logs]
