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
        TERMS = "terms", "The contract's terms written down"
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


class AgreementTerms(models.Model):
    """What the signed contract says beside share, days and limits: the fields that states ask for as data.

    Frozen with its agreement by a trigger. Signers are named by their office; who held it stands on the paper.
    """

    class Seller(models.TextChoices):
        COMMERCIAL = "commercial", "A business for profit"
        NONPROFIT = "nonprofit", "A nonprofit"

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="contract")
    seller_type = models.CharField("who sells", max_length=10, choices=Seller.choices)
    area = models.CharField("where it is offered", max_length=200, blank=True)
    name_use = models.CharField("how the partner's name is used", max_length=500, blank=True)
    estimated_units = models.PositiveIntegerField("pieces expected to be sold", null=True, blank=True)
    paid_when = models.CharField("when the share is paid", max_length=200, blank=True)
    paid_how = models.CharField("how the share is paid", max_length=200, blank=True)
    accounting_on = models.DateField("day of the final accounting per piece", null=True, blank=True)
    statute = models.CharField("the statement that a statute asks for", max_length=1000, blank=True)
    first_signer = models.CharField("first signer for the partner", max_length=80, blank=True)
    second_signer = models.CharField("second signer for the partner", max_length=80, blank=True)

    class Meta:
        verbose_name_plural = "agreement terms"

    def __str__(self) -> str:
        return f"{self.agreement}: the contract's terms"


class Duty(models.TextChoices):
    """What a state may ask of a shop that promises a charity a share."""

    REGISTER = "register", "Register"
    BOND = "bond", "Give a bond"
    FILE = "file", "File the contract or notice"
    CONSENT = "consent", "Have the charity's written consent"
    TERMS = "terms", "Write every term into the contract"
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
