"""Accounts at Stripe that partners are to be paid into: asked for by staff, answered for by the partner."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.organisations import Partner


class PartnerAccount(models.Model):
    """A Stripe account for one partner, from the moment somebody asked for it.

    It is no destination yet: that is made once the account takes transfers, and is called back as any other. What is
    here is how it stood when we last heard of it; the rest is the processor's own to tell (`payments`).
    """

    class State(models.TextChoices):
        ASKED = "asked", "Being made at Stripe"
        MADE = "made", "There"
        REFUSED = "refused", "Stripe did not make it"
        CLOSED = "closed", "Closed at Stripe"

    LIVE = (State.ASKED, State.MADE)

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="stripe_accounts")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    stripe_account = models.CharField(max_length=255, blank=True)
    takes_transfers = models.BooleanField(default=False)
    bank_last4 = models.CharField(max_length=4, blank=True)
    bank_mark = models.CharField(max_length=64, blank=True, help_text="Tells one bank account at Stripe from another.")
    losses = models.PositiveSmallIntegerField(default=0, help_text="How often it stopped taking transfers.")
    refusal = models.CharField(max_length=60, blank=True, help_text="Stripe's word for why it was not made.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner"], condition=Q(state__in=["asked", "made"]), name="partner_account_one_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["stripe_account"], condition=~Q(stripe_account=""), name="partner_account_of_one_partner"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "refused"], stripe_account="", takes_transfers=False)
                | (Q(state="made") & ~Q(stripe_account=""))
                | (Q(state="closed", takes_transfers=False) & ~Q(stripe_account="")),
                name="partner_account_made_has_an_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.get_state_display()}"

    @property
    def ref(self) -> str:
        """Its subject and the key of its call: "partner_account:3"."""
        return f"partner_account:{self.pk}"


class OnboardingLink(models.Model):
    """Who was led to Stripe's questions for a partner, where bank details are typed. Never changed (migration 0018).

    Whoever of us was there does not confirm the destination that came of it.
    """

    account = models.ForeignKey(PartnerAccount, on_delete=models.PROTECT, related_name="links")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the partner, by the link that was sent to it.",
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"onboarding_link:{self.pk}"
