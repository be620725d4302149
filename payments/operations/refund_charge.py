"""A part of a payment is on its way back to the payer, at most once for each request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from payments.facts import RefundRefused
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import StripeCall
from payments.models.calls import refund_key
from payments.operations.apply_fact import apply_fact
from payments.operations.follow_object import follow_object
from payments.operations.make_call import intend_call, make_call
from payments.readers.returns import read_returns

__all__ = ["NothingToRefund", "RefundRequest", "StripeRefused", "StripeUnavailable", "finish_refund", "refund_charge"]


class NothingToRefund(ValueError):
    """The amount is not above zero; Stripe would take a missing amount for all that is left."""


@dataclass(frozen=True, kw_only=True)
class RefundRequest:
    """What is to go back of which payment, and for whom: kind and subject are those of the payment.

    `request_ref` ("order_refund:7") is one per intention: the same reference never refunds twice.
    """

    kind: str
    subject: str
    charge_ref: str
    amount_minor: int
    request_ref: str


def refund_charge(*, request: RefundRequest, now: datetime) -> None:
    """Ask for the refund; its facts have been told when this returns. Never inside a transaction (RuntimeError).

    The request's row must be committed before. Raises StripeUnavailable (nobody knows: the sweep asks again with the
    same key, or looks it up, and tells), StripeRefused (nothing went back; RefundRefused has been told),
    NothingToRefund (before any row or call).
    """
    if request.amount_minor <= 0:
        raise NothingToRefund(request.request_ref)
    charge_id = request.charge_ref.rpartition(":")[2]
    key = refund_key(request.request_ref)
    metadata = {"kind": request.kind, "subject": request.subject, "request": request.request_ref, "attempt": key}
    params = {
        "charge": charge_id,
        "amount": request.amount_minor,
        "reason": "requested_by_customer",
        "metadata": metadata,
    }
    call = intend_call(
        purpose=StripeCall.Purpose.REFUND,
        subject=request.subject,
        target=charge_id,
        params=params,
        meaning=[charge_id, request.amount_minor],
        key=key,
        now=now,
    )
    finish_refund(call, now=now)


def finish_refund(call: StripeCall, *, now: datetime) -> None:
    """Send the call if it has no answer yet, and apply what the charge then shows; raises as `refund_charge`."""
    try:
        if call.state == StripeCall.State.FAILED:
            raise StripeRefused(call.error, code=call.error.partition(" ")[0])
        if call.state != StripeCall.State.DONE:
            make_call(call, now=now)
    except StripeRefused as refusal:
        metadata = call.params["metadata"]
        fact = RefundRefused(
            kind=metadata["kind"], subject=call.subject, request_ref=metadata["request"], code=refusal.code
        )
        apply_fact(fact, now)
        raise
    follow_object(reader=read_returns, object_id=call.target, at=now, now=now)
