"""Stripe's records can be seen in the console, never changed; a dead event can be tried again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from payments.models import BalanceTransaction, Charge, CheckoutSession, StripeCall, StripeEvent
from people import clock
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Any:
    """A request of somebody who may do everything."""
    request: Any = RequestFactory().get("/console/")
    request.user = User.objects.create_superuser("root@example.org")
    request._messages = CookieStorage(request)
    return request


@pytest.mark.parametrize("model", [StripeEvent, StripeCall, CheckoutSession, Charge, BalanceTransaction])
def test_even_the_superuser_only_looks(staff: Any, model: Any) -> None:
    shown = admin.site.get_model_admin(model)

    assert shown.has_view_permission(staff)
    assert not shown.has_add_permission(staff)
    assert not shown.has_change_permission(staff)
    assert not shown.has_delete_permission(staff)
    assert shown.changelist_view(staff).status_code == 200


def test_a_dead_event_is_tried_again_by_its_button(staff: Any) -> None:
    now = clock.wall_now()
    event = StripeEvent.objects.create(
        event_id="evt_1",
        type="invoice.paid",
        livemode=False,
        body="{}",
        created_at=now,
        received_at=now,
        next_attempt_at=now,
        state="dead",
        reason="a bug",
        finished_at=now,
    )
    events: Any = admin.site.get_model_admin(StripeEvent)

    events.try_again(staff, StripeEvent.objects.all())

    event.refresh_from_db()
    assert (event.state, event.failures, event.reason) == ("received", 0, "")


def test_the_address_of_an_open_page_is_not_shown(staff: Any) -> None:
    shown = admin.site.get_model_admin(CheckoutSession)

    assert "url" not in shown.get_fields(staff)
