"""Money goes back: refunds that succeed at once, stay pending, or fail weeks after they succeeded."""

from __future__ import annotations

from typing import Any

from sandbox.cards import find
from sandbox.context import Context
from sandbox.engine.booking import book, pot_of, total
from sandbox.engine.disputing import blocks_refund, refresh
from sandbox.engine.settling import settle
from sandbox.errors import invalid
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import refund as refunds

DISPUTED = "charge_for_pending_refund_disputed"
FAILURES = (
    DISPUTED,
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
    "unknown",
)


def refund(ctx: Context, charge: Object, amount_minor: int, params: dict[str, Any]) -> Object:
    """Refund part of a charge that is known to be refundable; what becomes of it depends on card and balance."""
    settle(ctx, charge)
    made = ctx.store.add(refunds.build(charge, amount_minor, params, ctx.now()))
    if not ctx.settings.refunds_overdraw and total(ctx, made["currency"]) < amount_minor:
        made["pending_reason"] = "insufficient_funds"
    else:
        _take(ctx, made)
        _decide(ctx, made, charge)
    before = snapshot(charge)
    _count(ctx, charge)
    emit(ctx, "refund.created", made)
    emit(ctx, "charge.refunded", charge, before=before)
    refresh(ctx, charge)
    return made


def succeed(ctx: Context, made: Object) -> None:
    """A pending refund arrives; of a charge that the payer's bank took back meanwhile it fails."""
    if made["status"] == "pending" and blocks_refund(ctx, ctx.store.get("charge", made["charge"])):
        fail(ctx, made, DISPUTED)
        return
    before = snapshot(made)
    if made["balance_transaction"] is None:
        _take(ctx, made)
    made.update(status="succeeded", pending_reason=None)
    _tell(ctx, made, before)


def fail(ctx: Context, made: Object, reason: str = "expired_or_canceled_card") -> None:
    """The bank sends a refund back, before or after it succeeded: the money returns to the balance."""
    before = snapshot(made)
    made.update(status="failed", pending_reason=None, failure_reason=reason)
    _give_back(ctx, made, before)
    emit(ctx, "refund.failed", made, before=before)


def cancel(ctx: Context, made: Object) -> None:
    """A pending refund is called off, which the Dashboard offers for one that waits for funds."""
    before = snapshot(made)
    made.update(status="canceled", pending_reason=None, failure_reason="merchant_request")
    _give_back(ctx, made, before)


def succeed_when_due(ctx: Context, refund_id: str, _due: int) -> None:
    """A test card's pending refund arrives."""
    made = ctx.store.get("refund", refund_id)
    if made["status"] == "pending":
        succeed(ctx, made)


def fail_when_due(ctx: Context, refund_id: str, _due: int) -> None:
    """A test card's refund comes back."""
    made = ctx.store.get("refund", refund_id)
    if made["status"] in ("pending", "succeeded"):
        fail(ctx, made)


def fund_waiting(ctx: Context, _subject: str, _due: int) -> None:
    """Refunds that waited for funds are sent, oldest first, as far as the balance goes."""
    for made in ctx.store.all("refund"):
        waits = made["status"] == "pending" and made["pending_reason"] == "insufficient_funds"
        if waits and total(ctx, made["currency"]) >= made["amount"]:
            succeed(ctx, made)


def check_reason(reason: str) -> None:
    """Refuse a failure that Stripe does not know."""
    if reason not in FAILURES:
        raise invalid(f"Invalid reason: must be one of {', '.join(FAILURES)}", param="reason")


def of_charge(ctx: Context, charge: Object) -> list[Object]:
    """A charge's refunds, newest first."""
    return [made for made in ctx.store.newest("refund") if made["charge"] == charge["id"]]


def _take(ctx: Context, made: Object) -> None:
    charge = ctx.store.get("charge", made["charge"])
    entry = book(
        ctx,
        type="refund" if charge["id"].startswith("ch_") else "payment_refund",
        amount_minor=-made["amount"],
        currency=made["currency"],
        source=made["id"],
        available_on=pot_of(ctx, charge),
        description="REFUND FOR CHARGE",
    )
    made["balance_transaction"] = entry["id"]


def _decide(ctx: Context, made: Object, charge: Object) -> None:
    """Most cards take a refund at once; two test cards do not, and no bank account."""
    hidden = ctx.store.hidden(charge["payment_method"])
    fate = "pending_then_succeeded" if "bank" in hidden else find(hidden["number"]).refund
    later = ctx.now() + ctx.settings.refund_decides_after_s
    if fate == "pending_then_succeeded":
        ctx.store.schedule(later, "succeed_refund", made["id"])
        return
    made.update(status="succeeded", pending_reason=None)
    if fate == "succeeded_then_failed":
        ctx.store.schedule(later, "fail_refund", made["id"])


def _give_back(ctx: Context, made: Object, before: Object) -> None:
    charge = ctx.store.get("charge", made["charge"])
    if made["balance_transaction"] is not None:
        entry = book(
            ctx,
            type="refund_failure",
            amount_minor=made["amount"],
            currency=made["currency"],
            source=made["id"],
            available_on=pot_of(ctx, charge),
            description="REFUND FAILURE",
        )
        made["failure_balance_transaction"] = entry["id"]
    charge_before = snapshot(charge)
    _count(ctx, charge)
    _tell(ctx, made, before)
    emit(ctx, "charge.updated", charge, before=charge_before)


def _count(ctx: Context, charge: Object) -> None:
    """A charge shows the sum of its refunds that were not sent back."""
    kept = [made["amount"] for made in of_charge(ctx, charge) if made["status"] not in ("failed", "canceled")]
    charge.update(amount_refunded=sum(kept), refunded=sum(kept) == charge["amount"])


def _tell(ctx: Context, made: Object, before: Object) -> None:
    for event_type in ("refund.updated", "charge.refund.updated"):
        emit(ctx, event_type, made, before=before)
