"""Refunds: what is refused, what arrives, what stays pending, what comes back."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Shop

PENDING_FIRST = "4000000000007726"
FAILS_LATER = "4000000000005126"


def charged(shop: Shop, number: str = "4242424242424242", **params: Any) -> stripe.Charge:
    """A paid charge over 42 dollars."""
    session = shop.bought(number, **params)
    return shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0]


def refunded(shop: Shop, charge: stripe.Charge, **params: Any) -> stripe.Refund:
    return shop.stripe.v1.refunds.create({"charge": charge.id, **params})


def balance_of(shop: Shop) -> int:
    """Everything in the balance, available or not."""
    balance = shop.stripe.v1.balance.retrieve()
    return sum(part.amount for part in (*balance.available, *balance.pending))


def test_a_refund_of_the_rest(shop: Shop) -> None:
    charge = charged(shop)

    made = refunded(shop, charge, reason="requested_by_customer", metadata={"order": "7"})

    assert (made.amount, made.status, made.reason, made.charge) == (
        4200,
        "succeeded",
        "requested_by_customer",
        charge.id,
    )
    assert made.metadata.to_dict() == {"order": "7"}
    entry = shop.stripe.v1.balance_transactions.retrieve(str(made.balance_transaction))
    assert (entry.amount, entry.fee, entry.net, entry.type) == (-4200, 0, -4200, "refund")
    assert (entry.reporting_category, entry.source) == ("refund", made.id)
    assert balance_of(shop) == -152, "the fee of the charge is not given back"


def test_parts_add_up_on_the_charge(shop: Shop) -> None:
    charge = charged(shop)
    seen = len(shop.events())

    refunded(shop, charge, amount=2000)
    refunded(shop, charge, amount=1000)
    shop.stripe.v1.refunds.create({"payment_intent": str(charge.payment_intent)})

    assert shop.events_since(seen) == ["charge.updated", *["refund.created", "charge.refunded"] * 3]
    told = [
        event.data.object["amount_refunded"] for event in shop.stripe.v1.events.list({"type": "charge.refunded"}).data
    ]
    assert told == [4200, 3000, 2000]
    after = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (after.amount_refunded, after.refunded) == (4200, True)
    assert [entry.amount for entry in after.refunds.data] == [1200, 1000, 2000]


def test_more_than_the_rest_is_refused(shop: Shop) -> None:
    charge = charged(shop)
    refunded(shop, charge, amount=2000)

    with pytest.raises(stripe.InvalidRequestError, match=r"\(\$22.01\) is greater than unrefunded .* \(\$22.00\)"):
        refunded(shop, charge, amount=2201)
    refunded(shop, charge)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded") as refusal:
        refunded(shop, charge, amount=1)

    assert refusal.value.code == "charge_already_refunded"
    assert len(shop.stripe.v1.refunds.list().data) == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Missing required param: charge"),
        ({"charge": "ch_1", "payment_intent": "pi_1"}, "only specify one of"),
        ({"charge": "ch_1", "amount": 0}, "greater than or equal to 1"),
        ({"charge": "ch_1", "amount": -5}, "greater than or equal to 1"),
        ({"charge": "ch_1", "reason": "because"}, "must be one of duplicate, fraudulent, or requested_by_customer"),
        ({"charge": "ch_1", "reverse_transfer": True}, "does not simulate"),
        ({"charge": "ch_1", "colour": "red"}, "unknown parameter: colour"),
        ({"charge": "ch_1"}, "No such charge: 'ch_1'"),
        ({"payment_intent": "pi_1"}, "No such payment_intent: 'pi_1'"),
    ],
)
def test_what_is_refused_before_any_money_moves(shop: Shop, params: Any, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.stripe.v1.refunds.create(params)


def test_a_payment_that_failed_has_nothing_to_refund(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session.id, "4000000000000002")
    intent = shop.stripe.v1.payment_intents.list().data[0]

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.stripe.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.refunds.create({"charge": str(intent.latest_charge)})
    assert refusal.value.code == "charge_not_refundable"


def test_a_refund_that_is_pending_first(shop: Shop) -> None:
    charge = charged(shop, PENDING_FIRST)

    made = refunded(shop, charge)
    seen = len(shop.events())
    shop.advance(hours=1)

    assert (made.status, made.pending_reason) == ("pending", "processing")
    after = shop.stripe.v1.refunds.retrieve(made.id)
    assert (after.status, after.balance_transaction) == ("succeeded", made.balance_transaction)
    assert shop.events_since(seen) == ["refund.updated", "charge.refund.updated"]


def test_a_refund_that_fails_after_it_succeeded(shop: Shop) -> None:
    charge = charged(shop, FAILS_LATER)
    made = refunded(shop, charge, amount=1000)
    seen = len(shop.events())

    shop.advance(hours=1)

    after = shop.stripe.v1.refunds.retrieve(made.id, {"expand": ["failure_balance_transaction"]})
    back = after.failure_balance_transaction
    assert (made.status, after.status, after.failure_reason) == ("succeeded", "failed", "expired_or_canceled_card")
    assert (back.amount, back.fee, back.type, back.reporting_category) == (1000, 0, "refund_failure", "refund_failure")
    assert back.source == made.id
    assert shop.stripe.v1.charges.retrieve(charge.id).amount_refunded == 0
    assert shop.events_since(seen) == ["refund.updated", "charge.refund.updated", "charge.updated", "refund.failed"]
    assert balance_of(shop) == 4200 - 152


def test_a_failed_refund_can_be_made_again(shop: Shop) -> None:
    charge = charged(shop)
    first = refunded(shop, charge)

    failed = shop.door(f"refunds/{first.id}/fail", {"reason": "lost_or_stolen_card"})

    assert (failed["object"], failed["failure_reason"]) == ("refund", "lost_or_stolen_card")
    assert refunded(shop, charge).amount == 4200
    assert shop.door(f"refunds/{first.id}/fail")["status"] == 400, "once"
    assert shop.door(f"refunds/{first.id}/fail", {"reason": "bad luck"})["status"] == 400


def test_without_overdraft_a_refund_waits_for_funds(shop: Shop) -> None:
    shop.door("settings", {"refunds_overdraw": False})
    charge = charged(shop)

    made = refunded(shop, charge)
    charged(shop)
    shop.door("settle")
    shop.advance()

    assert (made.status, made.pending_reason, made.balance_transaction) == ("pending", "insufficient_funds", None)
    after = shop.stripe.v1.refunds.retrieve(made.id)
    assert after.status == "succeeded"
    assert balance_of(shop) == 4200 - 2 * 152


def test_a_refund_that_waits_while_the_bank_takes_the_charge_back_fails(shop: Shop) -> None:
    shop.door("settings", {"refunds_overdraw": False})
    charge = charged(shop)
    made = refunded(shop, charge)
    shop.door(f"charges/{charge.id}/dispute")

    for _ in range(3):
        charged(shop)
    shop.door("settle")
    shop.advance()

    after = shop.stripe.v1.refunds.retrieve(made.id)
    assert (after.status, after.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert "failure_balance_transaction" not in after
    assert balance_of(shop) == 4 * (4200 - 152) - 4200 - 1500


def test_a_pending_refund_of_a_charge_taken_back_returns_its_money(shop: Shop) -> None:
    charge = charged(shop, PENDING_FIRST)
    made = refunded(shop, charge)
    shop.door(f"charges/{charge.id}/dispute")

    shop.advance(days=7)

    after = shop.stripe.v1.refunds.retrieve(made.id)
    assert (after.status, after.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert balance_of(shop) == 4200 - 152 - 4200 - 1500


def test_a_waiting_refund_can_be_called_off_at_the_door_only(shop: Shop) -> None:
    shop.door("settings", {"refunds_overdraw": False})
    charge = charged(shop)
    made = refunded(shop, charge)

    with pytest.raises(stripe.InvalidRequestError, match="status of pending"):
        shop.stripe.v1.refunds.cancel(made.id)
    assert shop.door(f"refunds/{made.id}/cancel")["id"] == made.id

    after = shop.stripe.v1.refunds.retrieve(made.id)
    assert (after.status, "failure_balance_transaction" in after) == ("canceled", False)
    assert shop.stripe.v1.charges.retrieve(charge.id).amount_refunded == 0


def test_a_refund_leaves_the_pot_in_which_the_charge_lies(shop: Shop) -> None:
    charge = charged(shop)

    refunded(shop, charge, amount=200)

    balance = shop.stripe.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (0, 3848)
    shop.advance(days=2)
    refunded(shop, charge, amount=100)
    balance = shop.stripe.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (3748, 0)


def test_only_metadata_can_be_changed(shop: Shop) -> None:
    made = refunded(shop, charged(shop), metadata={"a": "1"})

    after = shop.stripe.v1.refunds.update(made.id, {"metadata": {"a": "", "b": "2"}})

    assert after.metadata.to_dict() == {"b": "2"}
    assert shop.events()[-2:] == ["refund.updated", "charge.refund.updated"]
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: reason"):
        shop.stripe.v1.refunds.update(made.id, {"reason": "duplicate"})  # type: ignore[typeddict-unknown-key]


def test_lists_by_charge_intent_and_time(shop: Shop) -> None:
    first, second = charged(shop), charged(shop)
    made = [refunded(shop, first, amount=amount).id for amount in (100, 200, 300)]
    other = refunded(shop, second)

    listed = shop.stripe.v1.refunds.list({"charge": first.id, "limit": 2})
    assert ([entry.id for entry in listed.data], listed.has_more) == ([made[2], made[1]], True)
    assert [entry.id for entry in listed.auto_paging_iter()] == made[::-1]
    found = shop.stripe.v1.refunds.list({"payment_intent": str(second.payment_intent), "expand": ["data.charge"]}).data
    assert [(entry.id, entry.charge.id) for entry in found] == [(other.id, second.id)]
    assert shop.stripe.v1.refunds.list({"created": {"gt": other.created}}).data == []


def test_one_key_makes_one_refund(shop: Shop) -> None:
    charge = charged(shop)
    options: Any = {"idempotency_key": "refund-7"}

    first, again = (shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 500}, options) for _ in range(2))

    assert first.id == again.id
    assert shop.stripe.v1.charges.retrieve(charge.id).amount_refunded == 500
