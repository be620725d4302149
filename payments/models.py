"""What we know of the processor: events received, calls made, checkouts, charges, and its own account of our money."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from payments.readings import charge_ref

UNFINISHED_CALLS = ("intended", "sent", "unknown")


class StripeEvent(models.Model):
    """The inbox: a signed event, kept before anything is done with it (DESIGN.md section 3)."""

    class State(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        IGNORED = "ignored"
        DEAD = "dead"

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    livemode = models.BooleanField()
    account = models.CharField(max_length=255, blank=True, help_text="The connected account, when it is not ours.")
    object_id = models.CharField(max_length=255, blank=True)
    body = models.TextField()
    created_at = models.DateTimeField(help_text="Stripe's time.")
    received_at = models.DateTimeField(help_text="Wall time.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Also the fencing token of the lease.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed for a reason of our own.")
    next_attempt_at = models.DateTimeField(help_text="Wall time.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Wall time.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Wall time.")

    class Meta:
        verbose_name = "Stripe event"
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="received"), name="stripe_event_due"),
            models.Index(fields=["object_id"], name="stripe_event_object"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="received", finished_at__isnull=True)
                | (~Q(state="received") & Q(finished_at__isnull=False)),
                name="stripe_event_finished_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ignored", "dead"]) | ~Q(reason=""), name="stripe_event_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.type} ({self.state})"


class StripeCall(models.Model):
    """A call that changes something at Stripe: intended and committed first, then sent (DESIGN.md section 1.8)."""

    class State(models.TextChoices):
        INTENDED = "intended"
        SENT = "sent"
        DONE = "done"
        UNKNOWN = "unknown"
        FAILED = "failed"

    class Purpose(models.TextChoices):
        OPEN_CHECKOUT = "open_checkout"
        EXPIRE_CHECKOUT = "expire_checkout"
        CANCEL_SUBSCRIPTION = "cancel_subscription"

    purpose = models.CharField(max_length=40, choices=Purpose.choices)
    subject = models.CharField(max_length=80)
    target = models.CharField(max_length=255, blank=True, help_text="The Stripe object that is changed, if it exists.")
    idempotency_key = models.CharField(max_length=255, unique=True)
    params = models.JSONField(default=dict)
    params_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INTENDED)
    result_id = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    intended_at = models.DateTimeField(help_text="Stripe's time: how old the idempotency key is.")
    next_attempt_at = models.DateTimeField(help_text="Wall time; when the sweep may take it up.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Wall time.")

    class Meta:
        verbose_name = "Stripe call"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=UNFINISHED_CALLS),
                name="stripe_call_due",
            ),
            models.Index(fields=["subject"], name="stripe_call_subject"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(state="done") | ~Q(result_id=""), name="stripe_call_done_has_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject} ({self.state})"


class CheckoutSession(models.Model):
    """A hosted payment page of one subject; its address is kept only while it is open."""

    class State(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"
        EXPIRED = "expired"

    class PaymentStatus(models.TextChoices):
        UNPAID = "unpaid"
        PAID = "paid"
        NO_PAYMENT_REQUIRED = "no_payment_required"

    session_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    mode = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    payment_status = models.CharField(max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.UNPAID)
    failed = models.BooleanField(default=False, help_text="The awaited money will not come.")
    url = models.URLField(max_length=2000, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    subscription_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    expires_at = models.DateTimeField(help_text="Stripe's time.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sweep's last question.")

    class Meta:
        indexes = [
            models.Index(fields=["subject"], name="checkout_session_subject"),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="checkout_session_open"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state="open") | Q(url=""), name="checkout_session_url_while_open"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.subject} ({self.state})"


class Charge(models.Model):
    """One taking of money, with the payment method as it was then."""

    charge_id = models.CharField(max_length=255, unique=True)
    status = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    kind = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=80, blank=True)
    payment_intent_id = models.CharField(max_length=255, blank=True)
    customer_id = models.CharField(max_length=255, blank=True)
    method = models.CharField(max_length=40, blank=True)
    brand = models.CharField(max_length=40, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    decline_code = models.CharField(max_length=60, blank=True)
    seen_at = models.DateTimeField(help_text="Wall time when we first heard of it.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the sweep's last question.")

    class Meta:
        indexes = [models.Index(fields=["subject"], name="charge_subject")]
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="charge_amount_positive")]

    def __str__(self) -> str:
        return f"{self.charge_id} ({self.status})"

    @property
    def is_settled(self) -> bool:
        """Whether the processor has booked it."""
        return hasattr(self, "balance_transaction")

    @property
    def ref(self) -> str:
        """The word by which other packages know it: "stripe:charge:ch_1"."""
        return charge_ref(self.charge_id)


class BalanceTransaction(models.Model):
    """A line of Stripe's own account of our money; each is one ledger entry (DESIGN.md section 1.6)."""

    bt_id = models.CharField(max_length=255, unique=True)
    charge = models.OneToOneField(
        Charge, null=True, blank=True, on_delete=models.PROTECT, related_name="balance_transaction"
    )
    entry = models.OneToOneField(
        "ledger.Entry",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty only when nothing moved: amount and fee are both zero.",
    )
    source_id = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=40)
    category = models.CharField(max_length=40, help_text="Stripe's reporting category.")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.GeneratedField(
        expression=F("amount_minor") - F("fee_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    available_at = models.DateTimeField(help_text="From when the money can be paid out; Stripe's time.")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="balance_transaction_created")]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False) | Q(amount_minor=0, fee_minor=0), name="balance_transaction_is_posted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bt_id} {self.category}"


class ObjectVersion(models.Model):
    """How often a look at a Stripe object was applied: a look that began before the last one may be stale."""

    object_id = models.CharField(max_length=255, primary_key=True)
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.object_id} v{self.version}"
