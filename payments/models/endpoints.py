"""Whether Stripe was seen to send us what we read."""

from __future__ import annotations

from django.db import models


class EndpointCheck(models.Model):
    """Our webhook endpoint was right at Stripe for what a version reads at an address, both hashed in the key."""

    reads = models.CharField(max_length=64, primary_key=True)
    passed_at = models.DateTimeField(help_text="Wall time of the last time.")

    def __str__(self) -> str:
        return f"{self.reads[:8]} passed {self.passed_at:%Y-%m-%d %H:%M}"
