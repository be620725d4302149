"""A charge arrives: it settles, and then its card does what it is there to show."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.engine.disputing import react
from sandbox.engine.settling import settle
from sandbox.objects import Object


def arrive_charge(ctx: Context, charge_id: str, _due: int) -> None:
    """A moment after the payment."""
    _arrive(ctx, ctx.store.get("charge", charge_id))


def arrive_all(ctx: Context) -> int:
    """Settle every paid charge that still waits, at once. Returns how many there were."""
    waiting = [charge for charge in ctx.store.all("charge") if charge["paid"] and charge["balance_transaction"] is None]
    for charge in waiting:
        _arrive(ctx, charge)
    return len(waiting)


def _arrive(ctx: Context, charge: Object) -> None:
    settle(ctx, charge)
    react(ctx, charge)
