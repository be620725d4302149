"""One wake-up per burst, and never a failed request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from people import clock
from people.models import WakeUp
from people.wake import wake, woken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: names.append(name))
    return names


def test_a_burst_publishes_once_until_the_worker_has_woken(published: list[str]) -> None:
    for _ in range(5):
        wake("people.tasks.send_mails")
    assert published == ["people.tasks.send_mails"]

    woken("people.tasks.send_mails")
    wake("people.tasks.send_mails")
    assert len(published) == 2


def test_what_is_rolled_back_wakes_nobody(published: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        wake("people.tasks.send_mails")
        raise ZeroDivisionError

    assert published == []


def test_a_lost_wake_up_is_repeated_after_a_while(published: list[str]) -> None:
    wake("people.tasks.send_mails")
    WakeUp.objects.update(pending_since=clock.wall_now() - timedelta(seconds=11))

    wake("people.tasks.send_mails")

    assert len(published) == 2


def test_a_broker_that_is_down_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)

    wake("people.tasks.send_mails")
