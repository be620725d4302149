"""The "urls.py of Stripe": which object an event is about, and which operations each fact runs, in order."""

from __future__ import annotations

from donations.operations.close_attempt import close_attempt
from donations.operations.dispute_gift import lose_gift_dispute, open_gift_dispute, win_gift_dispute
from donations.operations.end_plan import end_plan
from donations.operations.follow_plan import follow_plan
from donations.operations.mark_plan_retrying import mark_plan_retrying
from donations.operations.record_gift import record_gift
from donations.operations.record_gift_refund import record_gift_refund
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.start_plan import start_plan
from donations.operations.undo_gift_refund import refuse_gift_refund, undo_gift_refund
from partners.operations.book_transfer import restore_payable, settle_by_transfer, take_transfer_back
from partners.operations.follow_account import follow_account, refuse_account
from partners.operations.send_transfers import may_still_leave
from payments.facts import (
    AccountChanged,
    AccountRefused,
    CheckoutAwaiting,
    CheckoutExpired,
    CheckoutFailed,
    CheckoutPaid,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    InvoiceFailed,
    InvoicePaid,
    PlanChanged,
    PlanEnded,
    PlanStarted,
    RefundFailed,
    RefundMade,
    RefundPending,
    RefundRefused,
    TransferMade,
    TransferRefused,
    TransferReversed,
)
from payments.readers import (
    charge_of_dispute,
    charge_of_refund,
    read_account,
    read_charge,
    read_checkout,
    read_invoice,
    read_payout,
    read_returns,
    read_subscription,
    read_transfer,
)
from payments.registry import asks_before_sending, ignores, on, reads, reads_account
from shop.operations.await_payment import await_payment
from shop.operations.close_dispute import lose_dispute, win_dispute
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.open_dispute import open_dispute
from shop.operations.record_refund import record_refund
from shop.operations.release_order import release_order
from shop.operations.undo_refund import refuse_refund, undo_refund


def register() -> None:
    """Fill the tables of `payments.registry`; called once at start-up."""
    _readers()
    _reasons()
    _operations()


def _readers() -> None:
    """An event's type -> who looks at the object that it is about."""
    reads("checkout.session.completed", read_checkout)
    reads("checkout.session.async_payment_succeeded", read_checkout)
    reads("checkout.session.async_payment_failed", read_checkout)
    reads("checkout.session.expired", read_checkout)
    reads("invoice.paid", read_invoice)
    reads("invoice.payment_failed", read_invoice)
    reads("customer.subscription.updated", read_subscription)
    reads("customer.subscription.paused", read_subscription)
    reads("customer.subscription.resumed", read_subscription)
    reads("customer.subscription.deleted", read_subscription)
    reads("charge.succeeded", read_charge)
    reads("charge.updated", read_charge)
    for happened in ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed"):
        reads(f"payout.{happened}", read_payout)
    for happened in ("created", "reversed", "updated"):
        reads(f"transfer.{happened}", read_transfer)
    reads("charge.refunded", read_returns)
    for happened in ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"):
        reads(happened, read_returns, about=charge_of_refund)
    for happened in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated"):
        reads(f"charge.dispute.{happened}", read_returns, about=charge_of_dispute)
    reads_account("account.updated", read_account)
    for happened in ("created", "updated", "deleted"):
        reads_account(f"account.external_account.{happened}", read_account)


def _reasons() -> None:
    """Why a type is kept and not read."""
    ignores("invoice.voided", "nothing was paid, and the plan's own event tells")
    ignores("invoice.marked_uncollectible", "nothing was paid, and the plan's own event tells")
    ignores("setup_intent.setup_failed", "no card is kept without a payment")
    ignores("payment_method.automatically_updated", "Stripe keeps the cards")
    ignores("radar.early_fraud_warning.created", "a warning moves no money, its dispute would tell")
    ignores("account.updated", "our own account: what it may do shows in what it does")


def _operations() -> None:
    """A fact and its kind -> what we do, in order."""
    on(CheckoutPaid, "order", mark_order_paid)
    on(CheckoutAwaiting, "order", await_payment)
    on(CheckoutFailed, "order", release_order)
    on(CheckoutExpired, "order", release_order)

    on(RefundPending, "order", record_refund)
    on(RefundMade, "order", record_refund)
    on(RefundFailed, "order", undo_refund)
    on(RefundRefused, "order", refuse_refund)
    on(DisputeOpened, "order", open_dispute)
    on(DisputeWon, "order", win_dispute)
    on(DisputeLost, "order", lose_dispute)

    on(CheckoutPaid, "gift", record_gift)
    on(CheckoutFailed, "gift", close_attempt)
    on(CheckoutExpired, "gift", close_attempt)

    on(PlanStarted, "plan", start_plan)
    on(InvoicePaid, "plan", record_plan_gift)
    on(InvoiceFailed, "plan", mark_plan_retrying)
    on(PlanChanged, "plan", follow_plan)
    on(PlanEnded, "plan", end_plan)
    on(CheckoutFailed, "plan", close_attempt)
    on(CheckoutExpired, "plan", close_attempt)

    for given in ("gift", "plan"):
        on(RefundPending, given, record_gift_refund)
        on(RefundMade, given, record_gift_refund)
        on(RefundFailed, given, undo_gift_refund)
        on(RefundRefused, given, refuse_gift_refund)
        on(DisputeOpened, given, open_gift_dispute)
        on(DisputeWon, given, win_gift_dispute)
        on(DisputeLost, given, lose_gift_dispute)

    on(TransferMade, "payout", settle_by_transfer)
    on(TransferReversed, "payout", take_transfer_back)
    on(TransferRefused, "payout", restore_payable)
    asks_before_sending("payout", may_still_leave)

    on(AccountChanged, "partner_account", follow_account)
    on(AccountRefused, "partner_account", refuse_account)
