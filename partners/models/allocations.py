"""What each payment gave each partner: written once, together with its ledger entry."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from partners.models.agreements import Agreement

ACCRUAL = "accrual"  # the cause of a payment's own share


def allocation_ref(source: str, charge_ref: str, agreement_id: int, cause: str = ACCRUAL) -> str:
    """A share by what is known before its row is: "allocation:order:1042:stripe:charge:ch_1:7".

    What was added to it later has its cause as well: "…:7:room:stripe:refund:re_1".
    """
    ref = f"allocation:{source}:{charge_ref}:{agreement_id}"
    return ref if cause == ACCRUAL else f"{ref}:{cause}"


class Allocation(models.Model):
    """The share of one payment under one agreement, and what was added to it; append-only by trigger.

    Added is what a refund under the same cap makes room for ("room:stripe:refund:re_1"). What a minimum adds
    ("minimum:0") belongs to no payment: its source is the period, and it was paid with nothing.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="allocations")
    source = models.CharField(max_length=60, help_text="What was paid, such as order:1042 or gift:7.")
    charge_ref = models.CharField(max_length=120, help_text="The payment, such as stripe:charge:ch_1.")
    cause = models.CharField(max_length=140, default=ACCRUAL, help_text="The payment itself, or what added to it.")
    paid_minor = models.BigIntegerField(help_text="Paid for its lines, after discounts, before tax and shipping.")
    basis_minor = models.BigIntegerField()
    uncapped_minor = models.BigIntegerField(help_text="What it would be without a cap.")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    bound_on = models.DateField(help_text="Local day on which the promise bound: checkout, or a gift's charge.")
    earned_at = models.DateTimeField(help_text="When it was paid, by the processor's clock.")
    earned_on = models.DateField(help_text="The day on which the ledger counts it.")
    entry = models.OneToOneField(
        "ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty for a share of 0."
    )

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["agreement", "earned_on"], name="allocation_by_month")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "charge_ref", "agreement", "cause"], name="allocation_once_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(cause="accrual", amount_minor__gte=0, amount_minor__lte=F("basis_minor"), basis_minor__gt=0)
                | (~Q(cause="accrual") & Q(amount_minor__gt=0, basis_minor=0, paid_minor=0)),
                name="allocation_of_a_basis_or_added",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=0, entry__isnull=True) | Q(amount_minor__gt=0, entry__isnull=False),
                name="allocation_has_its_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} for agreement {self.agreement_id}"

    @property
    def ref(self) -> str:
        """What its entries are named after."""
        return allocation_ref(self.source, self.charge_ref, self.agreement_id, self.cause)


class AllocationLine(models.Model):
    """An allocation's part for one order line or gift; the parts sum to the allocation."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="lines")
    line_ref = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    design = models.CharField(max_length=120, help_text="Kept as sold, so that a statement never changes.")
    units = models.PositiveIntegerField()
    paid_minor = models.BigIntegerField()
    basis_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    uncapped_minor = models.BigIntegerField(null=True, help_text="Without a cap; empty where there is none.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["allocation", "line_ref"], name="allocation_line_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0, basis_minor__gte=0), name="allocation_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.label
