"""The chart of accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Account(models.Model):
    """One purpose of the chart for one owner in one currency; made when a posting first names it, never deleted."""

    class Restriction(models.TextChoices):
        WITHOUT = "without", "Without donor restrictions"
        PURPOSE = "purpose", "With donor restrictions: purpose"
        TIME = "time", "With donor restrictions: time"
        PERPETUAL = "perpetual", "With donor restrictions: perpetual"

    # Four bytes, not eight: a posting carries this number twice, and again in two indexes.
    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=8)
    purpose = models.CharField(max_length=40)
    owner = models.CharField(max_length=80, blank=True, help_text="Such as partner:7; empty for our own.")
    currency = models.CharField(max_length=3)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=12)
    restriction = models.CharField(max_length=12, choices=Restriction.choices, default=Restriction.WITHOUT)
    functional_class = models.CharField(max_length=20, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "owner", "currency"], name="account_once"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_in_one_currency"),
            models.CheckConstraint(
                condition=Q(type__in=["asset", "liability", "net_assets", "income", "expense"]),
                name="account_type_known",
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[a-z]{3}$"), name="account_currency_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code}/{self.owner}" if self.owner else self.code
