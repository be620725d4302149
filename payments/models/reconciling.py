"""How far the reconciler has come."""

from __future__ import annotations

from django.db import models


class ReconcileWalk(models.Model):
    """One kind of Stripe's objects in its present round: those created from `through` to `until` are still to come."""

    kind = models.CharField(max_length=40, primary_key=True)
    through = models.DateTimeField(help_text="Everything of this round created before is looked at; Stripe's time.")
    until = models.DateTimeField(help_text="Where the round ends; Stripe's time.")

    def __str__(self) -> str:
        return f"{self.kind} through {self.through:%Y-%m-%d %H:%M}"
