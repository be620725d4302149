"""What sales of before Tassel brought the partners, settled long ago: history, and no part of the books."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from partners.models.organisations import Partner


class PastShare(models.Model):
    """A partner's settled share of one line of a sale of before the books began. Nothing is owed by it, ever."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="past_shares")
    source = models.CharField(max_length=80, help_text="Such as past_sale:7.")
    sold_on = models.DateField()
    design = models.CharField(max_length=120)
    units = models.PositiveIntegerField()
    basis_minor = models.BigIntegerField(help_text="Its price after discounts, before tax and shipping.")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        indexes = [
            models.Index(fields=["partner", "sold_on"], name="past_share_by_partner"),
            models.Index(fields=["source"], name="past_share_source"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0, basis_minor__gte=0, amount_minor__gt=0)
                & Q(amount_minor__lte=F("basis_minor")),
                name="past_share_is_a_part",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.amount_minor}"
