"""Who reads a partner's account on the partner's side."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from partners.models.organisations import Partner


class PartnerContact(models.Model):
    """A person of a partner who may open its figures; the role `partner contact` opens the door, this says whose."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="contacts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="partner_contacts")

    class Meta:
        ordering = ["partner", "user"]
        constraints = [models.UniqueConstraint(fields=["partner", "user"], name="partner_contact_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.partner}"
