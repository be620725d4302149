"""A hosted payment page is open for a subject, and we know its address."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

import stripe

from payments.currencies import can_be_charged
from payments.gateway import StripeRefused, StripeUnavailable
from payments.models import CheckoutSession, StripeCall
from payments.operations.make_call import AttemptKeyReused, intend_call, make_call
from payments.operations.record_checkout import record_checkout
from payments.readers.checkouts import checkout_seen

__all__ = [
    "AttemptKeyReused",
    "CheckoutClosed",
    "CheckoutLine",
    "CheckoutRequest",
    "NotChargeable",
    "OpenedCheckout",
    "StripeRefused",
    "StripeUnavailable",
    "open_checkout",
]


class CheckoutClosed(StripeRefused):
    """This attempt's page is paid or expired already: look at the subject's state, or start a new attempt."""


class NotChargeable(StripeRefused):
    """This currency, or this amount in it, cannot be charged: nothing was sent and nothing is kept."""


@dataclass(frozen=True, kw_only=True)
class CheckoutLine:
    """One line of the payment page; `amount_minor` is for the whole line ("2 x Valor, Dark")."""

    name: str
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class CheckoutRequest:
    """What is to be paid, by whom, until when.

    kind: "order", "gift" or "plan"; subject: its reference; mode: "payment" or "subscription" (then `interval` is
    "month"). `customer_known` is a processor's customer reference and wins over `email`. `success_url` may hold
    "{CHECKOUT_SESSION_ID}". `expires_at`: 30 minutes to 24 hours ahead. `attempt_key` is one per intention to pay: the
    same key gives the same page. `collect_shipping_countries`: ask for a delivery address in one of these ("US").
    """

    kind: str
    subject: str
    mode: Literal["payment", "subscription"]
    currency: str
    lines: list[CheckoutLine]
    success_url: str
    cancel_url: str
    expires_at: datetime
    attempt_key: str
    interval: Literal["", "month"] = ""
    email: str = ""
    customer_known: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    collect_shipping_countries: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpenedCheckout:
    """Where to send the visitor. `session_id` is the `checkout_ref` of the facts that will follow."""

    url: str
    session_id: str


def open_checkout(*, request: CheckoutRequest, now: datetime) -> OpenedCheckout:
    """Open the page, or give the one that this attempt opened before. Never inside a transaction (RuntimeError).

    Raises StripeUnavailable (try again with the same attempt_key), StripeRefused (this attempt will never work),
    CheckoutClosed (it is paid or expired), AttemptKeyReused (the key stands for another amount or subject),
    NotChargeable (its currency is none that Stripe and we count alike).
    Source: DESIGN.md sections 1.7, 1.8 and 5; rules/stripe.md section 3.
    """
    for line in request.lines:
        if not can_be_charged(line.amount_minor, request.currency):
            raise NotChargeable(f"{line.amount_minor} {request.currency!r} cannot be charged", code="not_chargeable")
    key = f"open_checkout:{request.attempt_key}"
    call = intend_call(
        purpose=StripeCall.Purpose.OPEN_CHECKOUT,
        subject=request.subject,
        params=_params(request),
        meaning=[request.kind, request.mode, request.currency, request.interval, [asdict(x) for x in request.lines]],
        key=key,
        now=now,
    )
    if call.state == StripeCall.State.FAILED:
        raise StripeRefused(call.error, code="attempt_failed")
    if call.state != StripeCall.State.DONE:
        make_call(call, now=now, keep=keep_checkout)
    session = CheckoutSession.objects.get(session_id=call.result_id)
    if session.state != CheckoutSession.State.OPEN or session.expires_at <= now:
        raise CheckoutClosed(f"this payment page is {session.state}", code=session.state)
    return OpenedCheckout(url=session.url, session_id=session.session_id)


def keep_checkout(session: stripe.checkout.Session) -> None:
    """What is kept of an opened page, together with the result of the call that opened it."""
    record_checkout(checkout_seen(session))


def _params(request: CheckoutRequest) -> dict[str, Any]:
    """Metadata does not flow down at Stripe, so what the money is for is said on the session and on what it makes."""
    metadata = request.metadata | {"kind": request.kind, "subject": request.subject}
    params: dict[str, Any] = {
        "mode": request.mode,
        "line_items": [_line(request, line) for line in request.lines],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "client_reference_id": request.subject,
        "metadata": metadata,
    }
    below = "payment_intent_data" if request.mode == "payment" else "subscription_data"
    params[below] = {"metadata": metadata}
    if request.kind == "gift":
        params["submit_type"] = "donate"
    if request.customer_known:
        params["customer"] = request.customer_known
    elif request.email:
        params["customer_email"] = request.email
    if request.collect_shipping_countries:
        params["shipping_address_collection"] = {"allowed_countries": list(request.collect_shipping_countries)}
    return params


def _line(request: CheckoutRequest, line: CheckoutLine) -> dict[str, Any]:
    price: dict[str, Any] = {
        "currency": request.currency,
        "unit_amount": line.amount_minor,
        "product_data": {"name": line.name},
    }
    if request.mode == "subscription":
        price["recurring"] = {"interval": request.interval or "month"}
    return {"quantity": 1, "price_data": price}
