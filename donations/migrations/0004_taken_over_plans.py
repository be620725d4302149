"""Monthly gifts that another system began: what of them covers the fee, and Stripe's own day of the month."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("donations", "0003_refunds_and_disputes"),
        ("people", "0005_books_begin_on"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="anchor_day",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Stripe's own day of the month, in UTC; empty where Stripe was never asked.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="fee_cover_minor",
            field=models.PositiveIntegerField(default=0, help_text="What of it covers the fee."),
        ),
        migrations.AlterField(
            model_name="plan",
            name="amount_minor",
            field=models.PositiveIntegerField(help_text="What is charged each month."),
        ),
        migrations.AlterField(
            model_name="planevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("started", "Started"),
                    ("taken_over", "Taken over from another system"),
                    ("retrying", "A payment failed"),
                    ("recovered", "A failed payment went through"),
                    ("paused", "Paused"),
                    ("resumed", "Resumed"),
                    ("lapsed", "Ended after failed payments"),
                    ("stop_asked", "Stopped by the donor"),
                    ("duplicate", "Stopped as a second plan for the same fund"),
                    ("stopped", "Confirmed as stopped"),
                    ("expired", "Checkout ran out"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_cover_minor__lt", models.F("amount_minor"))), name="plan_cover_is_a_part"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("anchor_day__isnull", True),
                    models.Q(("anchor_day__gte", 1), ("anchor_day__lte", 31)),
                    _connector="OR",
                ),
                name="plan_anchor_day",
            ),
        ),
    ]
