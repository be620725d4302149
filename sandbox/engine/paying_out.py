"""Money goes to the bank and sometimes comes back: automatic and manual payouts from pending to paid or failed."""

from __future__ import annotations

from typing import Any

from sandbox import ids
from sandbox.context import Context
from sandbox.engine.booking import book
from sandbox.engine.payout_calendar import is_daily, kept, next_bank_day, plan
from sandbox.errors import invalid
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import payout as payouts
from sandbox.settings import HOUR_S

FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "could_not_process": "The bank could not process this payout.",
    "declined": "The bank has declined this payout.",
    "insufficient_funds": "The bank account does not have enough funds for this debit.",
    "invalid_account_number": "The routing number seems correct, but the account number is invalid.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located.",
}


def pay_out_when_due(ctx: Context, _subject: str, _due: int) -> None:
    """The day's automatic payouts, if that is still the schedule."""
    if is_daily(ctx):
        pay_out(ctx)
    kept(ctx)["planned"] = False
    plan(ctx)


def pay_out(ctx: Context) -> list[Object]:
    """Pay out every currency's available balance, itemised; a balance below zero is taken from the bank."""
    by_currency: dict[str, list[Object]] = {}
    for entry in ctx.store.all("balance_transaction"):
        if entry["status"] == "available" and not ctx.store.hidden(entry["id"]).get("payout"):
            by_currency.setdefault(entry["currency"], []).append(entry)
    return [
        _automatic(ctx, entries, currency)
        for currency, entries in by_currency.items()
        if sum(entry["net"] for entry in entries) != 0
    ]


def create(ctx: Context, params: dict[str, Any]) -> Object:
    """A manual payout, which waits an hour and can be called off until then; the balance is known to cover it."""
    made = _make(ctx, params["amount"], params["currency"], automatic=False, params=params)
    ctx.store.schedule(ctx.now() + HOUR_S, "submit_payout", made["id"])
    return made


def submit_when_due(ctx: Context, payout_id: str, _due: int) -> None:
    """A manual payout is handed to the bank."""
    made = ctx.store.get("payout", payout_id)
    if made["status"] == "pending":
        before = snapshot(made)
        made["status"] = "in_transit"
        emit(ctx, "payout.updated", made, before=before)


def arrive_when_due(ctx: Context, payout_id: str, _due: int) -> None:
    """The day has come on which the bank has the money."""
    made = ctx.store.get("payout", payout_id)
    if made["status"] == "in_transit":
        arrive(ctx, made)


def arrive(ctx: Context, made: Object) -> None:
    """The bank has the money, and tells by which name its statement calls it."""
    before = snapshot(made)
    made.update(status="paid", trace_id={"status": "supported", "value": ids.token(15).upper()})
    _tell(ctx, "payout.paid", made, before)


def reconcile_when_due(ctx: Context, payout_id: str, _due: int) -> None:
    """The list of what an automatic payout is made of is complete."""
    made = ctx.store.get("payout", payout_id)
    if made["reconciliation_status"] == "in_progress":
        reconcile(ctx, made)


def reconcile(ctx: Context, made: Object) -> None:
    """Finish the list of what an automatic payout is made of, and say so."""
    before = snapshot(made)
    made["reconciliation_status"] = "completed"
    _tell(ctx, "payout.reconciliation_completed", made, before)


def fail(ctx: Context, made: Object, code: str) -> None:
    """The bank sends the money back, also days after it had arrived."""
    if code not in FAILURES:
        raise invalid(f"Invalid code: must be one of {', '.join(FAILURES)}", param="code")
    before = snapshot(made)
    made.update(failure_code=code, failure_message=FAILURES[code], status="failed")
    _return_money(ctx, made, "payout_failure")
    _tell(ctx, "payout.failed", made, before)


def cancel(ctx: Context, made: Object) -> None:
    """A manual payout that has not left is called off."""
    before = snapshot(made)
    made["status"] = "canceled"
    _return_money(ctx, made, "payout_cancel")
    _tell(ctx, "payout.canceled", made, before)


def reverse(ctx: Context, made: Object, params: dict[str, Any]) -> Object:
    """Take a payout back from the bank by another one below zero."""
    back = _make(ctx, -made["amount"], made["currency"], automatic=False, params=params, original=made)
    before = snapshot(made)
    made["reversed_by"] = back["id"]
    emit(ctx, "payout.updated", made, before=before)
    ctx.store.schedule(ctx.now() + HOUR_S, "submit_payout", back["id"])
    return back


def bank_account(ctx: Context, currency: str) -> Object:
    """Where a currency goes, made when it is first asked for."""
    known = (account for account in ctx.store.all("bank_account") if account["currency"] == currency)
    return next((one for one in known if not ctx.store.hidden(one["id"]).get("left")), None) or ctx.store.add(
        payouts.bank_account(currency)
    )


def change_bank(ctx: Context, currency: str, last4: str) -> Object:
    """A currency goes to a new bank account; the one before stays with the payouts that it had."""
    for known in ctx.store.all("bank_account"):
        if known["currency"] == currency:
            ctx.store.hidden(known["id"])["left"] = True
    return ctx.store.add(payouts.bank_account(currency) | {"last4": last4})


def contents(ctx: Context, made: Object) -> set[str]:
    """Ids of the balance transactions in an automatic payout; until the list is complete, only the payout's own."""
    if made["reconciliation_status"] != "completed":
        return {made["balance_transaction"]}
    return {made["balance_transaction"], *ctx.store.hidden(made["id"])["balance_transactions"]}


def _automatic(ctx: Context, entries: list[Object], currency: str) -> Object:
    made = _make(ctx, sum(entry["net"] for entry in entries), currency, automatic=True)
    ctx.store.hidden(made["id"])["balance_transactions"] = [entry["id"] for entry in entries]
    for entry_id in (*(entry["id"] for entry in entries), made["balance_transaction"]):
        ctx.store.hidden(entry_id)["payout"] = made["id"]
    ctx.store.schedule(ctx.now() + ctx.settings.payout_reconciled_after_s, "reconcile_payout", made["id"])
    return made


def _make(
    ctx: Context,
    amount_minor: int,
    currency: str,
    *,
    automatic: bool,
    params: dict[str, Any] | None = None,
    original: Object | None = None,
) -> Object:
    arrival = next_bank_day(ctx.now())
    destination = bank_account(ctx, currency)["id"]
    made = payouts.build(amount_minor, currency, destination, ctx.now(), arrival, automatic=automatic, params=params)
    ctx.store.add(made)
    entry = book(
        ctx,
        type="payout",
        amount_minor=-amount_minor,
        currency=currency,
        source=made["id"],
        description=made["description"],
    )
    made["balance_transaction"] = entry["id"]
    made["original_payout"] = original["id"] if original else None
    emit(ctx, "payout.created", made)
    ctx.store.schedule(arrival, "arrive_payout", made["id"])
    return made


def _return_money(ctx: Context, made: Object, entry_type: str) -> None:
    entry = book(
        ctx,
        type=entry_type,
        amount_minor=made["amount"],
        currency=made["currency"],
        source=made["id"],
        description=made["description"],
    )
    made["failure_balance_transaction"] = entry["id"]


def _tell(ctx: Context, event_type: str, made: Object, before: Object) -> None:
    emit(ctx, "payout.updated", made, before=before)
    emit(ctx, event_type, made)
