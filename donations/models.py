"""Funds, campaigns, gifts and monthly plans. The commitment is ours; Stripe carries it out (rules/giving.md 1)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from partners.vague_words import refuse_vague_words
from people.models import Supporter


class Fund(models.Model):
    """What a gift is for. A restricted fund's money stays with its purpose, also after the fund closes."""

    class Restriction(models.TextChoices):
        NONE = "none", "Used where it is needed most"
        PURPOSE = "purpose", "Kept for the purpose of the fund"
        DONOR = "donor", "Kept for what the donor asked"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=300, help_text="One sentence that the give page shows.")
    restriction = models.CharField(max_length=7, choices=Restriction.choices, default=Restriction.PURPOSE)
    minimum_minor = models.PositiveIntegerField(default=100)
    maximum_minor = models.PositiveIntegerField(default=1_000_000)
    opens_on = models.DateField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True, help_text="The last day on which it takes gifts.")
    successor = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField(default=0, help_text="The first open fund is offered first.")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_minor__gt=0, maximum_minor__gte=F("minimum_minor")), name="fund_limits_in_order"
            ),
            models.CheckConstraint(condition=~Q(successor=F("pk")), name="fund_succeeds_another"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What givers read says how much is given on, or nothing of it."""
        refuse_vague_words(self, "name", "purpose")


class Tier(models.Model):
    """An amount that the give page offers."""

    fund = models.ForeignKey(Fund, on_delete=models.CASCADE, related_name="tiers")
    amount_minor = models.PositiveIntegerField()
    label = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["amount_minor"]
        constraints = [
            models.UniqueConstraint(fields=["fund", "amount_minor"], name="tier_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="tier_above_zero"),
        ]

    def __str__(self) -> str:
        return self.label or str(self.amount_minor)


class Campaign(models.Model):
    """A goal counted in new monthly members within a window of local days, both inclusive."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="campaigns")
    goal_members = models.PositiveIntegerField()
    opens_on = models.DateField()
    closes_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(goal_members__gt=0), name="campaign_goal_above_zero"),
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="campaign_window_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):
    """A promise to give each month. The row comes before Stripe knows of it; the first paid invoice makes it active."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for the first payment"
        EXPIRED = "expired", "Never started"
        ACTIVE = "active", "Active"
        RETRYING = "retrying", "Payment failed, being tried again"
        PAUSED = "paused", "Paused"
        LAPSED = "lapsed", "Ended after failed payments"
        CANCELLED = "cancelled", "Stopped"

    LIVING: ClassVar[tuple[str, ...]] = (State.ACTIVE, State.RETRYING, State.PAUSED)

    attempt_key = models.CharField(max_length=80, unique=True)
    form_key = models.UUIDField(db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    supporter = models.ForeignKey(Supporter, null=True, blank=True, on_delete=models.PROTECT, related_name="plans")
    email = models.EmailField(help_text="As typed; proves nothing.")
    name = models.CharField(max_length=200, blank=True)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="plans")
    amount_minor = models.PositiveIntegerField(help_text="What is charged each month.")
    fee_cover_minor = models.PositiveIntegerField(default=0, help_text="What of it covers the fee.")
    anchor_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Stripe's own day of the month, in UTC; empty where Stripe was never asked."
    )
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the first gift was paid.")
    next_at = models.DateTimeField(null=True, blank=True, help_text="Stripe's own next date.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Stripe's own next attempt at a failed payment.")
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_confirmed_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="Wall time when Stripe was last asked why its date has passed in silence."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supporter", "fund"],
                condition=Q(state__in=["active", "retrying", "paused"]),
                name="plan_one_living_per_supporter_and_fund",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="plan_amount_above_zero"),
            models.CheckConstraint(condition=Q(fee_cover_minor__lt=F("amount_minor")), name="plan_cover_is_a_part"),
            models.CheckConstraint(
                condition=Q(anchor_day__isnull=True) | Q(anchor_day__gte=1, anchor_day__lte=31), name="plan_anchor_day"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "expired", "cancelled"])
                | Q(supporter__isnull=False, started_at__isnull=False),
                name="plan_started_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(cancel_requested_at__isnull=True) | Q(state__in=["cancelled", "lapsed"]),
                name="plan_asked_to_stop_is_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["cancel_requested_at"],
                condition=Q(cancel_requested_at__isnull=False, cancel_confirmed_at__isnull=True),
                name="plan_stopping",
            )
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """How other packages name this plan: `plan:3`."""
        return f"plan:{self.pk}"

    @property
    def is_living(self) -> bool:
        return self.state in self.LIVING

    @property
    def is_stopping(self) -> bool:
        """Our word is given and Stripe's is not back yet."""
        return self.cancel_requested_at is not None and self.cancel_confirmed_at is None


