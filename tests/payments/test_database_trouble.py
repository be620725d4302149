"""The database goes away in the middle, or the answer to a commit does: nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from ledger.models import Entry
from payments import views
from payments.facts import CheckoutPaid
from payments.models import StripeEvent
from payments.operations import process_event
from payments.operations.process_event import Outcome, process_next_event
from people import clock
from tests.payments.conftest import NOW, Listen
from tests.payments.fake_stripe import FakeStripe, session
from tests.payments.test_process_events import received
from tests.payments.test_webhook import deliver, event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor() -> Client:
    """A client that sees the server's error as Stripe would."""
    return Client(raise_request_exception=False)


def end_the_session() -> None:
    """The server ends our session with it, as when it is restarted or fails over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        other.close()


def then_lose_the_answer(work: Callable[..., Any]) -> Callable[..., Any]:
    """What it does is committed, and its caller hears that the connection broke."""

    def worked(*arguments: Any, **named: Any) -> None:
        work(*arguments, **named)
        raise OperationalError("server closed the connection unexpectedly")

    return worked


def test_without_its_database_the_door_says_no_and_stripe_sends_again(visitor: Client) -> None:
    """rules/reliability.md row 33: answered with 2xx only after the commit."""
    end_the_session()

    assert deliver(visitor, event()) >= 500
    connection.close()

    assert not StripeEvent.objects.exists()
    assert deliver(visitor, event()) == 200
    assert StripeEvent.objects.count() == 1


def test_an_event_whose_commit_was_not_answered_is_kept_once(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 34."""
    with monkeypatch.context() as broken:
        broken.setattr(views, "receive_event", then_lose_the_answer(views.receive_event))
        assert deliver(visitor, event()) == 500

    assert deliver(visitor, event()) == 200
    assert StripeEvent.objects.count() == 1


@pytest.mark.usefixtures("books", "told")
def test_an_effect_whose_commit_was_not_answered_happens_once(
    fake: FakeStripe, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 34, and 37: a whole unit is tried again, and Stripe is asked to change nothing meanwhile."""
    listen("order", CheckoutPaid)
    fake.put(session())
    kept = received()

    with monkeypatch.context() as broken:
        broken.setattr(process_event, "follow_object", then_lose_the_answer(process_event.follow_object))
        assert process_next_event(now=NOW) is Outcome.RETRY
    StripeEvent.objects.update(next_attempt_at=clock.wall_now() - timedelta(seconds=1))
    assert process_next_event(now=NOW) is Outcome.DONE

    kept.refresh_from_db()
    assert (kept.failures, Entry.objects.count(), fake.keys()) == (0, 1, [])


@pytest.mark.usefixtures("books", "told")
def test_a_worker_whose_session_was_ended_lets_go_and_the_next_one_does_the_work(
    fake: FakeStripe, listen: Listen
) -> None:
    """Row 33 again, from the worker's side: nothing half done, and the effect comes once."""
    listen("order", CheckoutPaid)
    fake.put(session())
    received()
    fake.before = lambda _method, _path: end_the_session()

    assert process_next_event(now=NOW) is Outcome.RETRY
    fake.before = lambda _method, _path: None
    assert not Entry.objects.exists()
    StripeEvent.objects.update(next_attempt_at=clock.wall_now() - timedelta(seconds=1))

    assert process_next_event(now=NOW) is Outcome.DONE
    assert Entry.objects.count() == 1
