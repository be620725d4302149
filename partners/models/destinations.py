"""Where a partner's payouts go, and what keeps them back: a changed destination, a payment that came back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from partners.models.organisations import Partner


class Method(models.TextChoices):
    """How money leaves for a partner."""

    BANK = "bank", "Bank transfer"
    CONNECT = "connect", "Stripe transfer"
    ACH = "ach", "ACH file"
    CHEQUE = "cheque", "Cheque"
    MANUAL = "manual", "Another way"

    @property
    def is_out_of_sight(self) -> bool:
        """Whether only the person who sends it knows if it is out: no file or call of ours carries it."""
        return self in (Method.CHEQUE, Method.MANUAL)


class PayoutDestination(models.Model):
    """Where one partner is paid: entered by one person, in use once another has called the partner back.

    What it says never changes (migration 0009): a change is a new row. `label` is what payouts, pages and mails show of
    it, never a full account number. Bank numbers lie encrypted in `sealed_numbers`, which only a change of the keys
    writes again; `fingerprint` tells whether two rows hold the same numbers without opening either, or are paid out by
    Stripe to the same bank account.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waits for the call-back"
        ACTIVE = "active", "In use"
        RETIRED = "retired", "Replaced"
        REFUSED = "refused", "Not confirmed"

    class AccountKind(models.TextChoices):
        CHECKING = "checking", "Checking"
        SAVINGS = "savings", "Savings"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="destinations")
    method = models.CharField(max_length=8, choices=Method.choices)
    label = models.CharField(max_length=80)
    stripe_account = models.CharField(max_length=255, blank=True)
    stripe_ready_at = models.DateTimeField(null=True, blank=True, help_text="When Stripe last said it takes transfers.")
    sealed_numbers = models.TextField(blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    account_kind = models.CharField(max_length=8, choices=AccountKind.choices, blank=True)
    payee = models.CharField(max_length=80, blank=True)
    address = models.TextField(blank=True, help_text="The organisation's office or box; never where anybody lives.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    content_hash = models.CharField(max_length=64, help_text="What the call-back signs.")
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="destinations_edited",
        help_text="Empty for what was in use before destinations were kept.",
    )
    edited_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["partner"], condition=Q(state="active"), name="destination_one_in_use"),
            models.UniqueConstraint(fields=["partner"], condition=Q(state="pending"), name="destination_one_pending"),
            models.CheckConstraint(
                condition=Q(method="connect") & ~Q(stripe_account="") | ~Q(method="connect") & Q(stripe_account=""),
                name="destination_stripe_account",
            ),
            models.CheckConstraint(
                condition=(Q(method="ach") & ~Q(sealed_numbers="") & ~Q(fingerprint="") & ~Q(account_kind=""))
                | Q(method="connect", sealed_numbers="", account_kind="")
                | (~Q(method__in=["ach", "connect"]) & Q(sealed_numbers="", fingerprint="", account_kind="")),
                name="destination_bank_numbers",
            ),
            models.CheckConstraint(
                condition=(Q(method="cheque") & ~Q(payee="") & ~Q(address=""))
                | (~Q(method="cheque") & Q(payee="", address="")),
                name="destination_postal_address",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", activated_at__isnull=True, ended_at__isnull=True)
                | Q(state="active", activated_at__isnull=False, ended_at__isnull=True)
                | Q(state="retired", activated_at__isnull=False, ended_at__isnull=False)
                | Q(state="refused", activated_at__isnull=True, ended_at__isnull=False),
                name="destination_state_and_times",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def approval_subject(self) -> str:
        return f"payout_destination:{self.pk}"


class DestinationEvent(models.Model):
    """How one destination went on after it was entered, and by whom. Append-only (migration 0025)."""

    class Word(models.TextChoices):
        CONFIRMED = "confirmed", "called back and in use"
        GIVEN_UP = "given_up", "given up"
        REPLACED = "replaced", "replaced"

    destination = models.ForeignKey(PayoutDestination, on_delete=models.PROTECT, related_name="events")
    word = models.CharField(max_length=9, choices=Word.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.destination_id}: {self.word}"


class PayoutHold(models.Model):
    """A partner is not paid before another person has lifted it; one for each cause. Its Approval says why in words."""

    class Reason(models.TextChoices):
        DESTINATION = "destination", "Its destination was changed and is not confirmed"
        RETURNED = "returned", "A payment came back"
        NOTICE = "notice", "The bank asks for other account details"
        STRIPE = "stripe", "Stripe does not pay its account any more"
        VOIDED = "voided", "A cheque or payment by hand was voided"
        MANUAL = "manual", "Held by hand"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="payout_holds")
    reason = models.CharField(max_length=11, choices=Reason.choices)
    cause = models.CharField(max_length=80, help_text="Such as payout_destination:7 or payout:12:returned:1.")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["cause"], name="payout_hold_once_per_cause"),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="payout_hold_lifted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("placed_by")),
                name="payout_hold_lifted_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.reason}"

    @property
    def approval_subject(self) -> str:
        return f"payout_hold:{self.pk}"
