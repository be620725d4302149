"""What went back of an order, part by part."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_attachments"),
        ("shop", "0002_guards_and_first_order_number"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderRefund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("charge_ref", models.CharField(help_text="The payment that it goes back of.", max_length=80)),
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
                            ("disputed", "Taken by the buyer's bank"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "because",
                    models.CharField(
                        choices=[
                            ("returned", "The buyer sent pieces back"),
                            ("damaged", "Pieces arrived damaged, or not at all"),
                            ("goodwill", "Goodwill"),
                            ("not_sold", "Charged without a sale"),
                            ("at_stripe", "Made at Stripe"),
                        ],
                        default="at_stripe",
                        max_length=9,
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        blank=True, help_text="line:7 or shipping; empty: spread over all parts.", max_length=30
                    ),
                ),
                (
                    "aside",
                    models.CharField(
                        blank=True,
                        choices=[("", "Not Aside"), ("deposits", "Customer deposits"), ("suspense", "Suspense")],
                        help_text="The payment bought nothing and lies there.",
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("goods_minor", models.BigIntegerField(default=0)),
                ("shipping_minor", models.BigIntegerField(default=0)),
                ("tax_minor", models.BigIntegerField(default=0)),
                (
                    "surplus_minor",
                    models.BigIntegerField(default=0, help_text="Disputed above what was left of the payment."),
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
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="OrderRefundLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["line"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="order",
            name="order_paid_by_a_charge",
        ),
        migrations.AddField(
            model_name="order",
            name="given_back_minor",
            field=models.BigIntegerField(default=0, help_text="Of the total: refunds made and disputes lost."),
        ),
        migrations.AlterField(
            model_name="order",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting for the payment page"),
                    ("awaiting_payment", "Waiting for the bank"),
                    ("paid", "Paid"),
                    ("expired", "Not paid in time"),
                    ("cancelled", "Not paid"),
                    ("refund_due", "To be refunded"),
                    ("refunded", "Refunded, nothing was sold"),
                ],
                default="pending",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="orderevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("awaiting", "Awaiting"),
                    ("paid", "Paid"),
                    ("released", "Released"),
                    ("refund_due", "Refund Due"),
                    ("mismatch", "Mismatch"),
                    ("second_charge", "Second Charge"),
                    ("refund_asked", "Refund Asked"),
                    ("refund_refused", "Refund Refused"),
                    ("refund_pending", "Refund Pending"),
                    ("refunded", "Refunded"),
                    ("refund_failed", "Refund Failed"),
                    ("disputed", "Disputed"),
                    ("dispute_won", "Dispute Won"),
                    ("dispute_lost", "Dispute Lost"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_back_minor__gte", 0), ("given_back_minor__lte", models.F("total_minor"))),
                name="order_given_back_within_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["paid", "refund_due", "refunded"]), _negated=True),
                    models.Q(("paid_at__isnull", False), models.Q(("charge_ref", ""), _negated=True)),
                    _connector="OR",
                ),
                name="order_paid_by_a_charge",
            ),
        ),
        migrations.AddField(
            model_name="orderrefund",
            name="asked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="orderrefund",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="shop.order"
            ),
        ),
        migrations.AddField(
            model_name="orderrefundline",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="shop.orderline"
            ),
        ),
        migrations.AddField(
            model_name="orderrefundline",
            name="refund",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="shop.orderrefund"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cause_ref", ""), _negated=True),
                fields=("cause_ref",),
                name="order_refund_cause_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("form_key", ""), _negated=True), fields=("form_key",), name="order_refund_form_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="order_refund_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("goods_minor__gte", 0),
                    ("shipping_minor__gte", 0),
                    ("surplus_minor__gte", 0),
                    ("tax_minor__gte", 0),
                ),
                name="order_refund_parts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "refused", "failed"]),
                    models.Q(("aside", ""), _negated=True),
                    (
                        "amount_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("goods_minor"), "+", models.F("shipping_minor")
                                ),
                                "+",
                                models.F("tax_minor"),
                            ),
                            "+",
                            models.F("surplus_minor"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="order_refund_parts_add_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", "refund"), ("state__in", ["asked", "refused", "pending", "made", "failed"])),
                    models.Q(("cause", "dispute"), ("state__in", ["disputed", "won", "lost"])),
                    _connector="OR",
                ),
                name="order_refund_state_of_its_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "refused", "failed"]),
                    models.Q(("cause_ref", ""), _negated=True),
                    _connector="OR",
                ),
                name="order_refund_has_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.UniqueConstraint(fields=("refund", "line"), name="order_refund_line_once"),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0), ("tax_minor__gte", 0)),
                name="order_refund_line_not_negative",
            ),
        ),
    ]
