"""A payer's bank takes money back: inquiries, chargebacks, evidence, and how they end."""

from __future__ import annotations

from sandbox import cards
from sandbox.context import Context
from sandbox.engine.booking import book, pot_of
from sandbox.engine.settling import settle
from sandbox.engine.warning import follow, warn
from sandbox.errors import invalid
from sandbox.events import emit, snapshot
from sandbox.objects import Object
from sandbox.objects import dispute as disputes
from sandbox.objects.balance_transaction import Fee

REASONS = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
REVIEWS = {
    "appeal_needs_response": "appeal_under_review",
    "needs_response": "under_review",
    "warning_needs_response": "warning_under_review",
}
"""What a dispute becomes when it is answered."""
INQUIRIES = ("warning_needs_response", "warning_under_review")
CHARGEBACKS = ("appeal_needs_response", "appeal_under_review", "needs_response", "under_review")
FATES = {"escalate_inquiry_evidence": "escalate", "losing_evidence": "lose", "winning_evidence": "win"}
"""Words that decide a dispute in test mode, as `evidence[uncategorized_text]`."""


def react(ctx: Context, charge: Object) -> None:
    """What a test card does once its charge has settled; once."""
    hidden = ctx.store.hidden(charge["id"])
    card = cards.find(ctx.store.hidden(charge["payment_method"]).get("number", ""))
    if hidden.get("reacted"):
        return
    hidden["reacted"] = True
    if card.fraud_warning:
        warn(ctx, charge)
    if card.dispute_reason is not None:
        inquiry = card.dispute_reason == "inquiry"
        reason = "fraudulent" if inquiry else card.dispute_reason
        open_dispute(ctx, charge, charge["amount"], reason, inquiry=inquiry)


def open_dispute(
    ctx: Context, charge: Object, amount_minor: int, reason: str, *, inquiry: bool = False, fee_minor: int | None = None
) -> Object:
    """Dispute any amount of a charge: an inquiry moves no money, a chargeback takes it with a fee."""
    settle(ctx, charge)
    now = ctx.now()
    due_by = now + ctx.settings.dispute_due_after_s
    made = ctx.store.add(disputes.build(charge, amount_minor, reason, now, due_by, inquiry=inquiry))
    ctx.store.hidden(made["id"])["fee_minor"] = ctx.settings.dispute_fee_minor if fee_minor is None else fee_minor
    charge["disputed"] = True
    if not inquiry:
        _withdraw(ctx, made)
    emit(ctx, "charge.dispute.created", made)
    if not inquiry:
        emit(ctx, "charge.dispute.funds_withdrawn", made)
    ctx.store.schedule(due_by, "dispute_due", made["id"])
    refresh(ctx, charge)
    return made


def refresh(ctx: Context, charge: Object) -> None:
    """After a refund or a dispute: warnings have nothing left to do, and an inquiry into nothing is closed."""
    follow(ctx, charge)
    for made in of_charge(ctx, charge):
        if charge["refunded"] and made["status"] in INQUIRIES:
            close(ctx, made, "warning_closed")


def answer(ctx: Context, made: Object, before: Object) -> None:
    """The evidence goes to the bank; contesting a chargeback costs a fee, and test evidence decides it later."""
    if made["status"] == "needs_response":
        _counter(ctx, made)
    made["status"] = REVIEWS[made["status"]]
    details = made["evidence_details"]
    details.update(has_evidence=True, submission_count=details["submission_count"] + 1, submission_method="manual")
    emit(ctx, "charge.dispute.updated", made, before=before)
    if made["evidence"]["uncategorized_text"] in FATES:
        ctx.store.schedule(ctx.now() + ctx.settings.dispute_decides_after_s, "decide_dispute", made["id"])


def decide_when_due(ctx: Context, dispute_id: str, _due: int) -> None:
    """The bank has read the test evidence."""
    made = ctx.store.get("dispute", dispute_id)
    fate = FATES[made["evidence"]["uncategorized_text"]]
    if made["status"] == "warning_under_review":
        if fate == "escalate":
            escalate(ctx, made)
        else:
            close(ctx, made, "warning_closed")
    elif made["status"] in ("under_review", "appeal_under_review") and fate != "escalate":
        close(ctx, made, "won" if fate == "win" else "lost")


