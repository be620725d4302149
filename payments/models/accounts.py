"""Connected accounts: where transfers go."""

from __future__ import annotations

from django.db import models

from payments.models.calls import StripeCall


class ConnectedAccount(models.Model):
    """An account at Stripe that we asked for on behalf of somebody, as Stripe last showed it.

    Of its bank only the last four digits and a mark are kept: the mark tells one bank account from another.
    """

    account_id = models.CharField(max_length=255, unique=True)
    call = models.OneToOneField(
        StripeCall, on_delete=models.PROTECT, related_name="account", help_text="Our own call that made it."
    )
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    takes_transfers = models.BooleanField(default=False)
    charges_enabled = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    is_closed = models.BooleanField(default=False, help_text="Stripe knows no such account any more.")
    wanted = models.JSONField(default=list, help_text="What Stripe still wants to know, in its own words.")
    disabled_reason = models.CharField(max_length=100, blank=True)
    bank_last4 = models.CharField(max_length=4, blank=True)
    bank_mark = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(help_text="When Stripe last showed it.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sweep's last question.")

    class Meta:
        indexes = [models.Index(fields=["subject"], name="connected_account_subject")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.subject}"
