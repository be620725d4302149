"""What happened to an agreement, its signed papers, and what states ask about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from partners.models.agreements import Agreement


class AgreementEvent(models.Model):
    """One step in an agreement's life, with the file that shows it; append-only by trigger."""

    class Kind(models.TextChoices):
        PREPARED = "prepared", "Prepared"
        SIGNED = "signed", "Signed document kept"
        CONSENTED = "consented", "The partner's consent kept"
        ACTIVATED = "activated", "Activated"
        ENDED = "ended", "Ended early"
        DUTY_DONE = "duty_done", "Done for a state"

    PAPERS = (Kind.SIGNED, Kind.CONSENTED)

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    on = models.DateField(null=True, help_text="The day on the paper, or of the new end.")
    detail = models.CharField(max_length=60, blank=True, help_text="Ids and fixed words only.")
    attachment = models.ForeignKey("people.Attachment", null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["signed", "consented"]) | Q(attachment__isnull=False, on__isnull=False),
                name="agreement_event_shows_its_paper",
            )
        ]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.kind}"


class Duty(models.TextChoices):
    """What a state may ask of a shop that promises a charity a share."""

    REGISTER = "register", "Register"
    BOND = "bond", "Give a bond"
    FILE = "file", "File the contract or notice"
    CONSENT = "consent", "Have the charity's written consent"
    OFFICERS = "officers", "Have two officers of the charity sign"
    ACCOUNT = "account", "Give the final accounting"
    REPORT = "report", "File the report"


class StateRule(models.Model):
    """What one state asks, as data (rules/shop.md section 4): not legal advice, checked on a day by somebody."""

    class From(models.TextChoices):
        START = "start", "days before the first day"
        END = "end", "days after the last day"
        FEBRUARY = "february", "by 28 February after the last day"

    state = models.CharField(max_length=2)
    duty = models.CharField(max_length=8, choices=Duty.choices)
    measured_from = models.CharField(max_length=8, choices=From.choices)
    days = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=80)
    checked_on = models.DateField(help_text="When somebody last compared it with the source.")

    class Meta:
        ordering = ["state", "measured_from", "duty"]
        constraints = [models.UniqueConstraint(fields=["state", "duty"], name="state_rule_once")]

    def __str__(self) -> str:
        return f"{self.state}: {self.get_duty_display()}"


class AgreementDuty(models.Model):
    """One thing that a state asks for one agreement, with its day; kept as planned when the rule changes."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="duties")
    rule = models.ForeignKey(StateRule, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    done_on = models.DateField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["agreement", "rule"], name="agreement_duty_once")]

    def __str__(self) -> str:
        return f"{self.rule}, due {self.due_on}"