def miss_when_due(ctx: Context, dispute_id: str, _due: int) -> None:
    """Nobody answered in time: a chargeback is lost, an inquiry ends without consequences."""
    made = ctx.store.get("dispute", dispute_id)
    if made["status"] in REVIEWS and (made["evidence_details"]["due_by"] or 0) <= ctx.now():
        made["evidence_details"]["past_due"] = True
        close(ctx, made, "warning_closed" if made["status"] in INQUIRIES else "lost")


def close(ctx: Context, made: Object, status: str) -> None:
    """The end, as `won`, `lost` or `warning_closed`; what was won comes back, with the fee for contesting it."""
    before = snapshot(made)
    made.update(is_charge_refundable=False, status=status)
    if status == "won":
        _reinstate(ctx, made)
    emit(ctx, "charge.dispute.closed", made, before=before)
    if status == "won":
        emit(ctx, "charge.dispute.funds_reinstated", made, before=before)


def escalate(ctx: Context, made: Object) -> None:
    """An inquiry becomes a chargeback: now the money goes."""
    before = snapshot(made)
    due_by = ctx.now() + ctx.settings.dispute_due_after_s
    made.update(is_charge_refundable=False, status="needs_response")
    made["evidence_details"]["due_by"] = due_by
    if made["payment_method_details"] is not None:
        made["payment_method_details"]["card"]["case_type"] = "chargeback"
    _withdraw(ctx, made)
    emit(ctx, "charge.dispute.updated", made, before=before)
    emit(ctx, "charge.dispute.funds_withdrawn", made)
    ctx.store.schedule(due_by, "dispute_due", made["id"])


def appeal(ctx: Context, made: Object) -> None:
    """A chargeback that was lost is open again for an appeal."""
    before = snapshot(made)
    due_by = ctx.now() + ctx.settings.dispute_due_after_s
    made["status"] = "appeal_needs_response"
    made["evidence_details"]["due_by"] = due_by
    emit(ctx, "charge.dispute.updated", made, before=before)
    ctx.store.schedule(due_by, "dispute_due", made["id"])


def of_charge(ctx: Context, charge: Object) -> list[Object]:
    """A charge's disputes, oldest first."""
    return [made for made in ctx.store.all("dispute") if made["charge"] == charge["id"]]


def blocks_refund(ctx: Context, charge: Object) -> bool:
    """Whether a chargeback is open or lost, so that the money has gone back already."""
    return any(made["status"] in (*CHARGEBACKS, "lost") for made in of_charge(ctx, charge))


def check_status(made: Object, *statuses: str) -> None:
    """Refuse what only a dispute in one of these states can do."""
    if made["status"] not in statuses:
        raise invalid(f"This dispute is {made['status']}; only one that is {' or '.join(statuses)} can do that.")


def _withdraw(ctx: Context, made: Object) -> None:
    fee_minor = ctx.store.hidden(made["id"])["fee_minor"]
    fees = [Fee(fee_minor, "Dispute fee")] if fee_minor else []
    _book(ctx, made, -made["amount"], "dispute", fees)


def _reinstate(ctx: Context, made: Object) -> None:
    countered_minor = ctx.store.hidden(made["id"]).get("countered_minor", 0)
    fees = [Fee(-countered_minor, "Dispute countered fee returned")] if countered_minor else []
    _book(ctx, made, made["amount"], "dispute_reversal", fees)


def _book(ctx: Context, made: Object, amount_minor: int, category: str, fees: list[Fee]) -> None:
    words = "withdrawal" if amount_minor < 0 else "reversal"
    entry = book(
        ctx,
        type="adjustment",
        amount_minor=amount_minor,
        currency=made["currency"],
        source=made["id"],
        fees=fees,
        available_on=pot_of(ctx, ctx.store.get("charge", made["charge"])),
        description=f"Chargeback {words} for {made['charge']}",
        category=category,
    )
    made["balance_transactions"].append(snapshot(entry))


def _counter(ctx: Context, made: Object) -> None:
    """The fee for contesting, a row of its own: the dispute lists only what was withdrawn and reinstated."""
    fee_minor = ctx.settings.dispute_countered_fee_minor
    if fee_minor:
        ctx.store.hidden(made["id"])["countered_minor"] = fee_minor
        book(
            ctx,
            type="stripe_fee",
            amount_minor=-fee_minor,
            currency=made["currency"],
            source=made["id"],
            description="Dispute countered fee",
        )
