"""90 days after they are done, bodies and parameters are ids, amounts and a hash; nobody can be read in them."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from payments.models import StripeCall, StripeEvent
from payments.operations import cut_old_bodies as operation
from payments.operations.cut_old_bodies import KEPT_FOR, cut_old_bodies
from payments.operations.make_call import AttemptKeyReused, intend_call
from people import clock
from tests.payments.conftest import NOW

pytestmark = pytest.mark.django_db
PRIVATE = ("Ada", "ada@example.org", "12 Main", "Reno", "89501", "_secret_", "https://", "gift for Grace", "4242")
BODY = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "data": {
        "object": {
            "id": "cs_test_a1",
            "object": "checkout.session",
            "amount_total": 4800,
            "total_details": {"amount_tax": 200},
            "currency": "usd",
            "payment_intent": "pi_1",
            "customer_details": {"email": "ada@example.org", "name": "Ada", "address": {"line1": "12 Main"}},
            "collected_information": {"shipping_details": {"name": "Ada", "address": {"city": "Reno"}}},
            "custom_fields": [{"key": "note", "text": {"value": "gift for Grace"}}],
            "client_secret": "pi_1_secret_abc",
            "url": "https://checkout.stripe.com/c/pay/cs_test_a1",
            "metadata": {"subject": "order:1", "note": "Ada"},
            "payment_method_details": {"card": {"last4": "4242"}},
            "line_items": {"data": [{"id": "li_1", "description": "gift for Grace", "amount_total": 4800}]},
        }
    },
}


def event(event_id: str, *, days: int, state: str = "done", body: str = json.dumps(BODY)) -> StripeEvent:
    then = clock.wall_now() - timedelta(days=days)
    return StripeEvent.objects.create(
        **{"event_id": event_id, "type": "x", "livemode": False, "body": body, "state": state, "reason": "because"},
        **{"created_at": then, "received_at": then, "next_attempt_at": then},
        finished_at=None if state == "received" else then,
    )


def kept(body: str) -> Any:
    return json.loads(body)["kept"]


def test_ids_amounts_and_the_hash_stay_and_nobody_can_be_read() -> None:
    row = event("evt_1", days=91)

    assert cut_old_bodies() == 1

    row.refresh_from_db()
    about = kept(row.body)["data"]["object"]
    assert (about["id"], about["payment_intent"], about["amount_total"]) == ("cs_test_a1", "pi_1", 4800)
    assert (about["currency"], about["line_items"]["data"]) == ("usd", [{"id": "li_1", "amount_total": 4800}])
    assert json.loads(row.body)["sha256"] == hashlib.sha256(json.dumps(BODY).encode()).hexdigest()
    assert not [word for word in PRIVATE if word in row.body]


def test_what_a_call_was_made_with_is_cut_and_its_key_still_guards() -> None:
    call = intended()
    StripeCall.objects.update(state="done", result_id="cs_1", finished_at=clock.wall_now() - timedelta(days=91))

    assert cut_old_bodies() == 1

    call.refresh_from_db()
    assert call.params["kept"]["line_items"] == [{"price_data": {"unit_amount": 4800, "currency": "usd"}}]
    assert not [word for word in PRIVATE if word in json.dumps(call.params)]
    assert intended().pk == call.pk
    with pytest.raises(AttemptKeyReused):
        intended(meaning="another amount")


def intended(meaning: str = "4800") -> StripeCall:
    line = {"price_data": {"unit_amount": 4800, "currency": "usd", "product_data": {"name": "gift for Grace"}}}
    params = {"customer_email": "ada@example.org", "line_items": [line]}
    return intend_call(purpose="open_checkout", subject="order:1", params=params, meaning=meaning, key="k1", now=NOW)


@pytest.mark.parametrize("state", ["done", "ignored", "dead"])
def test_every_end_counts_as_done(state: str) -> None:
    event("evt_1", days=91, state=state)

    assert cut_old_bodies() == 1


@pytest.mark.parametrize(("state", "days"), [("done", 89), ("received", 400)])
def test_the_young_and_the_unfinished_stay_whole(state: str, days: int) -> None:
    row = event("evt_1", days=days, state=state)

    assert cut_old_bodies() == 0

    row.refresh_from_db()
    assert (row.body, row.cut_at) == (json.dumps(BODY), None)


def test_batches_end_and_a_second_run_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation, "AT_ONCE", 2)
    for number in range(5):
        event(f"evt_{number}", days=KEPT_FOR.days + 1)

    assert cut_old_bodies() == 5
    bodies = list(StripeEvent.objects.order_by("id").values_list("body", flat=True))
    assert cut_old_bodies() == 0

    assert list(StripeEvent.objects.order_by("id").values_list("body", flat=True)) == bodies


def test_a_body_that_is_no_json_leaves_its_hash() -> None:
    row = event("evt_1", days=91, body="Ada")

    assert cut_old_bodies() == 1

    row.refresh_from_db()
    assert json.loads(row.body) == {"sha256": hashlib.sha256(b"Ada").hexdigest(), "kept": None}
