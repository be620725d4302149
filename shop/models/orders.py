"""Orders: frozen when checkout starts, with the promises that were shown."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from people.models import Supporter
from shop.models.cart import Cart
from shop.models.catalogue import Variant, option_words


class Order(models.Model):
    """What somebody set out to buy, its totals and address as they were; later edits elsewhere never rewrite it."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for the payment page"
        AWAITING_PAYMENT = "awaiting_payment", "Waiting for the bank"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Not paid in time"
        CANCELLED = "cancelled", "Not paid"
        REFUND_DUE = "refund_due", "To be refunded"
        REFUNDED = "refunded", "Refunded, nothing was sold"

    class ClosedBecause(models.TextChoices):
        NOT_CLOSED = ""
        EXPIRED = "expired", "the checkout ran out of time"
        FAILED = "failed", "the bank did not pay"
        REPLACED = "replaced", "the buyer started a new checkout"
        UNAVAILABLE = "unavailable", "the payment page could not be opened"
        SOLD_OUT = "sold_out", "paid after the pieces were released, and none are left"
        MISMATCH = "mismatch", "the payment does not match the order"

    OPEN = (State.PENDING, State.AWAITING_PAYMENT)
    CLOSED = (State.EXPIRED, State.CANCELLED)

    cart = models.ForeignKey(Cart, null=True, on_delete=models.SET_NULL, related_name="orders")
    supporter = models.ForeignKey(Supporter, null=True, on_delete=models.PROTECT, related_name="orders")
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    shipping_address = models.JSONField(default=dict, blank=True)
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField(help_text="Sum of units x price.")
    discount_minor = models.BigIntegerField(default=0)
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0, help_text="As the processor returned it.")
    total_minor = models.BigIntegerField()
    given_back_minor = models.BigIntegerField(default=0, help_text="Of the total: refunds made and disputes lost.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    closed_because = models.CharField(
        max_length=12, choices=ClosedBecause.choices, default=ClosedBecause.NOT_CLOSED, blank=True
    )
    attempt_key = models.CharField(max_length=64, unique=True, help_text="Idempotency key of its checkout.")
    charge_ref = models.CharField(max_length=80, blank=True)
    placed_at = models.DateTimeField(help_text="Checkout started: the moment whose promises bind.")
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("subtotal_minor") - F("discount_minor") + F("shipping_minor") + F("tax_minor")
                ),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(given_back_minor__gte=0, given_back_minor__lte=F("total_minor")),
                name="order_given_back_within_total",
            ),
            models.CheckConstraint(
                condition=Q(discount_minor__gte=0, discount_minor__lte=F("subtotal_minor"))
                & Q(shipping_minor__gte=0, tax_minor__gte=0),
                name="order_parts_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "refund_due", "refunded"])
                | (Q(paid_at__isnull=False) & ~Q(charge_ref="")),
                name="order_paid_by_a_charge",
            ),
            models.UniqueConstraint(fields=["charge_ref"], condition=~Q(charge_ref=""), name="order_charge_once"),
            models.UniqueConstraint(fields=["cart"], condition=Q(state="pending"), name="order_one_pending_per_cart"),
        ]
        indexes = [models.Index(fields=["state", "placed_at"], name="order_by_state")]

    def __str__(self) -> str:
        return f"order {self.number}"

    @property
    def number(self) -> str:
        """What the buyer reads aloud to us."""
        return str(self.pk)

    @property
    def ref(self) -> str:
        """How other packages name this order."""
        return f"order:{self.pk}"

    @property
    def net_minor(self) -> int:
        """Goods after discounts, before tax and shipping: what the processor's subtotal must be."""
        return self.subtotal_minor - self.discount_minor

    @property
    def other_parts_minor(self) -> tuple[int, ...]:
        """What else its charge paid for, beside the goods."""
        return (self.shipping_minor, self.tax_minor)


class OrderLine(models.Model):
    """One variant in an order, its name and price as they were."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=120, help_text="The design.")
    option = models.CharField(max_length=60)
    units = models.PositiveIntegerField()
    unit_price_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    net_minor = models.BigIntegerField()
    cost_minor = models.PositiveBigIntegerField(
        null=True, help_text="What making these pieces costs, where it is known."
    )
    tax_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_place_once"),
            models.UniqueConstraint(fields=["order", "variant"], name="order_line_once_per_variant"),
            models.CheckConstraint(
                condition=Q(units__gt=0, net_minor=F("units") * F("unit_price_minor") - F("discount_minor")),
                name="order_line_net_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(discount_minor__gte=0, net_minor__gte=0, tax_minor__gte=0), name="order_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """As the payment page and the receipt say it: "2 x Valor tassel earrings, Dark"."""
        return f"{self.units} x {', '.join(filter(None, (self.name, self.option_words)))}"

    @property
    def option_words(self) -> str:
        """The option, unless the name says it already."""
        return option_words(self.name, self.option)


class OrderLineAgreement(models.Model):
    """A promise that was shown for a line when checkout started; it binds the order if it is paid."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="agreements")
    agreement = models.ForeignKey("partners.Agreement", on_delete=models.PROTECT, related_name="+")
    words = models.TextField(help_text="The promise exactly as the page said it.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["line", "agreement"], name="order_line_agreement_once")]

    def __str__(self) -> str:
        return self.words


class OrderLink(models.Model):
    """An unguessable address of an order. Only the hash is kept; each mail gets a link of its own."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of 128 random bits.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"link to order {self.order_id}"


class OrderEvent(models.Model):
    """What happened to an order, in order. Append-only (a trigger holds it); fixed words and ids, no personal data."""

    class Kind(models.TextChoices):
        PLACED = "placed"
        AWAITING = "awaiting"
        PAID = "paid"
        RELEASED = "released"
        REFUND_DUE = "refund_due"
        MISMATCH = "mismatch"
        SECOND_CHARGE = "second_charge"
        REFUND_ASKED = "refund_asked"
        REFUND_REFUSED = "refund_refused"
        REFUND_PENDING = "refund_pending"
        REFUNDED = "refunded"
        REFUND_FAILED = "refund_failed"
        DISPUTED = "disputed"
        DISPUTE_WON = "dispute_won"
        DISPUTE_LOST = "dispute_lost"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    detail = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=40, default="system")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.kind
