"""Transfers to connected accounts as Stripe has them, and what was taken back of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_refunds_and_disputes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="stripecall",
            index=models.Index(
                condition=models.Q(("purpose__in", ["refund", "transfer"]), ("state", "done")),
                fields=["purpose", "result_id"],
                name="stripe_call_moved_money",
            ),
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transfer_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("subject", models.CharField(blank=True, max_length=80)),
                ("destination_id", models.CharField(help_text="The connected account.", max_length=255)),
                ("group", models.CharField(blank=True, max_length=255)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField(help_text="Stripe's time.")),
                ("bt_id", models.CharField(blank=True, help_text="Its balance transaction.", max_length=255)),
                (
                    "booked_at",
                    models.DateTimeField(blank=True, help_text="When it left our balance; Stripe's time.", null=True),
                ),
                (
                    "call",
                    models.OneToOneField(
                        blank=True,
                        help_text="Our own call that made it; empty: made at Stripe by somebody, so it stays in suspense.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfer",
                        to="payments.stripecall",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="transfer_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="transfer_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("call__isnull", True), ("kind", ""), ("subject", "")),
                            models.Q(
                                ("call__isnull", False),
                                models.Q(("kind", ""), _negated=True),
                                models.Q(("subject", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="transfer_of_ours_says_for_what",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reversal_id", models.CharField(max_length=255, unique=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField(help_text="Stripe's time.")),
                ("bt_id", models.CharField(blank=True, help_text="Its balance transaction.", max_length=255)),
                (
                    "booked_at",
                    models.DateTimeField(blank=True, help_text="When it came back; Stripe's time.", null=True),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reversals", to="payments.transfer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="reversal_amount_positive")
                ],
            },
        ),
    ]
