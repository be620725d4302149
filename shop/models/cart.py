"""A visitor's cart; the browser's session holds its id."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shop.models.catalogue import Variant


class Cart(models.Model):
    """What one visitor means to buy. Nothing is held for it: that starts at checkout."""

    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once_per_variant"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cart_line_quantity_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant_id}"
