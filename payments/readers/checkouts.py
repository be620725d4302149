"""A checkout session, and what it means for the subject it was opened for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import stripe

from payments import gateway
from payments.facts import CheckoutAwaiting, CheckoutExpired, CheckoutFailed, CheckoutPaid, Fact, PlanStarted
from payments.readers.charges import charge_seen
from payments.readers.invoices import read_invoice
from payments.readers.words import (
    LINE_MAX,
    NAME_MAX,
    mail_address,
    moment,
    present,
    reference,
    typed,
    whole,
    word,
)
from payments.readings import ChargeSeen, CheckoutSeen, Reading

NOT_OURS = "not opened by us: its metadata names no kind and subject"
NOTHING_CHARGED = "complete, but nothing was charged"


def read_checkout(object_id: str, at: datetime) -> Reading:
    """Look at a checkout session (`cs_…`) with its payment, or with the first invoice of the plan that it began."""
    session = gateway.client().checkout_session(object_id)
    kind, subject = word(session.metadata, "kind"), word(session.metadata, "subject")
    if not kind or not subject:
        return Reading(nothing=NOT_OURS)
    charge = _charge(session, kind, subject)
    seen = checkout_seen(session)
    if session.status == "expired":
        fact = CheckoutExpired(kind=kind, subject=subject, checkout_ref=session.id, at=moment(session.expires_at))
        return Reading(facts=(fact,), checkout=seen)
    if session.status != "complete":
        return Reading(checkout=seen, charge=charge)
    if session.mode == "subscription":
        return _plan_begun(session, seen, kind, subject, at)
    facts = _payment(session, charge, kind, subject, at)
    return Reading(facts=facts, checkout=seen, charge=charge, nothing="" if facts else NOTHING_CHARGED)


def checkout_seen(session: stripe.checkout.Session) -> CheckoutSeen:
    """What we keep of a session."""
    intent = whole(session.payment_intent)
    return CheckoutSeen(
        session_id=session.id,
        kind=word(session.metadata, "kind"),
        subject=word(session.metadata, "subject"),
        mode=session.mode,
        currency=session.currency or "",
        state=session.status or "open",
        payment_status=session.payment_status,
        failed=_will_not_come(session),
        url=(session.url or "") if session.status == "open" else "",
        created_at=moment(session.created),
        expires_at=moment(session.expires_at),
        charge_id=reference(intent.latest_charge) if intent else "",
        subscription_id=reference(session.subscription),
    )


def _payment(
    session: stripe.checkout.Session, charge: ChargeSeen | None, kind: str, subject: str, at: datetime
) -> tuple[Fact, ...]:
    if session.payment_status == "paid" and charge is not None:
        return (_paid(session, charge, kind, subject),)
    if session.payment_status == "unpaid" and _will_not_come(session):
        return (CheckoutFailed(kind=kind, subject=subject, checkout_ref=session.id, at=at),)
    if session.payment_status == "unpaid":
        return (CheckoutAwaiting(kind=kind, subject=subject, checkout_ref=session.id, at=at),)
    return ()


def _paid(session: stripe.checkout.Session, charge: ChargeSeen, kind: str, subject: str) -> CheckoutPaid:
    customer, details = session.customer_details, session.total_details
    shipping = _shipping(session)
    return CheckoutPaid(
        kind=kind,
        subject=subject,
        checkout_ref=session.id,
        charge_ref=charge.ref,
        currency=session.currency or "",
        total_minor=session.amount_total or 0,
        subtotal_minor=session.amount_subtotal or 0,
        shipping_minor=(details.amount_shipping or 0) if details else 0,
        tax_minor=details.amount_tax if details else 0,
        paid_at=charge.created_at,
        email=mail_address(customer.email) if customer else "",
        name=shipping.get("name", "")[:NAME_MAX] or (typed(customer.name, at_most=NAME_MAX) if customer else ""),
        shipping_address=shipping,
    )


def _plan_begun(session: stripe.checkout.Session, seen: CheckoutSeen, kind: str, subject: str, at: datetime) -> Reading:
    customer = session.customer_details
    started = PlanStarted(
        kind=kind,
        subject=subject,
        checkout_ref=session.id,
        subscription_ref=reference(session.subscription),
        customer_ref=reference(session.customer),
        email=mail_address(customer.email) if customer else "",
        name=typed(customer.name, at_most=NAME_MAX) if customer else "",
        at=moment(session.created),
    )
    invoice_id = reference(session.invoice)
    first = read_invoice(invoice_id, at) if invoice_id else Reading()
    return Reading(facts=(started, *first.facts), checkout=seen, charge=first.charge)


def _charge(session: stripe.checkout.Session, kind: str, subject: str) -> ChargeSeen | None:
    intent = whole(session.payment_intent)
    charge = whole(intent.latest_charge) if intent else None
    return charge_seen(charge, kind=kind, subject=subject) if charge else None


def _will_not_come(session: stripe.checkout.Session) -> bool:
    """A debit that bounced: the session stays complete and unpaid, its intent asks for another payment method."""
    intent = whole(session.payment_intent)
    if session.status != "complete" or session.payment_status != "unpaid" or intent is None:
        return False
    return str(intent.status) in ("requires_payment_method", "canceled")


def _shipping(session: stripe.checkout.Session) -> dict[str, str]:
    collected = present(session, "collected_information")
    details: Any = present(collected, "shipping_details") if collected else None
    if not details:
        return {}
    lines = {
        name: typed(present(details.address, name), at_most=LINE_MAX)
        for name in ("line1", "line2", "city", "state", "postal_code", "country")
    }
    return {name: value for name, value in ({"name": typed(details.name, at_most=LINE_MAX)} | lines).items() if value}
