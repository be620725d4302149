"""The dispute, an inquiry first or a chargeback at once, and the early fraud warning that may precede it."""

from __future__ import annotations

from sandbox import ids
from sandbox.objects import Object

EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
NETWORK_REASONS = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}


def build(charge: Object, amount_minor: int, reason: str, now: int, due_by: int, *, inquiry: bool) -> Object:
    """A dispute that waits for an answer; nothing has been withdrawn yet."""
    network_reason = NETWORK_REASONS.get(reason)
    return {
        "id": ids.make("dispute"),
        "object": "dispute",
        "amount": amount_minor,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": network_reason,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method(charge, network_reason, inquiry=inquiry),
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def fraud_warning(charge: Object, fraud_type: str, now: int) -> Object:
    """An issuer believes that a charge is fraud; there is something to do until it is refunded or disputed."""
    return {
        "id": ids.make("radar.early_fraud_warning"),
        "object": "radar.early_fraud_warning",
        "actionable": not (charge["refunded"] or charge["disputed"]),
        "charge": charge["id"],
        "created": now,
        "fraud_type": fraud_type,
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }


def _method(charge: Object, network_reason: str | None, *, inquiry: bool) -> Object | None:
    card = charge["payment_method_details"].get("card")
    if card is None:
        return None
    return {
        "card": {
            "brand": card["brand"],
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": card["network"],
            "network_reason_code": network_reason,
        },
        "type": "card",
    }
