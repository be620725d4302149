"""The balance moves: every movement is one balance transaction, pending first or available at once."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.context import Context
from sandbox.engine.payout_calendar import plan
from sandbox.objects import Object
from sandbox.objects import balance_transaction as entries
from sandbox.objects.balance_transaction import Fee


def book(
    ctx: Context,
    *,
    type: str,
    amount_minor: int,
    currency: str,
    source: str | None,
    fees: Sequence[Fee] = (),
    available_on: int | None = None,
    description: str | None = None,
    category: str | None = None,
) -> Object:
    """Add a balance transaction; without `available_on`, or when that has passed, its money is available at once."""
    now = ctx.now()
    entry = ctx.store.add(
        entries.build(
            type=type,
            amount_minor=amount_minor,
            currency=currency,
            source=source,
            now=now,
            available_on=max(now, available_on or now),
            fees=fees,
            description=description,
            category=category,
        )
    )
    if entry["status"] == "pending":
        ctx.store.schedule(entry["available_on"], "release_money", entry["id"])
    plan(ctx)
    if entry["net"] > 0 and not ctx.settings.refunds_overdraw:
        ctx.store.schedule(now, "fund_refunds", "")
    return entry


def release_money(ctx: Context, entry_id: str, _due: int) -> None:
    """Money in the balance may be paid out from now on."""
    entry = ctx.store.get("balance_transaction", entry_id)
    entry["status"] = "available"
    for shown in (ctx.store.find(entry["source"]) or {}).get("balance_transactions", []):
        # A dispute shows its balance transactions whole.
        if shown["id"] == entry_id:
            shown["status"] = "available"


def total(ctx: Context, currency: str, *, status: str | None = None) -> int:
    """What the balance holds in a currency, in minor units: all of it, or only what is `available` or `pending`."""
    return sum(
        int(entry["net"])
        for entry in ctx.store.all("balance_transaction")
        if entry["currency"] == currency and status in (None, entry["status"])
    )


def pot_of(ctx: Context, charge: Object) -> int | None:
    """When a charge's money is available: what is taken back from it leaves the same pot, pending or available."""
    entry = ctx.store.find(charge["balance_transaction"])
    return int(entry["available_on"]) if entry is not None else None
