"""Records of donations for staff: funds and campaigns are kept here, gifts and plans are only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from donations.models import Campaign, Fund, Gift, Plan, PlanEvent, PlanSubscription, Tier


class ReadOnly(admin.ModelAdmin[Any]):
    """Rows that only operations write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TierInline(admin.TabularInline[Tier, Fund]):
    model = Tier
    extra = 0


@admin.register(Fund)
class FundAdmin(admin.ModelAdmin[Fund]):
    list_display = ("name", "slug", "restriction", "opens_on", "closes_on", "successor")
    prepopulated_fields = {"slug": ("name",)}
    inlines = [TierInline]

    def has_delete_permission(self, request: HttpRequest, obj: Fund | None = None) -> bool:
        """A fund is closed, never deleted: its gifts stay restricted to it."""
        return False


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin[Campaign]):
    list_display = ("name", "fund", "goal_members", "opens_on", "closes_on")
    list_select_related = ("fund",)


class PlanEventInline(ReadOnlyInline):
    model = PlanEvent


class PlanSubscriptionInline(ReadOnlyInline):
    model = PlanSubscription


@admin.register(Plan)
class PlanAdmin(ReadOnly):
    list_display = ("pk", "supporter", "fund", "amount_minor", "currency", "state", "next_at", "is_stopping")
    list_filter = ("state", "fund")
    list_select_related = ("supporter", "fund")
    search_fields = ("supporter__email", "supporter__name")
    exclude = ("token_hash", "attempt_key", "form_key")
    inlines = [PlanSubscriptionInline, PlanEventInline]


@admin.register(Gift)
class GiftAdmin(ReadOnly):
    list_display = ("pk", "supporter", "fund", "charged_minor", "currency", "state", "paid_at", "plan")
    list_filter = ("state", "fund")
    list_select_related = ("supporter", "fund", "plan")
    search_fields = ("supporter__email", "supporter__name", "charge_ref")
    date_hierarchy = "paid_at"
    exclude = ("token_hash", "attempt_key", "form_key")
