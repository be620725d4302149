"""The control door of money: what banks and payers decide, for programs that cannot wait for them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox import sdk
from sandbox.context import Context
from sandbox.engine import debiting, disputing, onboarding, paying_out, refunding, warning
from sandbox.engine.booking import book
from sandbox.errors import invalid
from sandbox.handlers.accounts import existing
from sandbox.objects import Object

ENTRY_TYPES = sdk.values("balance_transaction", "type")


def add_routes(door: Blueprint, ctx: Context) -> None:
    """Everything under /_sandbox that moves money; each answers the object it changed."""
    _add_refunds(door, ctx)
    _add_payouts(door, ctx)
    _add_entries(door, ctx)
    _add_disputes(door, ctx)
    _add_accounts(door, ctx)
    _add_debits(door, ctx)


def _add_refunds(door: Blueprint, ctx: Context) -> None:
    @door.post("/refunds/<refund_id>/succeed")
    def succeed_refund(refund_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending")
            refunding.succeed(ctx, made)
            return jsonify(made)

    @door.post("/refunds/<refund_id>/fail")
    def fail_refund(refund_id: str) -> Response:
        reason = given(reason=str).get("reason", "expired_or_canceled_card")
        refunding.check_reason(reason)
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending", "succeeded")
            refunding.fail(ctx, made, reason)
            return jsonify(made)

    @door.post("/refunds/<refund_id>/cancel")
    def cancel_refund(refund_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = _refund(ctx, refund_id, "pending")
            refunding.cancel(ctx, made)
            return jsonify(made)


def _add_payouts(door: Blueprint, ctx: Context) -> None:
    @door.post("/payouts")
    def pay_out() -> Response:
        there = _books(ctx, given(account=str))
        with ctx.store.lock:
            return jsonify({"data": paying_out.pay_out(there)})

    @door.post("/payouts/<payout_id>/arrive")
    def arrive_payout(payout_id: str) -> Response:
        there = _books(ctx, given(account=str))
        with ctx.store.lock:
            made = _payout(there, payout_id, "pending", "in_transit")
            paying_out.arrive(there, made)
            return jsonify(made)

    @door.post("/payouts/<payout_id>/fail")
    def fail_payout(payout_id: str) -> Response:
        values = given(code=str, account=str)
        there = _books(ctx, values)
        with ctx.store.lock:
            made = _payout(there, payout_id, "pending", "in_transit", "paid")
            paying_out.fail(there, made, values.get("code", "account_closed"))
            return jsonify(made)

    @door.post("/payouts/<payout_id>/reconcile")
    def reconcile_payout(payout_id: str) -> Response:
        there = _books(ctx, given(account=str))
        with ctx.store.lock:
            made = there.store.get("payout", payout_id, "payout")
            if made["reconciliation_status"] != "in_progress":
                raise invalid(f"The reconciliation of this payout is {made['reconciliation_status']}.")
            paying_out.reconcile(there, made)
            return jsonify(made)


def _add_entries(door: Blueprint, ctx: Context) -> None:
    @door.post("/balance_transactions")
    def add_entry() -> Response:
        values = given(
            type=str, amount=int, currency=str, description=str, reporting_category=str, source=str, available_in_s=int
        )
        if "amount" not in values or values.get("type", "adjustment") not in ENTRY_TYPES:
            raise invalid("Send an amount below or above zero, and a type that balance transactions have.")
        with ctx.store.lock:
            entry = book(
                ctx,
                type=values.get("type", "adjustment"),
                amount_minor=values["amount"],
                currency=values.get("currency", "usd"),
                source=values.get("source"),
                available_on=ctx.now() + values.get("available_in_s", 0),
                description=values.get("description"),
                category=values.get("reporting_category"),
            )
            return jsonify(entry)


def _add_disputes(door: Blueprint, ctx: Context) -> None:
    @door.post("/charges/<charge_id>/dispute")
    def dispute_charge(charge_id: str) -> Response:
        values = given(amount=int, reason=str, inquiry=bool, fee=int)
        reason = values.get("reason", "fraudulent")
        if reason not in disputing.REASONS or values.get("amount", 1) < 1 or values.get("fee", 0) < 0:
            raise invalid(f"Send an amount of at least 1 and one of {', '.join(disputing.REASONS)}.", param="reason")
        with ctx.store.lock:
            charge = _paid(ctx, charge_id)
            amount_minor = values["amount"] if "amount" in values else charge["amount"]
            inquiry = values.get("inquiry", False)
            fee_minor = values.get("fee")
            made = disputing.open_dispute(ctx, charge, amount_minor, reason, inquiry=inquiry, fee_minor=fee_minor)
            return jsonify(made)

    @door.post("/disputes/<dispute_id>/close")
    def close_dispute(dispute_id: str) -> Response:
        outcome = given(outcome=str).get("outcome")
        if outcome not in ("lost", "warning_closed", "won"):
            raise invalid("Send won, lost or warning_closed.", param="outcome")
        with ctx.store.lock:
            made = ctx.store.get("dispute", dispute_id, "dispute")
            inquiry = outcome == "warning_closed"
            disputing.check_status(made, *(disputing.INQUIRIES if inquiry else disputing.CHARGEBACKS))
            disputing.close(ctx, made, outcome)
            return jsonify(made)

    @door.post("/disputes/<dispute_id>/escalate")
    def escalate_dispute(dispute_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = ctx.store.get("dispute", dispute_id, "dispute")
            disputing.check_status(made, *disputing.INQUIRIES)
            disputing.escalate(ctx, made)
            return jsonify(made)

    @door.post("/disputes/<dispute_id>/appeal")
    def appeal_dispute(dispute_id: str) -> Response:
        given()
        with ctx.store.lock:
            made = ctx.store.get("dispute", dispute_id, "dispute")
            disputing.check_status(made, "lost")
            disputing.appeal(ctx, made)
            return jsonify(made)

    @door.post("/charges/<charge_id>/early_fraud_warning")
    def warn_of_fraud(charge_id: str) -> Response:
        fraud_type = given(fraud_type=str).get("fraud_type", "made_with_stolen_card")
        if fraud_type not in warning.FRAUD_TYPES:
            raise invalid(f"Send one of {', '.join(warning.FRAUD_TYPES)}.", param="fraud_type")
        with ctx.store.lock:
            return jsonify(warning.warn(ctx, _paid(ctx, charge_id), fraud_type))


def _add_accounts(door: Blueprint, ctx: Context) -> None:
    @door.post("/accounts/<account_id>/onboard")
    def onboard(account_id: str) -> Response:
        restricted = given(restricted=bool).get("restricted", False)
        with ctx.store.lock:
            account = existing(ctx, account_id, "account")
            onboarding.finish(ctx, account, restricted=restricted)
            return jsonify(account)

    @door.post("/accounts/<account_id>/bank")
    def change_bank(account_id: str) -> Response:
        last4 = given(last4=str).get("last4", "")
        if not (last4.isdecimal() and last4.isascii() and len(last4) == 4):
            raise invalid("Send the last four digits of the new bank account.", param="last4")
        with ctx.store.lock:
            account = existing(ctx, account_id, "account")
            onboarding.change_bank(ctx, account, last4)
            return jsonify(account)


def _add_debits(door: Blueprint, ctx: Context) -> None:
    @door.post("/charges/<charge_id>/succeed")
    def pay_debit(charge_id: str) -> Response:
        given()
        with ctx.store.lock:
            charge = _pending(ctx, charge_id)
            debiting.succeed(ctx, charge)
            return jsonify(charge)

    @door.post("/charges/<charge_id>/fail")
    def return_debit(charge_id: str) -> Response:
        code = given(code=str).get("code", "insufficient_funds")
        with ctx.store.lock:
            charge = _pending(ctx, charge_id)
            debiting.fail(ctx, charge, code)
            return jsonify(charge)


def _pending(ctx: Context, charge_id: str) -> Object:
    charge = ctx.store.get("charge", charge_id, "charge")
    if charge["status"] != "pending":
        raise invalid(f"This charge is {charge['status']}; only one that is pending can do that.", param="charge")
    return charge


def _paid(ctx: Context, charge_id: str) -> Object:
    charge = ctx.store.get("charge", charge_id, "charge")
    if not charge["paid"]:
        raise invalid("This charge was never paid.", param="charge")
    return charge


def _books(ctx: Context, values: dict[str, Any]) -> Context:
    """The platform's books, or those of the connected account that was named."""
    if "account" not in values:
        return ctx
    with ctx.store.lock:
        return ctx.of(existing(ctx, values["account"], "account")["id"])


def _payout(ctx: Context, payout_id: str, *statuses: str) -> Object:
    made = ctx.store.get("payout", payout_id, "payout")
    if made["status"] not in statuses:
        raise invalid(f"This payout is {made['status']}; only one that is {' or '.join(statuses)} can do that.")
    return made


def _refund(ctx: Context, refund_id: str, *statuses: str) -> Object:
    made = ctx.store.get("refund", refund_id)
    if made["status"] not in statuses:
        raise invalid(f"This refund is {made['status']}; only one that is {' or '.join(statuses)} can do that.")
    return made


def given(**known: type) -> dict[str, Any]:
    """The request's JSON object, with nothing but `known` names, each of its type."""
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise invalid("Send a JSON object.")
    for name, value in body.items():
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}. Known here: {', '.join(known)}.", param=name)
        if type(value) is not known[name]:
            raise invalid(f"Send {name} as {known[name].__name__}.", param=name)
    return body
