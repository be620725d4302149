"""Refunds and disputes as Stripe has them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_calls_and_cutting"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dispute_id", models.CharField(max_length=255, unique=True)),
                ("status", models.CharField(max_length=40)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField(help_text="Stripe's time.")),
                ("answer_by", models.DateTimeField(blank=True, help_text="Stripe's time.", null=True)),
                ("withdrawn_minor", models.BigIntegerField(default=0)),
                ("withdrawn_at", models.DateTimeField(blank=True, help_text="Stripe's time.", null=True)),
                ("reinstated_minor", models.BigIntegerField(default=0)),
                ("reinstated_at", models.DateTimeField(blank=True, help_text="Stripe's time.", null=True)),
                (
                    "lost_at",
                    models.DateTimeField(
                        blank=True, help_text="Stripe's time of the first event that told so.", null=True
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="payments.charge"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reinstated_minor__gte", 0), ("withdrawn_minor__gte", 0)),
                        name="dispute_signs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_minor", 0)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_minor__gt", 0)),
                            _connector="OR",
                        ),
                        name="dispute_withdrawn_at_some_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reinstated_at__isnull", True), ("reinstated_minor", 0)),
                            models.Q(("reinstated_at__isnull", False), ("reinstated_minor__gt", 0)),
                            _connector="OR",
                        ),
                        name="dispute_reinstated_at_some_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("refund_id", models.CharField(max_length=255, unique=True)),
                ("status", models.CharField(max_length=20)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "request_ref",
                    models.CharField(
                        blank=True,
                        help_text="Our own request, such as order_refund:7; empty: made at Stripe.",
                        max_length=80,
                    ),
                ),
                ("failure_reason", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField(help_text="Stripe's time.")),
                (
                    "taken_at",
                    models.DateTimeField(blank=True, help_text="When it left our balance; Stripe's time.", null=True),
                ),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, help_text="When it came back; Stripe's time.", null=True),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="payments.charge"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "requires_action"])),
                        fields=["charge"],
                        name="refund_pending",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="refund_amount_positive")
                ],
            },
        ),
    ]
