"""Stripe's own account of our money, how far we have listed it, and how it compared with the books."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q

from payments.models.charges import Charge
from payments.models.payouts import StripePayout
from payments.readings import bt_ref


class BalanceTransaction(models.Model):
    """A line of Stripe's own account of our money; each is one ledger entry (DESIGN.md section 1.6)."""

    bt_id = models.CharField(max_length=255, unique=True)
    charge = models.OneToOneField(
        Charge, null=True, blank=True, on_delete=models.PROTECT, related_name="balance_transaction"
    )
    payout = models.ForeignKey(
        StripePayout,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contents",
        help_text="The automatic payout that it is listed in: Stripe's row does not say.",
    )
    entry = models.OneToOneField(
        "ledger.Entry",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty when nothing moved (amount and fee are both zero), and while there is a problem.",
    )
    PROBLEMS: Final = {
        "conflict": "another entry has its key, with other amounts",
        "no_such_month": "neither its month nor a later one takes entries",
        "bad_posting": "its amounts make no entry",
        "unknown_account": "an account that it needs is missing",
        "net_differs": "its net is not its amount less its fee",
        "transfer_not_read": "its transfer could not be looked at",
        "transfer_not_booked": "the payout that it is for did not take it",
    }
    problem = models.CharField(
        max_length=40, blank=True, help_text="Why it is not in the books; an open exception tells."
    )
    before_books = models.BooleanField(
        default=False,
        help_text="Booked before the books began: part of the opening balances, with no entry of its own.",
    )
    source_id = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=40)
    category = models.CharField(max_length=40, help_text="Stripe's reporting category.")
    balance_type = models.CharField(max_length=40, default="payments", help_text="Which of Stripe's pots it is in.")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.GeneratedField(
        expression=F("amount_minor") - F("fee_minor"), output_field=models.BigIntegerField(), db_persist=True
    )
    currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=24, decimal_places=12, null=True, blank=True)
    created_at = models.DateTimeField(help_text="Stripe's time.")
    available_at = models.DateTimeField(help_text="From when the money can be paid out; Stripe's time.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Wall time of the last question why it is stuck.")

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="balance_transaction_created"),
            models.Index(fields=["source_id"], name="balance_transaction_source"),
            models.Index(fields=["bt_id"], condition=~Q(problem=""), name="balance_transaction_problem"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False, problem="", before_books=False)
                | Q(entry__isnull=True, problem="", before_books=True)
                | (Q(entry__isnull=True, before_books=False) & (~Q(problem="") | Q(amount_minor=0, fee_minor=0))),
                name="balance_transaction_is_posted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bt_id} {self.category}"

    @property
    def problem_words(self) -> str:
        """Why it is not in the books, as a person says it."""
        return self.PROBLEMS.get(self.problem, self.problem.replace("_", " "))

    @property
    def ref(self) -> str:
        """Its entry's key: "stripe:bt:txn_1"."""
        return bt_ref(self.bt_id)


class BalanceListing(models.Model):
    """Until when Stripe's balance transactions have been listed to their end: one row, however many list them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    through = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="balance_listing_only_one")]

    def __str__(self) -> str:
        return f"listed through {self.through:%Y-%m-%d %H:%M}"


class BalanceComparison(models.Model):
    """What the Balance API said and account 1050 held of one currency, over the same balance transactions (L6)."""

    compared_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    available_minor = models.BigIntegerField()
    pending_minor = models.BigIntegerField()
    ours_minor = models.BigIntegerField()
    difference_minor = models.GeneratedField(
        expression=F("ours_minor") - F("available_minor") - F("pending_minor"),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="Ours minus theirs.",
    )

    class Meta:
        indexes = [models.Index(fields=["currency", "-compared_at"], name="balance_comparison_latest")]

    def __str__(self) -> str:
        return f"{self.compared_at:%Y-%m-%d} {self.currency}: {self.difference_minor}"

    @property
    def told_minor(self) -> int:
        """What Stripe said that there is, available or not yet."""
        return self.available_minor + self.pending_minor
