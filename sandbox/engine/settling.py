"""Money arrives: a charge gets its balance transaction after a moment, and that becomes available days later."""

from __future__ import annotations

from sandbox.cards import find
from sandbox.context import Context
from sandbox.engine.booking import book
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects.balance_transaction import Fee


def settle(ctx: Context, charge: Object) -> None:
    """Settle a charge now unless it is settled already: whatever takes money back from it comes after it."""
    if charge["balance_transaction"] is not None:
        return
    before = snapshot(charge)
    by_card = charge["payment_method_details"]["type"] == "card"
    fee_minor = (ctx.settings.fee_minor if by_card else ctx.settings.debit_fee_minor)(charge["amount"])
    wait_s = 0 if _skips_pending(ctx, charge["payment_method"]) else ctx.settings.available_after_s
    entry = book(
        ctx,
        type="charge" if by_card else "payment",
        amount_minor=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        fees=[Fee(fee_minor, "Stripe processing fees")],
        available_on=ctx.now() + wait_s,
        description=charge["description"],
    )
    charge["balance_transaction"] = entry["id"]
    emit(ctx, "charge.updated", charge, before=before)


def _skips_pending(ctx: Context, method_id: str) -> bool:
    return find(ctx.store.hidden(method_id).get("number", "")).available_at_once
