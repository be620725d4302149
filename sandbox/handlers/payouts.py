"""Payouts: create, retrieve, update, list, cancel, reverse."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import paying_out
from sandbox.engine.booking import total
from sandbox.errors import invalid
from sandbox.events import changed, snapshot
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, merged_metadata
from sandbox.paging import equals, page, within

Params = dict[str, Any]
UNSIMULATED = ("destination", "payout_method")


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/payouts: a manual payout of money that is available."""
    refuse_unsimulated(params, UNSIMULATED)
    if params.get("method") == "instant":
        refuse_unsimulated({"method: instant": True}, ("method: instant",))
    if params["amount"] > total(ctx, params["currency"], status="available"):
        raise invalid(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You "
            "can use the the /v1/balance endpoint to view your Stripe balance (for more details, see "
            "stripe.com/docs/api#balance).",
            code="balance_insufficient",
        )
    return paying_out.create(ctx, params)


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/payouts/:id."""
    return ctx.store.get("payout", identifier, "payout")


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/payouts/:id: metadata only."""
    made = ctx.store.get("payout", identifier, "payout")
    before = snapshot(made)
    made["metadata"] = merged_metadata(made["metadata"], params.get("metadata"))
    changed(ctx, "payout.updated", made, before)
    return made


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/payouts, by status, destination, arrival date and created."""
    same = equals(params, status="status", destination="destination")

    def keep(entry: Object) -> bool:
        return same(entry) and within(entry["arrival_date"], params.get("arrival_date"))

    return page(ctx, "payout", params, "/v1/payouts", keep)


def cancel(ctx: Context, _params: Params, identifier: str) -> Object:
    """POST /v1/payouts/:id/cancel: a manual one that is still pending."""
    made = ctx.store.get("payout", identifier, "payout")
    if made["automatic"]:
        raise invalid("Automatic payouts cannot be canceled.", param="payout")
    if made["status"] != "pending":
        raise invalid(f"Payouts with a status of {made['status']} cannot be canceled.", param="payout")
    paying_out.cancel(ctx, made)
    return made


def reverse(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/payouts/:id/reverse: one that has left a connected account, once."""
    made = ctx.store.get("payout", identifier, "payout")
    if ctx.account is None:
        raise invalid("You can only reverse payouts of connected accounts.", param="payout")
    if made["status"] not in ("in_transit", "paid") or made["reversed_by"] or made["amount"] < 0:
        raise invalid("This payout cannot be reversed.", param="payout")
    return paying_out.reverse(ctx, made, params)
