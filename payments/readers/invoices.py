"""An invoice of a monthly plan: paid, or tried in vain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import stripe

from payments import gateway
from payments.facts import InvoiceFailed, InvoicePaid
from payments.readers.charges import charge_seen
from payments.readers.ours import named_by
from payments.readers.words import moment, moment_or_none, present, reference, whole
from payments.readings import ChargeSeen, Reading
from people.queries import books_begin_at

NOT_OURS = "not of a plan of ours: no subscription with our kind and subject"
NOTHING_TAKEN = "paid, but nothing was taken"
BEFORE_THE_BOOKS = "paid before the books began"


def read_invoice(object_id: str, at: datetime) -> Reading:
    """Look at an invoice (`in_…`), the charge that paid it or the one that failed last.

    An invoice of a subscription that is not ours, of zero, paid before the books began or not yet tried gives no fact.
    """
    invoice = gateway.client().invoice(object_id)
    details = present(invoice.parent, "subscription_details") if invoice.parent else None
    if not details:
        return Reading(nothing=NOT_OURS)
    subscription_ref = reference(details.subscription)
    kind, subject = named_by(subscription_ref, details.metadata)
    if not kind or not subject:
        return Reading(nothing=NOT_OURS)
    if invoice.status == "paid":
        return _paid(invoice, kind, subject, subscription_ref)
    if invoice.status == "open" and invoice.attempt_count > 0:
        return _failed(invoice, kind, subject, subscription_ref, at)
    return Reading(nothing=f"the invoice is {invoice.status} and not tried yet")


def _paid(invoice: stripe.Invoice, kind: str, subject: str, subscription_ref: str) -> Reading:
    if invoice.amount_paid <= 0:
        return Reading(nothing=NOTHING_TAKEN)
    charge = _charge(invoice, "paid", kind, subject)
    if charge is None:
        return Reading(nothing="paid outside Stripe: there is no charge")
    paid_at = moment_or_none(invoice.status_transitions.paid_at) or charge.created_at
    begin_at = books_begin_at()
    if begin_at is not None and paid_at < begin_at:
        return Reading(nothing=BEFORE_THE_BOOKS)
    fact = InvoicePaid(
        kind=kind,
        subject=subject,
        subscription_ref=subscription_ref,
        invoice_ref=invoice.id or "",
        charge_ref=charge.ref,
        currency=invoice.currency,
        amount_minor=invoice.amount_paid,
        paid_at=paid_at,
        next_at=_next_at(invoice),
    )
    return Reading(facts=(fact,), charge=charge)


def _failed(invoice: stripe.Invoice, kind: str, subject: str, subscription_ref: str, at: datetime) -> Reading:
    charge = _charge(invoice, "", kind, subject)
    fact = InvoiceFailed(
        kind=kind,
        subject=subject,
        subscription_ref=subscription_ref,
        invoice_ref=invoice.id or "",
        attempt=invoice.attempt_count,
        next_attempt_at=moment_or_none(invoice.next_payment_attempt),
        decline_code=charge.decline_code if charge else "",
        at=charge.created_at if charge else at,
    )
    return Reading(facts=(fact,), charge=charge)


def _charge(invoice: stripe.Invoice, status: str, kind: str, subject: str) -> ChargeSeen | None:
    """The charge behind the invoice's payment of this status (any status when empty), the latest first."""
    payments = [p for p in _payments(invoice) if not status or p.status == status]
    for payment in sorted(payments, key=lambda p: int(p.created), reverse=True):
        intent = whole(present(payment.payment, "payment_intent"))
        charge_id = reference(present(payment.payment, "charge")) or (reference(intent.latest_charge) if intent else "")
        if charge_id:
            return charge_seen(gateway.client().charge(charge_id), kind=kind, subject=subject)
    return None


def _payments(invoice: stripe.Invoice) -> list[Any]:
    payments = present(invoice, "payments")
    return list(payments.data) if payments else []


def _next_at(invoice: stripe.Invoice) -> datetime | None:
    """The end of the period that was just paid for is when the next invoice comes."""
    ends = [line.period.end for line in invoice.lines.data]
    return moment(max(ends)) if ends else None
