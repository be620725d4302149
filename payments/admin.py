"""What Stripe said and what we asked of it, to read; the one button tries a dead event again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from payments.models import (
    AdoptedSubscription,
    BalanceComparison,
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Dispute,
    Refund,
    StripeCall,
    StripeCustomer,
    StripeEvent,
    StripePayout,
    Transfer,
)
from payments.operations.revive_event import Outcome, revive_event
from people.access import has_role
from people.console import ReadOnly, amount


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Money's records are seen here, never changed, however many there are."""

    list_per_page = 50
    show_full_result_count = False


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["event_id", "type", "object_id", "state", "reason", "attempts", "received_at"]
    list_filter = ["state", "type"]
    search_fields = ["event_id", "object_id"]
    actions = ["try_again"]

    def has_revive_permission(self, request: HttpRequest) -> bool:
        """Whoever prepares the books may try again; reading along, as an auditor does, is not enough."""
        return request.user.is_superuser or has_role(request.user, "finance preparer")

    @admin.action(description="Try dead events again", permissions=["revive"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        by: Any = request.user
        outcomes = [revive_event(event_id=event.event_id, by=by) for event in queryset]
        self.message_user(request, f"{outcomes.count(Outcome.REVIVED)} of {len(outcomes)} will be tried again.")


@admin.register(StripeCall)
class StripeCallAdmin(ReadOnlyAdmin):
    list_display = ["purpose", "subject", "target", "state", "result_id", "attempts", "error", "intended_at"]
    list_filter = ["state", "purpose"]
    search_fields = ["subject", "target", "result_id", "idempotency_key"]
    exclude = ["params"]  # a partner's own link is in it, and whoever reads that acts as the partner


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "subject", "state", "payment_status", "created_at", "expires_at"]
    list_filter = ["state", "payment_status", "kind"]
    search_fields = ["session_id", "subject"]
    exclude = ["url"]


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ["charge_id", "subject", "status", amount("amount_minor", "amount"), "brand", "last4", "created_at"]
    list_filter = ["status", "kind", "brand"]
    search_fields = ["charge_id", "subject", "payment_intent_id"]


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["refund_id", "charge", amount("amount_minor", "amount"), "status", "failure_reason", "created_at"]
    list_filter = ["status"]
    list_select_related = ["charge"]
    search_fields = ["refund_id", "charge__charge_id", "charge__subject", "request_ref"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ["dispute_id", "charge", amount("amount_minor", "amount"), "status", "reason", "answer_by"]
    list_filter = ["status", "reason"]
    list_select_related = ["charge"]
    search_fields = ["dispute_id", "charge__charge_id", "charge__subject"]


@admin.register(BalanceTransaction)
class BalanceTransactionAdmin(ReadOnlyAdmin):
    list_display = [
        "bt_id",
        "category",
        amount("amount_minor", "amount"),
        amount("fee_minor", "fee"),
        amount("net_minor", "net"),
        "available_at",
    ]
    list_filter = ["category", "problem"]
    search_fields = ["bt_id", "source_id"]


@admin.register(StripePayout)
class StripePayoutAdmin(ReadOnlyAdmin):
    list_display = [
        "payout_id",
        amount("amount_minor", "amount"),
        "status",
        "reconciliation_status",
        "arrival_on",
        "trace_id",
    ]
    list_filter = ["status", "reconciliation_status", "automatic"]
    search_fields = ["payout_id", "trace_id", "bt_id"]


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["transfer_id", "subject", "destination_id", amount("amount_minor", "amount"), "created_at"]
    list_filter = ["kind"]
    search_fields = ["transfer_id", "subject", "destination_id", "group", "reversals__reversal_id"]


@admin.register(BalanceComparison)
class BalanceComparisonAdmin(ReadOnlyAdmin):
    list_display = [
        "compared_at",
        amount("ours_minor", "ours"),
        amount("available_minor", "available"),
        amount("pending_minor", "pending"),
        amount("difference_minor", "difference"),
    ]
    list_filter = ["currency"]


@admin.register(AdoptedSubscription)
class AdoptedSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["subscription_id", "subject", "taken_over_at", "caught_up_at"]
    search_fields = ["subscription_id", "subject"]


@admin.register(StripeCustomer)
class StripeCustomerAdmin(ReadOnlyAdmin):
    list_display = ["customer_id", "supporter", "taken_over_at"]
    list_select_related = ["supporter"]
    search_fields = ["customer_id", "supporter__email"]
