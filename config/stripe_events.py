"""The "urls.py of Stripe": which object an event is about, and which operations each fact runs, in order."""

from __future__ import annotations

from donations.operations.close_attempt import close_attempt
from donations.operations.end_plan import end_plan
from donations.operations.follow_plan import follow_plan
from donations.operations.mark_plan_retrying import mark_plan_retrying
from donations.operations.record_gift import record_gift
from donations.operations.record_plan_gift import record_plan_gift
from donations.operations.start_plan import start_plan
from payments.facts import (
    CheckoutAwaiting,
    CheckoutExpired,
    CheckoutFailed,
    CheckoutPaid,
    InvoiceFailed,
    InvoicePaid,
    PlanChanged,
    PlanEnded,
    PlanStarted,
)
from payments.readers import read_charge, read_checkout, read_invoice, read_payout, read_subscription
from payments.registry import ignores, on, reads
from shop.operations.await_payment import await_payment
from shop.operations.mark_order_paid import mark_order_paid
from shop.operations.release_order import release_order


def register() -> None:
    """Fill the tables of `payments.registry`; called once at start-up."""
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
    reads("payout.created", read_payout)
    reads("payout.updated", read_payout)
    reads("payout.paid", read_payout)
    reads("payout.failed", read_payout)
    reads("payout.canceled", read_payout)
    reads("payout.reconciliation_completed", read_payout)

    ignores("invoice.voided", "nothing was paid, and the plan's own event tells")
    ignores("invoice.marked_uncollectible", "nothing was paid, and the plan's own event tells")
    ignores("setup_intent.setup_failed", "no card is kept without a payment")
    ignores("payment_method.automatically_updated", "Stripe keeps the cards")
    ignores("radar.early_fraud_warning.created", "a warning moves no money, its dispute would tell")
    ignores("account.updated", "no partner is paid through a connected account")

    on(CheckoutPaid, "order", mark_order_paid)
    on(CheckoutAwaiting, "order", await_payment)
    on(CheckoutFailed, "order", release_order)
    on(CheckoutExpired, "order", release_order)

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
