"""Records of partners for the staff console; promises and money are read here and worked on at the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners.models import (
    AchOriginator,
    Agreement,
    Allocation,
    AllocationLine,
    BankAccount,
    BankStatement,
    Cheque,
    Partner,
    PartnerContact,
    PartnerPayout,
    PayoutBatch,
    PayoutPolicy,
    StateRule,
)
from partners.operations.tell_of_records import tell_of_address, tell_of_policy
from partners.queries.eligible import policy
from people import clock
from people.console import NeverDeleted, ReadOnly, amount


class PartnerContactInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PartnerContact
    extra = 0
    raw_id_fields = ["user"]


@admin.register(Partner)
class PartnerAdmin(NeverDeleted, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "status", "remittance_email"]
    list_filter = ["status"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [PartnerContactInline]

    def save_model(self, request: HttpRequest, obj: Partner, form: Any, change: bool) -> None:
        """Whoever was told of payouts so far hears that another address is."""
        super().save_model(request, obj, form, change)
        if change and "remittance_email" in form.changed_data:
            tell_of_address(obj, was=form.initial["remittance_email"], now=clock.now())


@admin.register(Agreement)
class AgreementAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["partner", "scope_label", "scope_key", "rate_num", "rate_den", "starts_on", "ends_on", "state"]
    list_filter = ["state", "partner"]
    list_select_related = ["partner"]


class AllocationLineInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = AllocationLine
    extra = 0


@admin.register(Allocation)
class AllocationAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = [
        "id",
        "agreement",
        "source",
        "charge_ref",
        amount("basis_minor", "of"),
        amount("amount_minor", "share"),
        "earned_on",
    ]
    list_filter = ["agreement__partner"]
    list_select_related = ["agreement"]
    search_fields = ["source", "charge_ref"]
    show_full_result_count = False
    inlines = [AllocationLineInline]


@admin.register(PayoutPolicy)
class PayoutPolicyAdmin(NeverDeleted, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["__str__", "refund_window_days", "minimum_minor", "destination_wait_days", "prenote_wait_days"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not PayoutPolicy.objects.exists()

    def save_model(self, request: HttpRequest, obj: PayoutPolicy, form: Any, change: bool) -> None:
        """Every approver hears of it: one person sets it, and a wait that is gone protects nobody."""
        held = policy()
        was = {name: getattr(held, name) for name in form.changed_data}
        super().save_model(request, obj, form, change)
        tell_of_policy(obj, was=was, by_name=str(request.user), now=clock.now())


class PartnerPayoutInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = PartnerPayout
    extra = 0


@admin.register(AchOriginator)
class AchOriginatorAdmin(NeverDeleted, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["origin_name", "bank_name"]


@admin.register(Cheque)
class ChequeAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The register of cheques."""

    list_display = ["number", "account", "issued_on", "partner", "state"]
    list_filter = ["account"]
    search_fields = ["number"]
    list_select_related = ["account", "attempt__payout__partner"]

    @admin.display(description="To")
    def partner(self, row: Cheque) -> str:
        return str(row.payout.partner)

    @admin.display(description="State")
    def state(self, row: Cheque) -> str:
        """Issued, cleared, voided or stale."""
        attempt = row.attempt
        return {"in_flight": "issued", "settled": "cleared"}.get(attempt.state, attempt.failure_code or attempt.state)


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["id", "as_of", "state", "proposed_by", "proposed_at", "sent_at", "settled_at"]
    list_filter = ["state"]
    list_select_related = ["proposed_by"]
    inlines = [PartnerPayoutInline]


@admin.register(BankAccount)
class BankAccountAdmin(NeverDeleted, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "last4", "currency"]


@admin.register(BankStatement)
class BankStatementAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["file_name", "account", "format", "first_on", "last_on", "imported_by", "imported_at"]
    list_select_related = ["account", "imported_by"]


@admin.register(StateRule)
class StateRuleAdmin(NeverDeleted, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["state", "duty", "measured_from", "days", "source", "checked_on"]
    list_filter = ["state"]
