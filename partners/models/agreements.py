"""Agreements: which percentage of what is promised to whom, and from when to when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from partners.models.organisations import Partner
from partners.terms import Basis, FeeEstimate, LimitPeriod, Limits, Per, Terms


class Agreement(models.Model):
    """One version of one promise. Once active it is frozen by a trigger; a change is a new version."""

    Per = Per
    Basis = Basis

    class Recognition(models.TextChoices):
        GRANT = "grant", "Our grant to the partner"
        AGENCY = "agency", "The donor's gift, passed on as agent"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        ENDED = "ended", "Ended early"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="agreements")
    series = models.CharField(max_length=120, help_text="What the versions of one promise have in common.")
    version = models.PositiveIntegerField()
    scope_key = models.CharField(max_length=120, help_text="Such as product:valor-tassel-earrings, shop or gifts.")
    scope_label = models.CharField(max_length=120, help_text="What a buyer calls it, such as Valor tassel earrings.")
    per = models.CharField(max_length=8, choices=Per.choices, default=Per.PERCENT)
    rate_num = models.PositiveIntegerField(help_text="0 where an amount is promised.")
    rate_den = models.PositiveIntegerField()
    each_minor = models.PositiveBigIntegerField(default=0, help_text="For each piece, order or gift; 0 for a rate.")
    currency = models.CharField(max_length=3, default="usd")
    basis = models.CharField(max_length=12, choices=Basis.choices)
    fee_estimate_bp = models.PositiveSmallIntegerField(
        default=0, help_text="The card fee that pages assume, in basis points, where the share is net of it."
    )
    fee_estimate_fixed_minor = models.PositiveSmallIntegerField(default=0, help_text="And its fixed part.")
    cap_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="At most, in its period.")
    minimum_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="Guaranteed, in its period.")
    limit_period = models.CharField(max_length=6, choices=LimitPeriod.choices, default=LimitPeriod.SERIES)
    recognition = models.CharField(max_length=8, choices=Recognition.choices, default=Recognition.GRANT)
    starts_on = models.DateField(help_text="First day, in the organisation's zone.")
    ends_on = models.DateField(help_text="Last day, included, in the organisation's zone.")
    stacking_set = models.SlugField(max_length=60, blank=True, help_text="Agreements that apply together share it.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="agreements_prepared"
    )
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements_approved"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements_ended"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["partner", "series", "version"]
        indexes = [models.Index(fields=["scope_key", "starts_on", "ends_on"], name="agreement_in_force")]
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=Q(per="percent", rate_num__gt=0, rate_num__lte=F("rate_den"), each_minor=0)
                | Q(per__in=["unit", "payment"], rate_num=0, rate_den=1, each_minor__gt=0),
                name="agreement_promises_a_rate_or_an_amount",
            ),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="agreement_starts_before_it_ends"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("prepared_by")),
                name="agreement_approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", approved_by__isnull=True, approved_at__isnull=True)
                | (~Q(state="draft") & Q(approved_by__isnull=False, approved_at__isnull=False)),
                name="agreement_active_only_once_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_by__isnull=False, ended_at__isnull=False)
                | (~Q(state="ended") & Q(ended_by__isnull=True, ended_at__isnull=True)),
                name="agreement_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(
                    basis__in=["net_goods", "gross", "net_of_fees", "net_of_cost"],
                    scope_key__regex=r"^(shop|(variant|product|collection):.+)$",
                )
                | Q(
                    basis__in=["gift_part", "gross", "net_of_fees"],
                    scope_key__regex=r"^(gifts|(fund|campaign):.+)$",
                ),
                name="agreement_figured_on_what_its_scope_has",
            ),
            models.CheckConstraint(
                condition=Q(per="percent")
                | Q(per="unit", basis="net_goods")
                | Q(per="payment", basis__in=["net_goods", "gift_part"]),
                name="agreement_amount_of_what_is_paid",
            ),
            models.CheckConstraint(
                condition=Q(recognition="grant") | Q(scope_key__regex=r"^(gifts|(fund|campaign):.+)$"),
                name="agreement_agency_is_of_gifts",
            ),
            models.CheckConstraint(
                condition=(Q(cap_minor__isnull=True) | Q(cap_minor__gt=0))
                & (Q(minimum_minor__isnull=True) | Q(minimum_minor__gt=0))
                & (Q(cap_minor__isnull=True) | Q(minimum_minor__isnull=True) | Q(minimum_minor__lte=F("cap_minor"))),
                name="agreement_minimum_within_its_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} v{self.version}"

    @property
    def terms(self) -> Terms:
        """Its figures, as arithmetic and pages take them."""
        return Terms(
            agreement_id=self.pk,
            per=self.per,
            rate_num=self.rate_num,
            rate_den=self.rate_den,
            each_minor=self.each_minor,
            currency=self.currency,
            basis=self.basis,
            stacking_set=self.stacking_set,
            fee_estimate=FeeEstimate(self.fee_estimate_bp, self.fee_estimate_fixed_minor),
            limits=self.limits,
        )

    @property
    def limits(self) -> Limits:
        return Limits(self.cap_minor, self.minimum_minor, self.limit_period)
