"""The shop's records in the staff console: the catalogue may be edited, what happened may only be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from shop import models


class ReadOnly(admin.ModelAdmin[Any]):
    """Rows that only operations write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class VariantInline(admin.TabularInline[Any, Any]):
    model = models.Variant
    extra = 0
    readonly_fields = ("on_hand", "reserved")


class PictureInline(admin.TabularInline[Any, Any]):
    model = models.ProductImage
    extra = 0


@admin.register(models.Product)
class ProductAdmin(admin.ModelAdmin[models.Product]):
    """Words, colours, pictures, prices and shelf time. Stock changes by movements only."""

    list_display = ("name", "slug", "published_from", "published_until", "position")
    search_fields = ("name", "slug", "variants__sku")
    prepopulated_fields = {"slug": ("name",)}
    filter_horizontal = ("collections",)
    inlines = (VariantInline, PictureInline)


@admin.register(models.Collection)
class CollectionAdmin(admin.ModelAdmin[models.Collection]):
    prepopulated_fields = {"slug": ("name",)}


class LineInline(ReadOnlyInline):
    model = models.OrderLine


class HoldInline(ReadOnlyInline):
    model = models.StockHold


class EventInline(ReadOnlyInline):
    model = models.OrderEvent


@admin.register(models.Order)
class OrderAdmin(ReadOnly):
    list_display = ("number", "state", "closed_because", "email", "total_minor", "currency", "placed_at", "paid_at")
    list_filter = ("state", "closed_because")
    search_fields = ("=pk", "email", "name", "lines__sku", "charge_ref")
    date_hierarchy = "placed_at"
    inlines = (LineInline, HoldInline, EventInline)


@admin.register(models.StockMovement)
class StockMovementAdmin(ReadOnly):
    list_display = ("variant", "quantity", "reason", "source", "at")
    list_filter = ("reason",)
    search_fields = ("variant__sku", "source")
    list_select_related = ("variant",)
