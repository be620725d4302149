"""Events: told to webhook endpoints with a signature, kept for thirty days, found again by a catch-up job."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.conftest import Receiver, Shop


def test_every_event_reaches_the_shop_signed(listening_shop: Shop, receiver: Receiver) -> None:
    session = listening_shop.bought(metadata={"kind": "order"})

    assert listening_shop.door("drain", {"timeout_s": 5})["drained"] is True

    assert sorted(event.type for event in receiver.events) == sorted(listening_shop.events())
    completed = next(event for event in receiver.events if event.type == "checkout.session.completed")
    assert completed.api_version == "2026-10-28.endive"
    assert completed.data.object["id"] == session.id
    assert completed.data.object["metadata"]["kind"] == "order"
    assert "line_items" not in completed.data.object


def test_catch_up_finds_what_was_not_delivered(listening_shop: Shop, receiver: Receiver) -> None:
    listening_shop.door("webhooks", {"paused": True})
    listening_shop.bought()
    events = listening_shop.stripe.v1.events

    missed = events.list({"delivery_success": False, "types": ["checkout.session.completed"]}).data
    assert [event.pending_webhooks for event in missed] == [1]
    assert events.list({"delivery_success": True}).data == []
    assert receiver.events == []

    listening_shop.door("webhooks", {"paused": False})
    listening_shop.door("drain", {"timeout_s": 5})
    assert events.list({"delivery_success": False}).data == []
    assert events.retrieve(missed[0].id).pending_webhooks == 0


def test_a_refused_delivery_is_not_a_success(listening_shop: Shop, receiver: Receiver) -> None:
    receiver.status = 500

    listening_shop.stripe.v1.customers.create({"email": "a@example.org"})
    deadline = 200
    while not receiver.events and deadline:
        listening_shop.door("drain", {"timeout_s": 0.05})
        deadline -= 1

    assert len(listening_shop.stripe.v1.events.list({"delivery_success": False}).data) == 1


def test_the_same_event_can_be_sent_again(listening_shop: Shop, receiver: Receiver) -> None:
    listening_shop.stripe.v1.customers.create({"email": "a@example.org"})
    listening_shop.door("drain", {"timeout_s": 5})

    answer = listening_shop.door(f"deliveries/{receiver.events[0].id}/resend")
    listening_shop.door("drain", {"timeout_s": 5})

    assert answer["endpoints"] == 1
    assert len(receiver.events) == 2
    assert receiver.events[0].id == receiver.events[1].id
    assert listening_shop.stripe.v1.events.retrieve(receiver.events[0].id).pending_webhooks == 0
    assert listening_shop.door("deliveries/evt_none/resend")["status"] == 404


def test_an_event_names_the_request_that_caused_it(shop: Shop) -> None:
    shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "make-a"})
    shop.bought()

    events = shop.stripe.v1.events.list().data
    made = next(event for event in events if event.type == "customer.created")
    assert made.request.idempotency_key == "make-a"
    assert made.request.id.startswith("req_")
    assert events[0].request.id is None, "what happens at the page has no request of the shop's"


def test_an_event_keeps_what_was_true_then(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "a@example.org", "metadata": {"tier": "seed", "x": "1"}})

    shop.stripe.v1.customers.update(customer.id, {"name": "Ada", "metadata": {"tier": "oak", "x": ""}})

    updated, created = shop.stripe.v1.events.list().data
    assert created.data.object["name"] is None
    assert updated.data.object["metadata"].to_dict() == {"tier": "oak"}
    assert updated.data.previous_attributes.to_dict() == {"name": None, "metadata": {"tier": "seed", "x": "1"}}


def test_an_update_that_changes_nothing_tells_nothing(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": "a@example.org"})

    shop.stripe.v1.customers.update(customer.id, {"email": "a@example.org"})

    assert shop.events() == ["customer.created"]


def test_filters_by_type_and_time(shop: Shop) -> None:
    shop.bought()
    first_at = shop.box.ctx.now()
    shop.advance(days=3)
    shop.stripe.v1.customers.create({"email": "a@example.org"})

    def types(**params: object) -> list[str]:
        return [event.type for event in shop.stripe.v1.events.list(params).data]  # type: ignore[arg-type]

    assert types(type="charge.*") == ["charge.updated", "charge.succeeded"]
    assert types(types=["customer.created", "charge.succeeded"]) == ["customer.created", "charge.succeeded"]
    assert types(created={"gt": first_at + 2 * 86_400}) == ["customer.created"]
    assert "customer.created" not in types(created={"lt": first_at + 86_400})


def test_events_are_kept_for_thirty_days(shop: Shop) -> None:
    shop.stripe.v1.customers.create({"email": "a@example.org"})
    event = shop.stripe.v1.events.list().data[0]

    shop.advance(days=31)

    assert shop.stripe.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.events.retrieve(event.id)


def test_endpoints_come_and_go_through_the_api(shop: Shop, receiver: Receiver) -> None:
    endpoint = shop.stripe.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.created"], "api_version": "2026-10-28.endive"}
    )
    assert str(endpoint.secret).startswith("whsec_")
    listed = shop.stripe.v1.webhook_endpoints.list().data
    assert [entry.id for entry in listed] == [endpoint.id]
    assert "secret" not in listed[0], "a secret is shown once"
    shop.stripe.v1.products.create({"name": "Valor"})
    assert shop.stripe.v1.events.list().data[0].pending_webhooks == 0

    assert shop.stripe.v1.webhook_endpoints.delete(endpoint.id).deleted is True
    shop.stripe.v1.customers.create({"email": "a@example.org"})

    assert shop.door("drain", {"timeout_s": 5})["drained"] is True
    assert receiver.events == []
