"""Lost events cost nothing: what Stripe's objects and its list of events say is found, named and applied."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from ledger.models import Entry
from ledger.queries import balance
from payments import gateway, tasks
from payments.facts import CheckoutExpired, CheckoutPaid, Fact
from payments.gateway import StripeUnavailable
from payments.models import BalanceTransaction, CheckoutSession, ReconcileWalk, StripeEvent
from payments.operations import reconcile_onward
from payments.operations.reconcile import Finding, Report, reconcile
from payments.operations.reconcile_events import reconcile_events
from payments.operations.reconcile_onward import BACK, MINUTES_OLD, ROUND_EVERY
from people import clock
from tests.local_stripe import LocalStripe
from tests.payments.conftest import Listen
from tests.payments.test_with_sandbox import monthly, months, opened, pay, plan, wanted
from tests.people.test_alone import elsewhere

__all__ = ["months", "plan"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("months", "told")]


@pytest.fixture
def lost(sandbox: LocalStripe, listen: Listen, plan: None) -> Iterator[LocalStripe]:
    """A paid order, an open one and a plan's first month, of which no event ever arrived."""
    listen("order", CheckoutPaid, CheckoutExpired)
    assert pay(opened(wanted())) == 303
    opened(wanted(subject="order:2", attempt_key="order:2:1"))
    assert pay(opened(monthly())) == 303
    sandbox.settle()
    yield sandbox


def look(*, repair: bool) -> Report:
    now = clock.now()
    return reconcile(since=now - timedelta(days=1), until=now + timedelta(minutes=5), repair=repair, now=now)


def found(report: Report) -> list[tuple[str, str]]:
    return sorted((finding.kind, finding.trouble) for finding in report.findings)


def test_a_report_names_what_is_missing_and_changes_nothing(lost: LocalStripe, told: list[Fact]) -> None:
    report = look(repair=False)

    assert found(report) == [
        ("charge", ""),
        ("charge", ""),
        ("checkout.session", ""),
        ("checkout.session", ""),
        ("invoice", ""),
    ]
    assert report.looked_at == {
        "checkout.session": 3,
        "subscription": 1,
        "invoice": 1,
        "charge": 2,
        "refund": 0,
        "dispute": 0,
        "transfer": 0,
        "payout": 0,
    }
    assert not Entry.objects.exists()
    assert not BalanceTransaction.objects.exists()
    assert set(CheckoutSession.objects.values_list("state", flat=True)) == {"open"}


def test_a_repair_applies_it_and_a_second_one_finds_nothing(lost: LocalStripe, told: list[Fact]) -> None:
    look(repair=True)

    assert {type(fact).__name__ for fact in told} == {"CheckoutPaid", "PlanStarted", "PlanChanged", "InvoicePaid"}
    assert BalanceTransaction.objects.count() == 2
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103
    entries = Entry.objects.count()
    assert found(look(repair=True)) == []
    assert found(look(repair=False)) == []
    assert Entry.objects.count() == entries


def test_events_that_never_came_are_received_once(lost: LocalStripe) -> None:
    since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(minutes=5)

    named = reconcile_events(since=since, until=until, repair=False)
    assert not StripeEvent.objects.exists()
    taken = reconcile_events(since=since, until=until, repair=True)

    assert named == taken
    assert {event.type for event in taken} >= {"checkout.session.completed", "invoice.paid", "charge.succeeded"}
    assert reconcile_events(since=since, until=until, repair=True) == []
    tasks.process_events()
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103


