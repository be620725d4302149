"""The charge, paid or refused."""

from __future__ import annotations

from sandbox import ids
from sandbox.objects import Object, bank_method, billing_details


def build(intent: Object, method: Object, now: int, *, receipt_base: str) -> Object:
    """A charge that succeeded, with its balance transaction still unknown (async capture is the default)."""
    charge = bare(intent["amount"], intent["currency"], now, identifier=ids.make("charge"))
    details = {"card": _card(method["card"], intent["amount"]), "type": "card"}
    return charge | _of_intent(charge, intent, method, receipt_base) | {"payment_method_details": details}


def debit(intent: Object, method: Object, now: int, *, receipt_base: str) -> Object:
    """A bank debit on its way: nobody knows yet whether it will be paid."""
    charge = bare(intent["amount"], intent["currency"], now, identifier="py_" + ids.token(24))
    details = {"type": "us_bank_account", "us_bank_account": bank_method.details(method)}
    pending = {"paid": False, "payment_method_details": details, "status": "pending"}
    return charge | _of_intent(charge, intent, method, receipt_base) | pending


def _of_intent(charge: Object, intent: Object, method: Object, receipt_base: str) -> Object:
    return {
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"] or "TASSEL SANDBOX",
        "customer": intent["customer"],
        "description": intent["description"],
        "metadata": dict(intent["metadata"]),
        "outcome": _approved(),
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "receipt_email": intent["receipt_email"],
        "receipt_url": f"{receipt_base}/objects/charge/{charge['id']}",
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "transfer_group": intent["transfer_group"],
    }


def bare(amount_minor: int, currency: str, now: int, *, identifier: str) -> Object:
    """A charge that succeeded, of which nothing more is known."""
    return {
        "id": identifier,
        "object": "charge",
        "amount": amount_minor,
        "amount_captured": amount_minor,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": billing_details(),
        "calculated_statement_descriptor": None,
        "captured": True,
        "created": now,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def refuse(charge: Object, code: str, decline_code: str | None, message: str) -> None:
    """Turn a charge just built into one that the bank refused."""
    charge.update(
        amount_captured=0,
        captured=False,
        failure_code=code,
        failure_message=message,
        outcome=_declined(decline_code or code),
        paid=False,
        receipt_url=None,
        status="failed",
    )


def _approved() -> Object:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _declined(reason: str) -> Object:
    return _approved() | {
        "advice_code": "try_again_later" if reason == "insufficient_funds" else "do_not_try_again",
        "network_decline_code": "51" if reason == "insufficient_funds" else "05",
        "network_status": "declined_by_network",
        "reason": reason,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _card(card: Object, amount_minor: int) -> Object:
    return {
        "amount_authorized": amount_minor,
        "authorization_code": None,
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": ids.token(15).upper(),
        "overcapture": {"maximum_amount_capturable": amount_minor, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": None,
    }
