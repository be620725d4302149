"""Caps and minimums: what a promise's versions may, and shall at least, come to together in a period."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from partners.models.agreements import Agreement


class AgreementTotal(models.Model):
    """One period of a promise with a cap or a minimum. Whoever changes what lies under its cap locks it first."""

    series = models.CharField(max_length=120)
    first_on = models.DateField(help_text="First local day of the period; the beginning of time for all of it.")
    last_on = models.DateField()
    currency = models.CharField(max_length=3)
    cap_minor = models.PositiveBigIntegerField(null=True)
    minimum_minor = models.PositiveBigIntegerField(null=True)
    net_minor = models.BigIntegerField(
        default=0, help_text="What its sources would come to without a cap, checkouts that are open included."
    )
    topped_up_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["series", "first_on"], name="agreement_total_once"),
            models.CheckConstraint(
                condition=Q(net_minor__gte=0, topped_up_minor__gte=0), name="agreement_total_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} from {self.first_on}"

    @property
    def ref(self) -> str:
        """What its top-ups are from: "agreement_total:3"."""
        return f"agreement_total:{self.pk}"


class CapSource(models.Model):
    """One payment, or one open checkout, under a cap. Their order is that of their ids: a waterfall (ledger.caps)."""

    class State(models.TextChoices):
        RESERVED = "reserved", "Room is kept for an open checkout"
        ACCRUED = "accrued", "Paid"
        RELEASED = "released", "Not paid in time"

    COUNTS = (State.RESERVED, State.ACCRUED)

    total = models.ForeignKey(AgreementTotal, on_delete=models.PROTECT, related_name="sources")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    charge_ref = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, choices=State.choices)
    uncapped_minor = models.BigIntegerField(help_text="Its share if there were no cap.")
    reversed_minor = models.BigIntegerField(default=0, help_text="Of that, taken back to date.")
    posted_minor = models.BigIntegerField(default=0, help_text="What stands for it in the books, reversals taken off.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["total", "id"], condition=~Q(state="released"), name="cap_waterfall"),
            models.Index(fields=["source"], name="cap_source_of"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "agreement"], condition=Q(state="reserved"), name="cap_room_reserved_once"
            ),
            models.UniqueConstraint(
                fields=["source", "charge_ref", "agreement"], condition=Q(state="accrued"), name="cap_source_once"
            ),
            models.CheckConstraint(
                condition=Q(reversed_minor__gte=0, reversed_minor__lte=F("uncapped_minor"), posted_minor__gte=0)
                & Q(posted_minor__lte=F("uncapped_minor") - F("reversed_minor")),
                name="cap_source_within_its_share",
            ),
            models.CheckConstraint(
                condition=Q(state="accrued") | Q(posted_minor=0), name="cap_source_posted_only_once_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} under {self.total_id}"

    @property
    def net_minor(self) -> int:
        return self.uncapped_minor - self.reversed_minor

    @property
    def counted_minor(self) -> int:
        """What it takes of the room under the cap, as far as there is any."""
        return 0 if self.state == CapSource.State.RELEASED else self.net_minor
