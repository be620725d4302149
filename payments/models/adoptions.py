"""What another system began at Stripe and we carry on."""

from __future__ import annotations

from django.db import models

from people.models import Supporter


class StripeCustomer(models.Model):
    """A customer at Stripe, and who that is with us; an address that we know already names who we know already."""

    customer_id = models.CharField(max_length=255, unique=True)
    supporter = models.ForeignKey(Supporter, on_delete=models.PROTECT, related_name="+")
    taken_over_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.customer_id


class AdoptedSubscription(models.Model):
    """A subscription of another system that carries something of ours since; its own metadata need not say so."""

    subscription_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    taken_over_at = models.DateTimeField()
    caught_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When what it had paid since the books began was told."
    )

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.subject}"
