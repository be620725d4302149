"""Refunds: create, retrieve, update, list, cancel."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import disputing, refunding
from sandbox.errors import StripeError, invalid
from sandbox.events import changed, snapshot
from sandbox.formatting import money
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, merged_metadata
from sandbox.paging import equals, page

Params = dict[str, Any]
UNSIMULATED = ("currency", "customer", "instructions_email", "origin", "refund_application_fee", "reverse_transfer")


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/refunds of a charge or of a payment intent's charge; the rest of it when no amount is given."""
    refuse_unsimulated(params, UNSIMULATED)
    charge = _charge(ctx, params)
    rest_minor = charge["amount"] - charge["amount_refunded"]
    amount_minor = params.get("amount", rest_minor)
    _check(charge, amount_minor, rest_minor)
    if disputing.blocks_refund(ctx, charge):
        raise _refused("charge_disputed", f"Charge {charge['id']} has been charged back; cannot issue a refund.")
    return refunding.refund(ctx, charge, amount_minor, params)


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/refunds/:id."""
    return ctx.store.get("refund", identifier)


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/refunds/:id: metadata only."""
    made = ctx.store.get("refund", identifier)
    before = snapshot(made)
    made["metadata"] = merged_metadata(made["metadata"], params.get("metadata"))
    changed(ctx, "refund.updated", made, before)
    changed(ctx, "charge.refund.updated", made, before)
    return made


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/refunds, by charge, payment intent and created."""
    keep = equals(params, charge="charge", payment_intent="payment_intent")
    return page(ctx, "refund", params, "/v1/refunds", keep)


def cancel(ctx: Context, _params: Params, identifier: str) -> Object:
    """POST /v1/refunds/:id/cancel: only where the customer still has to do something, which no card asks for."""
    made = ctx.store.get("refund", identifier)
    if made["status"] != "requires_action":
        raise invalid(
            f"You cannot cancel this refund because it has a status of {made['status']}. Only a refund with a status "
            "of requires_action can be canceled."
        )
    refunding.cancel(ctx, made)
    return made


def _charge(ctx: Context, params: Params) -> Object:
    if "charge" in params:
        return ctx.store.get("charge", params["charge"], "charge")
    intent = ctx.store.get("payment_intent", params["payment_intent"], "payment_intent")
    charge = ctx.store.find(intent["latest_charge"])
    if charge is None or charge["status"] == "failed":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", param="payment_intent"
        )
    return charge


def _check(charge: Object, amount_minor: int, rest_minor: int) -> None:
    """Refuse what cannot be refunded, in Stripe's words."""
    if charge["status"] != "succeeded":
        raise _refused("charge_not_refundable", f"Charge {charge['id']} has not been paid; it cannot be refunded.")
    if charge["refunded"]:
        raise _refused("charge_already_refunded", f"Charge {charge['id']} has already been refunded.")
    if amount_minor > rest_minor:
        asked, rest = (money(value, charge["currency"]) for value in (amount_minor, rest_minor))
        raise invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount")


def _refused(code: str, message: str) -> StripeError:
    return invalid(message, param="charge", code=code)
