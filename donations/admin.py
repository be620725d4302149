"""Records of donations for staff: funds and campaigns are kept here, gifts and plans are only read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from donations.models import Campaign, Fund, Gift, GiftRefund, Plan, PlanEvent, PlanSubscription, Tier
from donations.operations.open_fund_accounts import open_fund_accounts
from people.console import NeverDeleted, ReadOnly, amount


class TierInline(admin.TabularInline[Tier, Fund]):
    model = Tier
    extra = 0


@admin.register(Fund)
class FundAdmin(NeverDeleted, admin.ModelAdmin[Fund]):
    """A fund is closed, never deleted: its gifts stay restricted to it, under the name that the books know it by."""

    list_display = ("name", "slug", "restriction", "opens_on", "closes_on", "successor")
    inlines = [TierInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Fund | None = None) -> tuple[str, ...]:
        return ("slug", "restriction") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Fund | None = None) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Fund, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        open_fund_accounts(obj)


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin[Campaign]):
    list_display = ("name", "fund", "goal_members", "opens_on", "closes_on")
    list_select_related = ("fund",)


class PlanEventInline(ReadOnly, admin.TabularInline[PlanEvent, Plan]):
    extra = 0
    model = PlanEvent


class PlanSubscriptionInline(ReadOnly, admin.TabularInline[PlanSubscription, Plan]):
    extra = 0
    model = PlanSubscription


@admin.register(Plan)
class PlanAdmin(ReadOnly, admin.ModelAdmin[Plan]):
    list_display = ("pk", "supporter", "fund", amount("amount_minor", "a month"), "state", "next_at", "is_stopping")
    list_filter = ("state", "fund")
    list_select_related = ("supporter", "fund")
    search_fields = ("supporter__email", "supporter__name")
    exclude = ("token_hash", "attempt_key", "form_key")
    inlines = [PlanSubscriptionInline, PlanEventInline]


class GiftRefundInline(ReadOnly, admin.TabularInline[GiftRefund, Gift]):
    extra = 0
    model = GiftRefund
    exclude = ("form_key",)


@admin.register(Gift)
class GiftAdmin(ReadOnly, admin.ModelAdmin[Gift]):
    list_display = ("pk", "supporter", "fund", amount("charged_minor", "charged"), "state", "paid_at", "plan")
    list_filter = ("state", "fund")
    list_select_related = ("supporter", "fund", "plan")
    search_fields = ("supporter__email", "supporter__name", "charge_ref")
    date_hierarchy = "paid_at"
    exclude = ("token_hash", "attempt_key", "form_key")
    inlines = [GiftRefundInline]
