"""Transfers and their reversals: create, retrieve, update, list."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine import transferring
from sandbox.engine.booking import total
from sandbox.engine.settling import settle
from sandbox.errors import StripeError, invalid, no_such
from sandbox.events import changed, snapshot
from sandbox.formatting import money
from sandbox.handlers import refuse_unsimulated
from sandbox.objects import Object, merged_metadata
from sandbox.paging import cut, equals, page

Params = dict[str, Any]


def create(ctx: Context, params: Params) -> Object:
    """POST /v1/transfers, out of the available balance or out of one charge."""
    _check_destination(ctx, params["destination"])
    charge = None
    if "source_transaction" in params:
        charge = ctx.store.get("charge", params["source_transaction"], "source_transaction")
        _check_source(ctx, params, charge)
        settle(ctx, charge)
    elif params["amount"] > total(ctx, params["currency"], status="available"):
        raise invalid(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
            "balance by creating Charges using the 4000000000000077 test card. See: "
            "https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )
    return transferring.transfer(ctx, params, charge)


def retrieve(ctx: Context, _params: Params, identifier: str) -> Object:
    """GET /v1/transfers/:id."""
    return ctx.store.get("transfer", identifier, "transfer")


def update(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/transfers/:id: description and metadata."""
    made = ctx.store.get("transfer", identifier, "transfer")
    before = snapshot(made)
    made["metadata"] = merged_metadata(made["metadata"], params.get("metadata"))
    made["description"] = params.get("description", made["description"])
    changed(ctx, "transfer.updated", made, before)
    return made


def every(ctx: Context, params: Params) -> Object:
    """GET /v1/transfers, by destination, transfer group and created."""
    keep = equals(params, destination="destination", transfer_group="transfer_group")
    return page(ctx, "transfer", params, "/v1/transfers", keep)


def reverse(ctx: Context, params: Params, identifier: str) -> Object:
    """POST /v1/transfers/:id/reversals: the rest when no amount is given, as far as the account has it."""
    refuse_unsimulated(params, ("refund_application_fee",))
    made = ctx.store.get("transfer", identifier, "transfer")
    rest_minor = made["amount"] - made["amount_reversed"]
    amount_minor = params.get("amount", rest_minor)
    if made["reversed"]:
        raise invalid(f"Transfer {identifier} is already fully reversed.", param="transfer")
    if amount_minor > rest_minor:
        asked, rest = (money(value, made["currency"]) for value in (amount_minor, rest_minor))
        raise invalid(
            f"Reversal amount ({asked}) is greater than unreversed amount on transfer ({rest})", param="amount"
        )
    if amount_minor > total(ctx.of(made["destination"]), made["currency"]):
        raise invalid(
            "The connected account does not have enough funds for this reversal.", code="balance_insufficient"
        )
    return transferring.reverse(ctx, made, amount_minor, params)


def reversal(ctx: Context, _params: Params, transfer_id: str, identifier: str) -> Object:
    """GET /v1/transfers/:id/reversals/:id."""
    return _reversal(ctx, transfer_id, identifier)


def update_reversal(ctx: Context, params: Params, transfer_id: str, identifier: str) -> Object:
    """POST /v1/transfers/:id/reversals/:id: metadata only."""
    back = _reversal(ctx, transfer_id, identifier)
    made = ctx.store.get("transfer", transfer_id)
    before = snapshot(made)
    back["metadata"] = merged_metadata(back["metadata"], params.get("metadata"))
    transferring.follow(ctx, back)
    changed(ctx, "transfer.updated", made, before)
    return back


def reversals(ctx: Context, params: Params, transfer_id: str) -> Object:
    """GET /v1/transfers/:id/reversals."""
    made = ctx.store.get("transfer", transfer_id, "transfer")
    url = f"/v1/transfers/{transfer_id}/reversals"
    return cut(transferring.reversals_of(ctx, made), params, url, "transfer_reversal")


def _check_destination(ctx: Context, account_id: str) -> None:
    account = ctx.store.find(account_id)
    if account is None or account["object"] != "account" or account.get("deleted"):
        raise no_such("destination", account_id, param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise StripeError(
            400,
            "invalid_request_error",
            "insufficient_capabilities_for_transfer",
            message="Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments",
        )


def _check_source(ctx: Context, params: Params, charge: Object) -> None:
    """A charge covers what it brought in, less what went out of it before."""
    if not charge["paid"] or charge["currency"] != params["currency"]:
        raise invalid("This charge cannot be the source of this transfer.", param="source_transaction")
    sent = [made["amount"] for made in ctx.store.all("transfer") if made["source_transaction"] == charge["id"]]
    if params["amount"] + sum(sent) > charge["amount"]:
        rest = money(charge["amount"] - sum(sent), charge["currency"])
        raise invalid(
            f"The transfers from this source transaction may not exceed its amount: {rest} are left.", param="amount"
        )


def _reversal(ctx: Context, transfer_id: str, identifier: str) -> Object:
    back = ctx.store.get("transfer_reversal", identifier, "reversal")
    if back["transfer"] != transfer_id:
        raise no_such("transfer_reversal", identifier, param="reversal")
    return back
