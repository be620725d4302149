"""The aftercare organisations that shares are promised to."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse


class Partner(models.Model):
    """One partner organisation; its money is kept in the ledger under `owner`."""

    class Service(models.TextChoices):
        HOUSING = "housing", "Housing"
        THERAPY = "therapy", "Therapy"
        MEDICAL = "medical", "Medical care"
        LEGAL = "legal", "Legal help"
        EDUCATION = "education", "Education"
        JOB_TRAINING = "job_training", "Job training"
        EMPLOYMENT = "employment", "Employment"
        PEER_SUPPORT = "peer_support", "Peer support"
        MENTORING = "mentoring", "Mentoring"
        BASIC_NEEDS = "basic_needs", "Basic needs"
        CASE_MANAGEMENT = "case_management", "Case management"

    class Stage(models.TextChoices):
        RESCUE = "rescue", "Rescue"
        RECOVERY = "recovery", "Recovery"
        REINTEGRATION = "reintegration", "Reintegration"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Payouts paused"
        CLOSED = "closed", "Closed"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True, help_text="In the partner's own words.")
    services = ArrayField(models.CharField(max_length=20, choices=Service.choices), default=list, blank=True)
    stages = ArrayField(models.CharField(max_length=20, choices=Stage.choices), default=list, blank=True)
    story = models.TextField(blank=True, help_text="In the partner's own words; never about one person served.")
    website = models.URLField(blank=True)
    ein = models.CharField("EIN", max_length=20, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    remittance_email = models.EmailField(
        blank=True, help_text="Is told of each payout, and of each change of where the payouts go."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("partners:partner", args=[self.slug])

    @property
    def owner(self) -> str:
        """How the ledger names the owner of this partner's accounts."""
        return f"partner:{self.pk}"

    @property
    def service_names(self) -> list[str]:
        return [str(Partner.Service(service).label) for service in self.services]

    @property
    def stage_names(self) -> list[str]:
        return [str(Partner.Stage(stage).label) for stage in self.stages]