class PlanSubscription(models.Model):
    """A subscription that carries, or carried, a plan; a new day of the month will mean a new one."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    subscription_ref = models.CharField(max_length=120, unique=True)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.subscription_ref


class PlanEvent(models.Model):
    """What happened to a plan, in fixed words; the database refuses to change or delete a row."""

    class Kind(models.TextChoices):
        STARTED = "started", "Started"
        TAKEN_OVER = "taken_over", "Taken over from another system"
        RETRYING = "retrying", "A payment failed"
        RECOVERED = "recovered", "A failed payment went through"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        LAPSED = "lapsed", "Ended after failed payments"
        STOP_ASKED = "stop_asked", "Stopped by the donor"
        DUPLICATE = "duplicate", "Stopped as a second plan for the same fund"
        STOPPED = "stopped", "Confirmed as stopped"
        EXPIRED = "expired", "Checkout ran out"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    word = models.CharField(max_length=40, blank=True, help_text="A reason from a fixed list; never free text.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.kind}"


class Gift(models.Model):
    """One payment given. Four amounts, never one: charged, fee cover, benefit value, refunded (rules/giving.md 1)."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for payment"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Checkout ran out"
        FAILED = "failed", "Payment failed"
        ASIDE = "aside", "Paid otherwise than asked"

    attempt_key = models.CharField(max_length=80, unique=True)
    form_key = models.UUIDField(null=True, db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    supporter = models.ForeignKey(Supporter, null=True, blank=True, on_delete=models.PROTECT, related_name="gifts")
    email = models.EmailField(blank=True, help_text="As typed; proves nothing.")
    name = models.CharField(max_length=200, blank=True)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="gifts")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="gifts")
    charged_minor = models.PositiveIntegerField()
    fee_cover_minor = models.PositiveIntegerField(default=0)
    benefit_fmv_minor = models.PositiveIntegerField(default=0)
    refunded_minor = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    charge_ref = models.CharField(max_length=120, null=True, blank=True, unique=True)
    invoice_ref = models.CharField(max_length=120, null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(charged_minor__gt=0)
                & Q(fee_cover_minor__lt=F("charged_minor"))
                & Q(refunded_minor__lte=F("charged_minor")),
                name="gift_amounts_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid")
                | Q(supporter__isnull=False, paid_at__isnull=False, charge_ref__isnull=False),
                name="gift_paid_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(plan__isnull=True, invoice_ref__isnull=True)
                | Q(plan__isnull=False, invoice_ref__isnull=False),
                name="gift_of_a_plan_has_an_invoice",
            ),
        ]
        indexes = [models.Index(fields=["supporter", "-paid_at"], name="gift_history")]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """How other packages name this gift: `gift:7`."""
        return f"gift:{self.pk}"

    @property
    def gift_part_minor(self) -> int:
        """What goals and partner shares are figured on: the charge without the fee cover."""
        return self.charged_minor - self.fee_cover_minor

    @property
    def other_parts_minor(self) -> tuple[int, ...]:
        """What else its charge paid for, beside the gift part."""
        return (self.fee_cover_minor,)


class GiftRefund(models.Model):
    """One refund or dispute of a gift. Its parts are split once, when money is first seen to move."""

    class Cause(models.TextChoices):
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Dispute"

    class State(models.TextChoices):
        ASKED = "asked", "Asked of Stripe"
        REFUSED = "refused", "Refused by Stripe"
        PENDING = "pending", "On its way"
        MADE = "made", "Given back"
        FAILED = "failed", "Came back to us"
        DISPUTED = "disputed", "Taken by the donor's bank"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    CLAIMS = (State.PENDING, State.MADE, State.DISPUTED, State.LOST)  # its parts cannot go back once more
    GONE = (State.MADE, State.LOST)

    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, related_name="refunds")
    cause = models.CharField(max_length=7, choices=Cause.choices, default=Cause.REFUND)
    cause_ref = models.CharField(max_length=120, blank=True, help_text="Such as stripe:refund:re_1; empty until known.")
    state = models.CharField(max_length=8, choices=State.choices)
    amount_minor = models.BigIntegerField()
    gift_minor = models.BigIntegerField(default=0)
    cover_minor = models.BigIntegerField(default=0)
    surplus_minor = models.BigIntegerField(default=0, help_text="Taken above what was left of the gift.")
    aside_of = models.CharField(
        max_length=120,
        blank=True,
        db_default="",
        help_text="The payment in suspense that it goes back of; empty: of the gift itself.",
    )
    prior_year = models.BooleanField(default=False, help_text="The gift's fiscal year was closed when it went back.")
    form_key = models.CharField(max_length=40, blank=True, help_text="One per form that staff sent.")
    code = models.CharField(max_length=60, blank=True, help_text="Stripe's word for why not, or the bank's for why.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(help_text="When it was asked for, or first heard of.")
    moved_at = models.DateTimeField(null=True, blank=True, help_text="When the money moved last; Stripe's time.")
    answer_by = models.DateTimeField(null=True, blank=True, help_text="Until when the bank hears us; Stripe's time.")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="When staff looked at what was not theirs.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cause_ref"], condition=~Q(cause_ref=""), name="gift_refund_cause_once"),
            models.UniqueConstraint(fields=["form_key"], condition=~Q(form_key=""), name="gift_refund_form_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="gift_refund_above_zero"),
            models.CheckConstraint(
                condition=Q(gift_minor__gte=0, cover_minor__gte=0, surplus_minor__gte=0),
                name="gift_refund_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "refused", "failed"])
                | ~Q(aside_of="")
                | Q(amount_minor=F("gift_minor") + F("cover_minor") + F("surplus_minor")),
                name="gift_refund_parts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(cause="refund", state__in=["asked", "refused", "pending", "made", "failed"])
                | Q(cause="dispute", state__in=["disputed", "won", "lost"]),
                name="gift_refund_state_of_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "refused", "failed"]) | ~Q(cause_ref=""), name="gift_refund_has_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} ({self.state})"

    @property
    def ref(self) -> str:
        """How a request names itself to the processor."""
        return f"gift_refund:{self.pk}"
