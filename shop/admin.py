"""The shop's records in the staff console: the catalogue may be edited, what happened may only be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from people.console import ReadOnly, amount
from shop import models


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


class LineInline(ReadOnly, admin.TabularInline[Any, Any]):
    extra = 0
    model = models.OrderLine


class HoldInline(ReadOnly, admin.TabularInline[Any, Any]):
    extra = 0
    model = models.StockHold


class RefundInline(ReadOnly, admin.TabularInline[Any, Any]):
    extra = 0
    model = models.OrderRefund
    exclude = ("form_key",)


class EventInline(ReadOnly, admin.TabularInline[Any, Any]):
    extra = 0
    model = models.OrderEvent


@admin.register(models.Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin[models.Order]):
    list_display = (
        "number",
        "state",
        "closed_because",
        "email",
        amount("total_minor", "total"),
        "placed_at",
        "paid_at",
    )
    list_filter = ("state", "closed_because")
    search_fields = ("=pk", "email", "name", "lines__sku", "charge_ref")
    date_hierarchy = "placed_at"
    inlines = (LineInline, HoldInline, RefundInline, EventInline)


@admin.register(models.StockMovement)
class StockMovementAdmin(ReadOnly, admin.ModelAdmin[models.StockMovement]):
    list_display = ("variant", "quantity", "reason", "source", "at")
    list_filter = ("reason",)
    search_fields = ("variant__sku", "source")
    list_select_related = ("variant",)


@admin.register(models.PastSalesImport)
class PastSalesImportAdmin(ReadOnly, admin.ModelAdmin[models.PastSalesImport]):
    list_display = ("id", "file_name", "imported_by", "imported_at", "undone_at")
    list_select_related = ("imported_by",)


@admin.register(models.PastSale)
class PastSaleAdmin(ReadOnly, admin.ModelAdmin[models.PastSale]):
    """Sales of before Tassel, settled there."""

    list_display = ("number", "sold_on", "supporter", amount("goods_minor", "goods"), "imported")
    list_select_related = ("supporter", "imported")
    search_fields = ("number", "supporter__email")
    show_full_result_count = False
