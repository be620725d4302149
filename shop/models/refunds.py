"""What went back of an order, and of which part: refunds, and what buyers' banks took."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from shop.models.orders import Order, OrderLine


class OrderRefund(models.Model):
    """One refund or dispute of one payment of an order. Its parts are split once, when money is first seen to move."""

    class Cause(models.TextChoices):
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Dispute"

    class State(models.TextChoices):
        ASKED = "asked", "Asked of Stripe"
        REFUSED = "refused", "Refused by Stripe"
        PENDING = "pending", "On its way"
        MADE = "made", "Given back"
        FAILED = "failed", "Came back to us"
        DISPUTED = "disputed", "Taken by the buyer's bank"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    class Because(models.TextChoices):
        RETURNED = "returned", "The buyer sent pieces back"
        DAMAGED = "damaged", "Pieces arrived damaged, or not at all"
        GOODWILL = "goodwill", "Goodwill"
        NOT_SOLD = "not_sold", "Charged without a sale"
        AT_STRIPE = "at_stripe", "Made at Stripe"

    class Aside(models.TextChoices):
        NOT_ASIDE = ""
        DEPOSITS = "deposits", "Customer deposits"
        SUSPENSE = "suspense", "Suspense"

    CLAIMS = (State.PENDING, State.MADE, State.DISPUTED, State.LOST)  # its parts cannot go back once more
    GONE = (State.MADE, State.LOST)
    UNDER_WAY = (State.ASKED, State.PENDING)

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    charge_ref = models.CharField(max_length=80, help_text="The payment that it goes back of.")
    cause = models.CharField(max_length=7, choices=Cause.choices, default=Cause.REFUND)
    cause_ref = models.CharField(max_length=120, blank=True, help_text="Such as stripe:refund:re_1; empty until known.")
    state = models.CharField(max_length=8, choices=State.choices)
    because = models.CharField(max_length=9, choices=Because.choices, default=Because.AT_STRIPE)
    part = models.CharField(max_length=30, blank=True, help_text="line:7 or shipping; empty: spread over all parts.")
    aside = models.CharField(
        max_length=8, choices=Aside.choices, blank=True, help_text="The payment bought nothing and lies there."
    )
    amount_minor = models.BigIntegerField()
    goods_minor = models.BigIntegerField(default=0)
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    surplus_minor = models.BigIntegerField(default=0, help_text="Taken above what was left of the payment.")
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
            models.UniqueConstraint(fields=["cause_ref"], condition=~Q(cause_ref=""), name="order_refund_cause_once"),
            models.UniqueConstraint(fields=["form_key"], condition=~Q(form_key=""), name="order_refund_form_once"),
            models.UniqueConstraint(
                fields=["charge_ref"],
                condition=Q(because="not_sold", asked_by__isnull=True, cause="refund"),
                name="order_refund_by_itself_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="order_refund_above_zero"),
            models.CheckConstraint(
                condition=Q(goods_minor__gte=0, shipping_minor__gte=0, tax_minor__gte=0, surplus_minor__gte=0),
                name="order_refund_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "refused", "failed"])
                | ~Q(aside="")
                | Q(amount_minor=F("goods_minor") + F("shipping_minor") + F("tax_minor") + F("surplus_minor")),
                name="order_refund_parts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(cause="refund", state__in=["asked", "refused", "pending", "made", "failed"])
                | Q(cause="dispute", state__in=["disputed", "won", "lost"]),
                name="order_refund_state_of_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "refused", "failed"]) | ~Q(cause_ref=""), name="order_refund_has_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} ({self.state})"

    @property
    def ref(self) -> str:
        """How a request names itself to the processor."""
        return f"order_refund:{self.pk}"

    @property
    def is_automatic(self) -> bool:
        """Whether nobody asked for it: what bought nothing goes back by itself."""
        return self.because == self.Because.NOT_SOLD and self.asked_by_id is None and self.cause == self.Cause.REFUND

    @property
    def currency(self) -> str:
        return self.order.currency


class OrderRefundLine(models.Model):
    """What one refund or dispute takes of one line: of its net and of its tax."""

    refund = models.ForeignKey(OrderRefund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="order_refund_line_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0, tax_minor__gte=0), name="order_refund_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of line {self.line_id}"