def test_two_at_once_beside_the_worker_post_each_fact_once(lost: LocalStripe) -> None:
    reconcile_events(since=clock.now() - timedelta(days=1), until=clock.now() + timedelta(minutes=5), repair=True)

    def with_own_connection(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        finally:
            connection.close()

    works = [lambda: look(repair=True), lambda: look(repair=True), tasks.process_events]
    threads = [threading.Thread(target=with_own_connection, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert Entry.objects.filter(kind="balance_transaction").count() == 2
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103


def test_an_object_that_cannot_be_looked_at_is_named_and_stops_no_other(
    lost: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = gateway.Gateway.charge

    def sometimes(self: gateway.Gateway, charge_id: str) -> object:
        if not seen:
            seen.append(charge_id)
            raise StripeUnavailable("down")
        return charge(self, charge_id)

    seen: list[str] = []
    monkeypatch.setattr(gateway.Gateway, "charge", sometimes)

    report = look(repair=True)

    assert [one.trouble for one in report.findings if one.trouble] == ["unavailable"]
    assert BalanceTransaction.objects.count() >= 1


def test_the_command_says_what_is_missing_and_then_applies_it(lost: LocalStripe) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="run again with --repair"):
        call_command("reconcile", stdout=out)
    assert "MISSING  checkout.session cs_" in out.getvalue()

    out = StringIO()
    call_command("reconcile", "--repair", stdout=out)

    assert "APPLIED  checkout.session cs_" in out.getvalue()
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103
    with pytest.raises(CommandError, match="30 days only"):
        call_command("reconcile", "--events", "--days", "31")
    with pytest.raises(CommandError, match="--days is 0"):
        call_command("reconcile", "--days", "0")


def test_the_beat_repairs_by_itself_and_says_aloud_how_much(
    lost: LocalStripe, caplog: pytest.LogCaptureFixture
) -> None:
    assert tasks.reconcile() == 0, "what is so young is left to its own event"
    lost.advance(minutes=11)
    begin_anew()

    found = tasks.reconcile()

    assert found > 0
    assert f"'findings': {found}" in next(
        one.getMessage() for one in caplog.records if "lost_facts" in one.getMessage()
    )
    assert tasks.reconcile() == 0
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103
    assert StripeEvent.objects.filter(type="invoice.paid").exists()


def begin_anew() -> None:
    """The last round ended half a day ago."""
    ReconcileWalk.objects.update(through=F("until") - ROUND_EVERY, until=F("until") - ROUND_EVERY)


def test_a_round_goes_on_where_it_was_stopped(lost: LocalStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    lost.advance(minutes=11)
    looked_at: list[str] = []
    monkeypatch.setattr(reconcile_onward, "look", lambda kind, _id, **_: looked_at.append(kind) or [])
    runs = 1
    while reconcile_onward.reconcile_onward(now=clock.now(), work_for_s=0).more:
        runs += 1

    steps = len(reconcile_onward.KINDS) * (BACK // reconcile_onward.STEP)
    assert steps <= runs <= steps + len(looked_at)
    assert looked_at == ["checkout.session"] * 3 + ["subscription", "invoice", "charge", "charge"]


def test_time_that_runs_out_within_a_step_is_gone_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    made = [(f"ch_{number}", now - timedelta(hours=3, seconds=number)) for number in range(3)]  # newest first
    looked_at: list[str] = []

    def created(_self: object, kind: str, *, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        return [(one, at) for one, at in made if kind == "charge" and since <= at <= until]

    monkeypatch.setattr(gateway.Gateway, "created", created)
    monkeypatch.setattr(reconcile_onward, "reconcile_events", lambda **_: [])
    monkeypatch.setattr(reconcile_onward, "look", lambda _kind, one, **_: looked_at.append(one) or [])
    more = True
    while more:
        before = len(looked_at)
        more = reconcile_onward.reconcile_onward(now=now, work_for_s=0).more
        assert len(looked_at) <= before + 1

    assert looked_at == ["ch_2", "ch_1", "ch_0"]


def test_a_busy_window_is_walked_in_steps_that_can_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that takes long is broken off, and every run comes further all the same."""
    now = clock.now()
    taken: list[timedelta] = []

    def slow(*, since: datetime, until: datetime, progress: Callable[[int], None], **_: object) -> list[object]:
        for page in range((until - since) // timedelta(minutes=2)):
            progress(page)
        taken.append(until - since)
        return []

    monkeypatch.setattr(reconcile_onward, "reconcile_events", slow)
    monkeypatch.setattr(reconcile_onward, "LIST_FOR_S", 0)
    monkeypatch.setattr(gateway.Gateway, "created", lambda *_, **__: iter(()))

    runs = [reconcile_onward.reconcile_onward(now=now, work_for_s=0).more for _ in range(3)]

    assert runs == [True] * 3
    assert ReconcileWalk.objects.get(kind="event").through > now - BACK - MINUTES_OLD
    assert taken and max(taken) < timedelta(minutes=2)


def test_a_stripe_that_hangs_is_not_asked_without_a_pause(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(*_: object, **__: object) -> object:
        raise StripeUnavailable("down")

    woken: list[str] = []
    monkeypatch.setattr(gateway.Gateway, "created", none)
    monkeypatch.setattr(gateway.Gateway, "event_pages", none)
    monkeypatch.setattr(tasks, "WORK_FOR_S", 0)
    monkeypatch.setattr(tasks, "wake", woken.append)

    assert (tasks.reconcile(), woken) == (0, [])

    said = [one.getMessage() for one in caplog.records]
    assert [one for one in said if "kinds_not_listed" in one] and not [one for one in said if "lost_facts" in one]


def test_a_kind_that_cannot_be_listed_stops_no_other_and_comes_again(
    lost: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost.advance(minutes=11)
    created = gateway.Gateway.created

    def none_of_sessions(self: gateway.Gateway, kind: str, **window: datetime) -> object:
        if kind == "checkout.session":
            raise StripeUnavailable("down")
        return created(self, kind, **window)

    with monkeypatch.context() as down:
        down.setattr(gateway.Gateway, "created", none_of_sessions)
        assert ("checkout.session", "not listed") in found(look(repair=False))
        assert {one.kind for one in onward() if one.trouble} == {"checkout.session"}
    assert BalanceTransaction.objects.count() == 2
    assert set(CheckoutSession.objects.values_list("state", flat=True)) == {"open"}

    assert {one.kind for one in onward()} == {"checkout.session"}
    assert onward() == ()


def test_the_command_says_which_kinds_it_could_not_see(lost: LocalStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> object:
        raise StripeUnavailable("down")

    monkeypatch.setattr(gateway.Gateway, "created", none)
    out = StringIO()

    with pytest.raises(CommandError, match=r"could not list checkout\.session, subscription,"):
        call_command("reconcile", "--repair", stdout=out)

    assert "TROUBLE  payout: not listed" in out.getvalue()


def test_more_is_begun_at_once_when_the_turn_is_given_back(lost: LocalStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "WORK_FOR_S", 0)
    woken: list[bool] = []
    other_worker = lambda: woken.append(tasks._go_on() is not None)  # noqa: E731
    monkeypatch.setattr(tasks, "wake", lambda _name: elsewhere(other_worker))

    tasks.reconcile()

    assert woken == [True]


def onward() -> tuple[Finding, ...]:
    return reconcile_onward.reconcile_onward(now=clock.now(), work_for_s=60).findings


def test_rounds_leave_no_day_out_however_long_nobody_walked(lost: LocalStripe) -> None:
    onward()
    ended = ReconcileWalk.objects.get(kind="payout").until
    lost.advance(days=9)

    onward()

    assert ReconcileWalk.objects.get(kind="payout").until > ended + timedelta(days=8)
    assert set(CheckoutSession.objects.values_list("state", flat=True)) == {"complete", "expired"}
    assert balance("stripe_balance") == 4800 - 169 + 2500 - 103
