"""Money arrives: a charge gets its balance transaction after a moment, and that becomes available days later."""

from __future__ import annotations

from sandbox.cards import find
from sandbox.context import Context
from sandbox.events import emit, snapshot
from sandbox.objects import balance_transaction


def settle_charge(ctx: Context, charge_id: str, _due: int) -> None:
    """Give a paid charge its balance transaction and say so by charge.updated; once."""
    charge = ctx.store.get("charge", charge_id)
    if charge["balance_transaction"] is not None:
        return
    now = ctx.now()
    before = snapshot(charge)
    wait_s = 0 if _skips_pending(ctx, charge["payment_method"]) else ctx.settings.available_after_s
    fee_minor = ctx.settings.fee_minor(charge["amount"])
    entry = ctx.store.add(balance_transaction.for_charge(charge, fee_minor, now, now + wait_s))
    charge["balance_transaction"] = entry["id"]
    emit(ctx, "charge.updated", charge, before=before)
    if entry["status"] == "pending":
        ctx.store.schedule(entry["available_on"], "release_money", entry["id"])


def release_money(ctx: Context, entry_id: str, _due: int) -> None:
    """Money in the balance may be paid out from now on."""
    ctx.store.get("balance_transaction", entry_id)["status"] = "available"


def settle_all(ctx: Context) -> int:
    """Settle every paid charge that still waits, at once. Returns how many there were."""
    waiting = [charge for charge in ctx.store.all("charge") if charge["paid"] and charge["balance_transaction"] is None]
    for charge in waiting:
        settle_charge(ctx, charge["id"], ctx.now())
    return len(waiting)


def _skips_pending(ctx: Context, method_id: str) -> bool:
    return find(ctx.store.hidden(method_id)["number"]).available_at_once
