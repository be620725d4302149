"""A bank account is debited: pending for days, then paid or sent back."""

from __future__ import annotations

from sandbox.banks import BY_NUMBER, FAILURES, TestBank
from sandbox.cards import Decline
from sandbox.context import Context
from sandbox.engine import charging
from sandbox.errors import invalid
from sandbox.events import emit, snapshot
from sandbox.objects import Object, bank_method, billing_details
from sandbox.objects import charge as charges


def new_method(ctx: Context, bank: TestBank, *, email: str | None, name: str | None) -> Object:
    """Keep an unattached payment method for a test bank account."""
    return ctx.store.add(bank_method.build(bank, billing_details(email, name), ctx.now()), bank=bank.number)


def begin(ctx: Context, intent: Object, method: Object) -> Object:
    """Hand the debit to the bank, which answers days later. Returns the pending charge."""
    charge = ctx.store.add(charges.debit(intent, method, ctx.now(), receipt_base=ctx.base_url))
    intent.update(
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
        status="processing",
    )
    emit(ctx, "charge.pending", charge)
    emit(ctx, "payment_intent.processing", intent)
    if not BY_NUMBER[ctx.store.hidden(method["id"])["bank"]].waits:
        ctx.store.schedule(ctx.now() + ctx.settings.debit_decides_after_s, "conclude_debit", charge["id"])
    return charge


def conclude_when_due(ctx: Context, charge_id: str, _due: int) -> None:
    """The bank has decided, as the test account says, unless the control door was faster."""
    charge = ctx.store.get("charge", charge_id)
    if charge["status"] != "pending":
        return
    failure = BY_NUMBER[ctx.store.hidden(charge["payment_method"])["bank"]].failure
    if failure is None:
        succeed(ctx, charge)
    else:
        fail(ctx, charge, failure)


def succeed(ctx: Context, charge: Object) -> None:
    """The debit is paid: only now is the checkout."""
    before = snapshot(charge)
    charge.update(paid=True, status="succeeded")
    intent = ctx.store.get("payment_intent", charge["payment_intent"])
    intent.update(amount_received=intent["amount"], status="succeeded")
    emit(ctx, "charge.succeeded", charge, before=before)
    emit(ctx, "payment_intent.succeeded", intent)
    ctx.store.schedule(charging.settles_at(ctx), "settle_charge", charge["id"])
    session = _session_of(ctx, intent)
    session["payment_status"] = "paid"
    emit(ctx, "checkout.session.async_payment_succeeded", session)


def fail(ctx: Context, charge: Object, code: str) -> None:
    """The debit comes back: the checkout is complete and stays unpaid."""
    if code not in FAILURES:
        raise invalid(f"Invalid code: must be one of {', '.join(FAILURES)}", param="code")
    intent = ctx.store.get("payment_intent", charge["payment_intent"])
    method = ctx.store.get("payment_method", charge["payment_method"])
    before = snapshot(charge)
    charges.refuse(charge, code, None, FAILURES[code])
    emit(ctx, "charge.failed", charge, before=before)
    charging.fail(ctx, intent, method, Decline(code, None, FAILURES[code]), charge=charge)
    emit(ctx, "checkout.session.async_payment_failed", _session_of(ctx, intent))


def _session_of(ctx: Context, intent: Object) -> Object:
    return next(
        session for session in ctx.store.newest("checkout.session") if session["payment_intent"] == intent["id"]
    )
