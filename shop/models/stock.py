"""Where every piece is: movements that only grow, and holds while somebody pays."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shop.models.catalogue import Variant


class StockMovement(models.Model):
    """A change of the count on the shelf. Append-only (a trigger holds it); the sum is `Variant.on_hand`."""

    class Reason(models.TextChoices):
        COUNT = "count"
        SALE = "sale"
        RETURN = "return"
        DAMAGE = "damage"
        IMPORT = "import"

    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="Pieces: more is positive, fewer is negative.")
    reason = models.CharField(max_length=6, choices=Reason.choices)
    source = models.CharField(max_length=80, blank=True, help_text="Such as order:1042.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves_something")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.reason}"


class StockHold(models.Model):
    """Pieces set aside for one order: until its checkout ends, or without end while a bank debit is on its way."""

    class State(models.TextChoices):
        HELD = "held"
        AWAITING = "awaiting"
        RELEASED = "released"
        TAKEN = "taken"

    ON_SHELF = (State.HELD, State.AWAITING)  # counted in `Variant.reserved`

    order = models.ForeignKey("shop.Order", on_delete=models.PROTECT, related_name="holds")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="holds")
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    until = models.DateTimeField(null=True, help_text="Empty: does not end by itself.")

    class Meta:
        ordering = ["variant_id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="hold_once_per_order_and_variant"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="hold_quantity_above_zero"),
            models.CheckConstraint(condition=~Q(state="held") | Q(until__isnull=False), name="hold_has_an_end"),
        ]
        indexes = [models.Index(fields=["until"], condition=Q(state="held"), name="hold_due")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant_id} {self.state}"
