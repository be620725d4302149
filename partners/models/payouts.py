"""Payouts: what is sent to partners, approved by a second person, each cent attributed to an allocation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.allocations import Allocation
from partners.models.destinations import Method, PayoutDestination
from partners.models.organisations import Partner


class PayoutPolicy(models.Model):
    """The organisation's payout settings: one row; without it the defaults hold (rules/ledger.md section 6)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    refund_window_days = models.PositiveSmallIntegerField(default=14)
    minimum_minor = models.PositiveIntegerField(default=2500, help_text="Smaller sums are carried forward.")
    destination_wait_days = models.PositiveSmallIntegerField(
        default=1, help_text="Days between the call-back and the first payout to a changed destination."
    )

    prenote_wait_days = models.PositiveSmallIntegerField(
        default=3, help_text="Bank days after a prenote before its account is paid by ACH."
    )

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
    revision = models.PositiveIntegerField(default=0, help_text="How often it was edited; no approval survives one.")
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
    """One partner's payment in a batch; `reference` is written into the bank transfer and found on the bank line.

    How it is sent, and how often, are its attempts; `state` is where the latest of them stands.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        SUBMITTING = "submitting", "Being sent"
        UNKNOWN = "unknown", "Nobody knows yet whether it left"
        IN_FLIGHT = "in_flight", "On its way"
        SETTLED = "settled", "Reached the partner's bank"
        FAILED = "failed", "Did not leave; owed again"
        RETURNED = "returned", "Came back; owed again"
        RELEASED = "released", "Taken out"

    Method = Method
    UNDER_WAY = (State.SUBMITTING, State.UNKNOWN, State.IN_FLIGHT)
    LET_GO = (State.RETURNED, State.RELEASED)

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.BANK)
    destination = models.CharField(max_length=80, help_text="As it was when proposed; never a full account number.")
    paid_to = models.ForeignKey(
        PayoutDestination,
        null=True,
        on_delete=models.PROTECT,
        related_name="payouts",
        help_text="Empty for payouts from before destinations were kept.",
    )
    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    settled_on = models.DateField(null=True, blank=True, help_text="The day on which the ledger counts it as paid.")
    returned_on = models.DateField(null=True, blank=True, help_text="The day on which the ledger counts it as back.")

    class Meta:
        ordering = ["batch", "partner__name"]
        indexes = [
            models.Index(fields=["partner", "settled_on"], name="partner_payout_paid"),
            models.Index(
                fields=["state"], condition=Q(state__in=["submitting", "unknown", "failed"]), name="payout_to_look_at"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "partner"], condition=~Q(state="released"), name="payout_one_per_partner_and_batch"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_more_than_zero"),
            models.CheckConstraint(
                condition=Q(state="settled", settled_on__isnull=False, returned_on__isnull=True)
                | Q(state="returned", settled_on__isnull=False, returned_on__isnull=False)
                | (~Q(state__in=["settled", "returned"]) & Q(settled_on__isnull=True, returned_on__isnull=True)),
                name="payout_settled_and_returned_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def ref(self) -> str:
        """How the ledger names what its entries are about."""
        return f"payout:{self.pk}"


class PayoutAttempt(models.Model):
    """One try to send a payout: booked before anything leaves, with a key of its own that is never used again.

    What it says is frozen when it starts; only its state, what it is called outside and what ended it are added
    (migration 0009). At most one of a payout is under way or has arrived.
    """

    class State(models.TextChoices):
        SUBMITTING = "submitting", "Being sent"
        UNKNOWN = "unknown", "Nobody knows yet whether it left"
        IN_FLIGHT = "in_flight", "On its way"
        SETTLED = "settled", "Arrived"
        FAILED = "failed", "Did not leave"
        VOIDED = "voided", "Cheque voided"
        RETURNED = "returned", "Came back"

    payout = models.ForeignKey(PartnerPayout, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=60, unique=True, help_text="Its idempotency key, such as payout:12:1.")
    method = models.CharField(max_length=8, choices=Method.choices)
    paid_to = models.ForeignKey(PayoutDestination, null=True, on_delete=models.PROTECT, related_name="attempts")
    amount_minor = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUBMITTING)
    external_id = models.CharField(
        max_length=120, blank=True, help_text="Such as stripe:transfer:tr_1, ach:0910000190000001 or cheque:7:1001."
    )
    failure_code = models.CharField(max_length=60, blank=True, help_text="Such as R03, balance_insufficient, stale.")
    sent_entry = models.OneToOneField(
        "ledger.Entry", on_delete=models.PROTECT, related_name="+", help_text="Phase 1: out of payable, in flight."
    )
    settled_entry = models.OneToOneField(
        "ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+", help_text="Phase 2: it left our money."
    )
    back_entry = models.OneToOneField(
        "ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+", help_text="Payable again."
    )
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["payout", "number"]
        constraints = [
            models.UniqueConstraint(fields=["payout", "number"], name="payout_attempt_numbered"),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="payout_attempt_known_outside_once"
            ),
            models.UniqueConstraint(
                fields=["payout"],
                condition=Q(state__in=["submitting", "unknown", "in_flight", "settled"]),
                name="payout_attempt_one_alive",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_attempt_more_than_zero"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["submitting", "unknown", "in_flight"],
                    settled_entry__isnull=True,
                    back_entry__isnull=True,
                    ended_at__isnull=True,
                )
                | Q(state="settled", settled_entry__isnull=False, back_entry__isnull=True, ended_at__isnull=False)
                | Q(
                    state__in=["failed", "voided"],
                    settled_entry__isnull=True,
                    back_entry__isnull=False,
                    ended_at__isnull=False,
                )
                | Q(state="returned", settled_entry__isnull=False, back_entry__isnull=False, ended_at__isnull=False),
                name="payout_attempt_is_booked",
            ),
        ]

    def __str__(self) -> str:
        return self.key


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
