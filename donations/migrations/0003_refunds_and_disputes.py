"""What went back of a gift, part by part."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("donations", "0002_plan_events_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GiftRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[("refund", "Refund"), ("dispute", "Dispute")], default="refund", max_length=7
                    ),
                ),
                (
                    "cause_ref",
                    models.CharField(
                        blank=True, help_text="Such as stripe:refund:re_1; empty until known.", max_length=120
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked of Stripe"),
                            ("refused", "Refused by Stripe"),
                            ("pending", "On its way"),
                            ("made", "Given back"),
                            ("failed", "Came back to us"),
                            ("disputed", "Taken by the donor's bank"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("gift_minor", models.BigIntegerField(default=0)),
                ("cover_minor", models.BigIntegerField(default=0)),
                (
                    "surplus_minor",
                    models.BigIntegerField(default=0, help_text="Disputed above what was left of the gift."),
                ),
                (
                    "prior_year",
                    models.BooleanField(
                        default=False, help_text="The gift's fiscal year was closed when it went back."
                    ),
                ),
                ("form_key", models.CharField(blank=True, help_text="One per form that staff sent.", max_length=40)),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="Stripe's word for why not, or the bank's for why.", max_length=60
                    ),
                ),
                ("asked_at", models.DateTimeField(help_text="When it was asked for, or first heard of.")),
                (
                    "moved_at",
                    models.DateTimeField(blank=True, help_text="When the money moved last; Stripe's time.", null=True),
                ),
                (
                    "answer_by",
                    models.DateTimeField(
                        blank=True, help_text="Until when the bank hears us; Stripe's time.", null=True
                    ),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, help_text="When staff looked at what was not theirs.", null=True),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "gift",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="donations.gift"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cause_ref", ""), _negated=True),
                        fields=("cause_ref",),
                        name="gift_refund_cause_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("form_key", ""), _negated=True),
                        fields=("form_key",),
                        name="gift_refund_form_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="gift_refund_above_zero"),
                    models.CheckConstraint(
                        condition=models.Q(("cover_minor__gte", 0), ("gift_minor__gte", 0), ("surplus_minor__gte", 0)),
                        name="gift_refund_parts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["asked", "refused", "failed"]),
                            (
                                "amount_minor",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("gift_minor"), "+", models.F("cover_minor")
                                    ),
                                    "+",
                                    models.F("surplus_minor"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="gift_refund_parts_add_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cause", "refund"), ("state__in", ["asked", "refused", "pending", "made", "failed"])
                            ),
                            models.Q(("cause", "dispute"), ("state__in", ["disputed", "won", "lost"])),
                            _connector="OR",
                        ),
                        name="gift_refund_state_of_its_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["asked", "refused", "failed"]),
                            models.Q(("cause_ref", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="gift_refund_has_cause",
                    ),
                ],
            },
        ),
    ]
