"""Money goes from the platform to connected accounts and back: a row in both balances each time."""

from __future__ import annotations

from typing import Any

from sandbox.context import Context
from sandbox.engine.booking import book, pot_of
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import refund as refunds
from sandbox.objects import transfer as transfers


def transfer(ctx: Context, params: dict[str, Any], charge: Object | None) -> Object:
    """Send money that is known to be there; with a source transaction it is available when that charge's money is."""
    group = params.get("transfer_group") or (charge or {}).get("transfer_group")
    made = ctx.store.add(transfers.build(params, ctx.now(), transfer_group=group))
    pot = pot_of(ctx, charge) if charge is not None else None
    entry = book(
        ctx,
        type="transfer",
        amount_minor=-made["amount"],
        currency=made["currency"],
        source=made["id"],
        available_on=pot,
        description=made["description"],
    )
    there = ctx.of(made["destination"])
    payment = there.store.add(transfers.payment(made, ctx.now()))
    arrived = book(
        there,
        type="payment",
        amount_minor=made["amount"],
        currency=made["currency"],
        source=payment["id"],
        available_on=pot,
        description=made["description"],
    )
    payment["balance_transaction"] = arrived["id"]
    made.update(balance_transaction=entry["id"], destination_payment=payment["id"])
    emit(ctx, "transfer.created", made)
    return made


def reverse(ctx: Context, made: Object, amount_minor: int, params: dict[str, Any]) -> Object:
    """Take back part of a transfer that the account is known to still have."""
    there = ctx.of(made["destination"])
    before = snapshot(made)
    back = ctx.store.add(transfers.reversal(made, amount_minor, params, ctx.now()))
    entry = book(
        ctx,
        type="transfer_refund",
        amount_minor=amount_minor,
        currency=made["currency"],
        source=back["id"],
        description=params.get("description"),
    )
    refund = _refund(there, made, back)
    back.update(balance_transaction=entry["id"], destination_payment_refund=refund["id"])
    made["amount_reversed"] += amount_minor
    made["reversed"] = made["amount_reversed"] == made["amount"]
    made["reversals"]["data"].insert(0, snapshot(back))
    emit(ctx, "transfer.reversed", made, before=before)
    return back


def follow(ctx: Context, back: Object) -> None:
    """A transfer shows its reversals as they are now."""
    shown = ctx.store.get("transfer", back["transfer"])["reversals"]["data"]
    shown[:] = [snapshot(back) if entry["id"] == back["id"] else entry for entry in shown]


def reversals_of(ctx: Context, made: Object) -> list[Object]:
    """Newest first."""
    return [back for back in ctx.store.newest("transfer_reversal") if back["transfer"] == made["id"]]


def _refund(there: Context, made: Object, back: Object) -> Object:
    """How a reversal looks from the account: a refund of the payment by which the money came."""
    payment = there.store.get("charge", made["destination_payment"])
    payment["amount_refunded"] += back["amount"]
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    refund = refunds.build(payment, back["amount"], {}, there.now())
    refund.update(pending_reason=None, source_transfer_reversal=back["id"], status="succeeded")
    there.store.add(refund)
    entry = book(
        there,
        type="payment_refund",
        amount_minor=-back["amount"],
        currency=back["currency"],
        source=refund["id"],
        description="REFUND FOR PAYMENT",
    )
    refund["balance_transaction"] = entry["id"]
    return refund
