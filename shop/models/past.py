"""Sales of before Tassel: what was bought and by whom, settled elsewhere. No part of orders, stock or books."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from people.models import Supporter


class PastSalesImport(models.Model):
    """One file of past sales; the same bytes come in once, unless they were taken out again."""

    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=120)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256"], condition=Q(undone_at__isnull=True), name="past_sales_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.pk})"


class PastSale(models.Model):
    """One order of another system, paid and settled there. It cannot be refunded here (docs/decisions/0024)."""

    imported = models.ForeignKey(PastSalesImport, on_delete=models.PROTECT, related_name="sales")
    number = models.CharField(max_length=60, unique=True, help_text="The other system's.")
    sold_on = models.DateField()
    supporter = models.ForeignKey(Supporter, null=True, blank=True, on_delete=models.PROTECT, related_name="past_sales")
    currency = models.CharField(max_length=3)
    goods_minor = models.BigIntegerField(help_text="After discounts, before tax and shipping.")
    content_hash = models.CharField(max_length=64, help_text="Of its rows as they were read: tells a repetition.")

    class Meta:
        ordering = ["-sold_on", "-pk"]
        indexes = [models.Index(fields=["sold_on"], name="past_sale_by_day")]
        constraints = [models.CheckConstraint(condition=Q(goods_minor__gte=0), name="past_sale_not_negative")]

    def __str__(self) -> str:
        return f"past sale {self.number}"

    @property
    def ref(self) -> str:
        """How other packages name it."""
        return f"past_sale:{self.pk}"


class PastSaleLine(models.Model):
    """Pieces of one design in a past sale, named as the other system named them."""

    sale = models.ForeignKey(PastSale, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    sku = models.CharField(max_length=40, blank=True)
    design = models.CharField(max_length=120)
    units = models.PositiveIntegerField()
    goods_minor = models.BigIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0, goods_minor__gte=0), name="past_line_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.units} x {self.design}"
