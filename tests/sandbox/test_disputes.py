"""Disputes: money taken with a fee, inquiries that take none, evidence, and every end."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from sandbox.settings import DAY_S
from tests.sandbox.conftest import Shop

DISPUTED = "4000000000000259"
INQUIRED = "4000000000001976"


def charged(shop: Shop, number: str = "4242424242424242", amount: int = 5186) -> stripe.Charge:
    """A settled charge over 51.86, whose fee is 180."""
    session = shop.bought(number, amount_minor=amount)
    shop.door("settle")
    return shop.stripe.v1.charges.list({"payment_intent": session.payment_intent}).data[0]


def dispute_of(shop: Shop, charge: stripe.Charge) -> stripe.Dispute:
    return shop.stripe.v1.disputes.list({"charge": charge.id}).data[0]


def balance_of(shop: Shop) -> int:
    balance = shop.stripe.v1.balance.retrieve()
    return sum(part.amount for part in (*balance.available, *balance.pending))


def answer(shop: Shop, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    return shop.stripe.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})


def test_a_card_that_is_disputed_at_once(shop: Shop) -> None:
    seen = len(shop.events())
    charge = charged(shop, DISPUTED)

    dispute = dispute_of(shop, charge)

    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 5186)
    assert (dispute.is_charge_refundable, charge.disputed) == (False, True)
    (entry,) = dispute.balance_transactions
    assert (entry.amount, entry.fee, entry.net) == (-5186, 1500, -6686)
    assert (entry.type, entry.reporting_category, entry.source) == ("adjustment", "dispute", dispute.id)
    assert balance_of(shop) == 5186 - 180 - 6686 == -1680
    assert shop.events_since(seen)[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    shop.door("settle")
    assert len(shop.stripe.v1.disputes.list().data) == 1, "once"


def test_a_disputed_charge_cannot_be_refunded(shop: Shop) -> None:
    charge = charged(shop, DISPUTED)

    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            shop.stripe.v1.refunds.create({"charge": charge.id})
        assert refusal.value.code == "charge_disputed"
        if dispute_of(shop, charge).status == "needs_response":
            shop.door(f"disputes/{dispute_of(shop, charge).id}/close", {"outcome": "lost"})

    assert shop.stripe.v1.refunds.list().data == []


def test_winning_brings_back_the_money_and_the_fee_for_contesting(shop: Shop) -> None:
    charge = charged(shop, DISPUTED)
    under_review = answer(shop, dispute_of(shop, charge), "winning_evidence")
    assert (under_review.status, under_review.evidence_details.submission_count) == ("under_review", 1)
    assert balance_of(shop) == -1680 - 1500
    seen = len(shop.events())

    shop.advance(hours=1)

    won = dispute_of(shop, charge)
    back = won.balance_transactions[1]
    assert (won.status, len(won.balance_transactions)) == ("won", 2)
    assert (back.amount, back.fee, back.net, back.reporting_category) == (5186, -1500, 6686, "dispute_reversal")
    assert balance_of(shop) == 3506, "the fee for being disputed stays"
    assert shop.events_since(seen) == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 100}).status == "succeeded"


def test_the_fee_for_contesting_is_a_row_of_its_own(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))
    answer(shop, dispute, "Look at the tracking number.")

    rows = shop.stripe.v1.balance_transactions.list({"source": dispute.id}).data

    assert [(row.type, row.reporting_category, row.net) for row in rows] == [
        ("stripe_fee", "fee", -1500),
        ("adjustment", "dispute", -6686),
    ]
    shop.advance(days=60)
    assert shop.stripe.v1.disputes.retrieve(dispute.id).status == "under_review", "until the door decides"
    shop.door(f"disputes/{dispute.id}/close", {"outcome": "won"})
    assert balance_of(shop) == 3506


def test_losing_moves_no_more_money(shop: Shop) -> None:
    charge = charged(shop, DISPUTED)
    answer(shop, dispute_of(shop, charge), "losing_evidence")
    before = balance_of(shop)

    shop.advance(hours=1)

    lost = dispute_of(shop, charge)
    assert (lost.status, len(lost.balance_transactions), balance_of(shop)) == ("lost", 1, before)
    assert shop.events()[-1] == "charge.dispute.closed"


def test_giving_in(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))

    closed = shop.stripe.v1.disputes.close(dispute.id)

    assert (closed.status, balance_of(shop)) == ("lost", -1680)
    for late in (lambda: shop.stripe.v1.disputes.close(dispute.id), lambda: answer(shop, dispute, "winning_evidence")):
        with pytest.raises(stripe.InvalidRequestError, match="This dispute is lost"):
            late()


def test_no_answer_is_a_loss(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))
    assert dispute.evidence_details.due_by == dispute.created + 14 * DAY_S

    shop.advance(days=13)
    assert shop.stripe.v1.disputes.retrieve(dispute.id).status == "needs_response"
    shop.advance(days=2)

    late = shop.stripe.v1.disputes.retrieve(dispute.id)
    assert (late.status, late.evidence_details.past_due) == ("lost", True)


def test_evidence_can_be_staged(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))

    staged = shop.stripe.v1.disputes.update(
        dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": False, "metadata": {"case": "7"}}
    )
    assert (staged.status, staged.evidence.customer_name) == ("needs_response", "Ada")
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (True, 0)
    submitted = shop.stripe.v1.disputes.update(dispute.id, {"submit": True})

    assert (submitted.status, submitted.evidence.customer_name) == ("under_review", "Ada")
    assert submitted.metadata.to_dict() == {"case": "7"}
    assert shop.events()[-2:] == ["charge.dispute.updated"] * 2
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate `receipt`"):
        shop.stripe.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}})


def test_an_inquiry_moves_no_money(shop: Shop) -> None:
    charge = charged(shop, INQUIRED)

    inquiry = dispute_of(shop, charge)

    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert (inquiry.is_charge_refundable, balance_of(shop)) == (True, 5006)
    assert inquiry.payment_method_details.card.case_type == "inquiry"
    assert "charge.dispute.funds_withdrawn" not in shop.events()


def test_refunding_ends_an_inquiry(shop: Shop) -> None:
    charge = charged(shop, INQUIRED)

    shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 5000})
    assert dispute_of(shop, charge).status == "warning_needs_response"
    shop.stripe.v1.refunds.create({"charge": charge.id})

    ended = dispute_of(shop, charge)
    assert (ended.status, ended.is_charge_refundable) == ("warning_closed", False)
    assert shop.events()[-1] == "charge.dispute.closed"


@pytest.mark.parametrize("text", ["winning_evidence", "losing_evidence"])
def test_an_answered_inquiry_is_closed(shop: Shop, text: str) -> None:
    charge = charged(shop, INQUIRED)
    assert answer(shop, dispute_of(shop, charge), text).status == "warning_under_review"

    shop.advance(hours=1)

    assert (dispute_of(shop, charge).status, balance_of(shop)) == ("warning_closed", 5006)


def test_an_inquiry_can_become_a_chargeback(shop: Shop) -> None:
    charge = charged(shop, INQUIRED)
    answer(shop, dispute_of(shop, charge), "escalate_inquiry_evidence")
    seen = len(shop.events())

    shop.advance(hours=1)

    dispute = dispute_of(shop, charge)
    assert (dispute.status, dispute.is_charge_refundable, balance_of(shop)) == ("needs_response", False, -1680)
    assert dispute.payment_method_details.card.case_type == "chargeback"
    assert shop.events_since(seen) == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    shop.advance(days=20)
    assert dispute_of(shop, charge).status == "lost", "with a term of its own"


def test_an_unanswered_inquiry_ends_by_itself(shop: Shop) -> None:
    charge = charged(shop, INQUIRED)

    shop.advance(days=15)

    assert (dispute_of(shop, charge).status, balance_of(shop)) == ("warning_closed", 5006)


def test_any_charge_by_any_amount_at_the_door(shop: Shop) -> None:
    charge = charged(shop)
    shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 5000})

    made = shop.door(f"charges/{charge.id}/dispute", {"amount": 2000, "reason": "duplicate", "fee": 2000})

    dispute = shop.stripe.v1.disputes.retrieve(made["id"])
    assert (dispute.amount, dispute.reason, dispute.balance_transactions[0].net) == (2000, "duplicate", -4000)
    assert shop.door(f"disputes/{dispute.id}/close", {"outcome": "won"})["object"] == "dispute"
    assert balance_of(shop) == 5006 - 5000 - 2000, "the fee stays"
    again = shop.door(f"charges/{charge.id}/dispute", {"inquiry": True})
    assert (again["amount"], len(shop.stripe.v1.disputes.list({"charge": charge.id}).data)) == (5186, 2)


@pytest.mark.parametrize(
    "body", [{"amount": 0}, {"reason": "bad luck"}, {"fee": -1}, {"amount": "5"}, {"inquiry": 1}, {"colour": "red"}]
)
def test_the_door_refuses_what_is_not_a_dispute(shop: Shop, body: dict[str, Any]) -> None:
    charge = charged(shop)

    assert shop.door(f"charges/{charge.id}/dispute", body)["status"] == 400
    assert shop.stripe.v1.disputes.list().data == []


def test_a_charge_that_was_never_paid_cannot_be_disputed(shop: Shop) -> None:
    shop.pay(shop.session().id, "4000000000000002")
    charge = shop.stripe.v1.charges.list().data[0]

    assert shop.door(f"charges/{charge.id}/dispute")["status"] == 400
    assert shop.door("charges/ch_none/dispute")["status"] == 404


def test_an_end_is_an_end(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))
    assert shop.door(f"disputes/{dispute.id}/close", {"outcome": "warning_closed"})["status"] == 400
    assert shop.door(f"disputes/{dispute.id}/close", {"outcome": "perhaps"})["status"] == 400
    shop.door(f"disputes/{dispute.id}/close", {"outcome": "lost"})

    assert shop.door(f"disputes/{dispute.id}/close", {"outcome": "won"})["status"] == 400
    assert shop.door(f"disputes/{dispute.id}/escalate")["status"] == 400


def test_an_appeal(shop: Shop) -> None:
    dispute = dispute_of(shop, charged(shop, DISPUTED))
    shop.stripe.v1.disputes.close(dispute.id)

    shop.door(f"disputes/{dispute.id}/appeal")
    assert shop.stripe.v1.disputes.retrieve(dispute.id).status == "appeal_needs_response"
    assert answer(shop, dispute, "winning_evidence").status == "appeal_under_review"
    shop.advance(hours=1)

    assert (shop.stripe.v1.disputes.retrieve(dispute.id).status, balance_of(shop)) == ("won", 3506)


def test_what_a_dispute_shows_follows_the_balance(shop: Shop) -> None:
    charge = charged(shop, DISPUTED)
    assert dispute_of(shop, charge).balance_transactions[0].status == "pending", "with the charge's own money"

    shop.advance(days=2)

    assert dispute_of(shop, charge).balance_transactions[0].status == "available"


def test_lists(shop: Shop) -> None:
    first, second = charged(shop, DISPUTED), charged(shop, INQUIRED)
    listing = shop.stripe.v1.disputes.list

    assert [entry.charge for entry in listing().data] == [second.id, first.id]
    assert [entry.charge for entry in listing({"limit": 1, "starting_after": listing().data[0].id}).data] == [first.id]
    by_intent = listing({"payment_intent": str(first.payment_intent), "created": {"gte": first.created}}).data
    assert [entry.charge for entry in by_intent] == [first.id]
    assert listing({"created": {"lt": first.created}}).data == []
    found = listing({"charge": first.id, "expand": ["data.charge"]}).data[0]
    assert found.charge.id == first.id
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute: 'dp_none'"):
        shop.stripe.v1.disputes.retrieve("dp_none")


def test_an_early_fraud_warning_until_it_is_refunded(shop: Shop) -> None:
    charge = charged(shop, "4000000000005423")
    warning = shop.stripe.v1.radar.early_fraud_warnings.list({"charge": charge.id}).data[0]
    assert (warning.actionable, warning.fraud_type) == (True, "made_with_stolen_card")

    shop.stripe.v1.refunds.create({"charge": charge.id})

    after = shop.stripe.v1.radar.early_fraud_warnings.retrieve(warning.id)
    assert after.actionable is False
    assert [kind for kind in shop.events() if kind.startswith("radar.")] == [
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
    ]


def test_a_warning_by_the_door_and_then_the_dispute(shop: Shop) -> None:
    charge = charged(shop)
    made = shop.door(f"charges/{charge.id}/early_fraud_warning", {"fraud_type": "misc"})
    assert (made["fraud_type"], made["actionable"]) == ("misc", True)

    shop.door(f"charges/{charge.id}/dispute")

    assert shop.stripe.v1.radar.early_fraud_warnings.retrieve(made["id"]).actionable is False
    assert shop.door(f"charges/{charge.id}/early_fraud_warning", {"fraud_type": "gossip"})["status"] == 400
