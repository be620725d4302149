"""Payouts: what is sent to partners, approved by a second person, each cent attributed to an allocation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.allocations import Allocation
from partners.models.organisations import Partner


class PayoutPolicy(models.Model):
    """The organisation's payout settings: one row; without it the defaults hold (rules/ledger.md section 6)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    refund_window_days = models.PositiveSmallIntegerField(default=14)
    minimum_minor = models.PositiveIntegerField(default=2500, help_text="Smaller sums are carried forward.")

    class Meta:
        verbose_name_plural = "payout policy"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="payout_policy_only_one")]

    def __str__(self) -> str:
        return f"after {self.refund_window_days} days, from {self.minimum_minor}"


class PayoutBatch(models.Model):
    """One payout run. Its approval signs the hash of its lines (`partners.batch_content`)."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for approval"
        APPROVED = "approved", "Approved, to be sent"
        SENT = "sent", "Sent, on its way"
        SETTLED = "settled", "Settled"
        REFUSED = "refused", "Refused"

    currency = models.CharField(max_length=3)
    as_of = models.DateField(help_text="Cut-off day (local), to which the refund window is measured.")
    through_seq = models.IntegerField(help_text="Cut-off sequence: figured from the entries sealed up to here.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    content_hash = models.CharField(max_length=64)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches_proposed")
    proposed_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="batches_sent"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "payout batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["sent", "settled"], sent_by__isnull=False, sent_at__isnull=False)
                | (~Q(state__in=["sent", "settled"]) & Q(sent_by__isnull=True, sent_at__isnull=True)),
                name="payout_batch_sent_by_somebody",
            ),
            models.CheckConstraint(condition=Q(through_seq__gte=0), name="payout_batch_at_a_seal"),
        ]

    def __str__(self) -> str:
        return f"Payout batch {self.pk}"

    @property
    def approval_subject(self) -> str:
        return f"payout_batch:{self.pk}"


class PartnerPayout(models.Model):
    """One partner's payment in a batch; `reference` is written into the bank transfer and found on the bank line."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        IN_FLIGHT = "in_flight", "On its way"
        SETTLED = "settled", "Reached the partner's bank"
        RELEASED = "released", "Taken out"

    class Method(models.TextChoices):
        BANK = "bank", "Bank transfer"

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.BANK)
    destination = models.CharField(max_length=80, help_text="As it was when proposed; never a full account number.")
    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    settled_on = models.DateField(null=True, blank=True, help_text="The day on which the ledger counts it as paid.")

    class Meta:
        ordering = ["batch", "partner__name"]
        indexes = [models.Index(fields=["partner", "settled_on"], name="partner_payout_paid")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "partner"], condition=~Q(state="released"), name="payout_one_per_partner_and_batch"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_more_than_zero"),
            models.CheckConstraint(
                condition=Q(state="settled", settled_on__isnull=False)
                | (~Q(state="settled") & Q(settled_on__isnull=True)),
                name="payout_settled_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class PayoutItem(models.Model):
    """One cause of a payout: an allocation, or (without one) other entries on the partner's account."""

    payout = models.ForeignKey(PartnerPayout, on_delete=models.PROTECT, related_name="items")
    allocation = models.ForeignKey(
        Allocation, null=True, blank=True, on_delete=models.PROTECT, related_name="payout_items"
    )
    amount_minor = models.BigIntegerField(help_text="Negative where the partner's account was in our favour.")
    released_at = models.DateTimeField(null=True, blank=True, help_text="Set when its payout was taken out or refused.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation"], condition=Q(released_at__isnull=True), name="payout_item_pays_an_allocation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk} of {self.payout_id}"
