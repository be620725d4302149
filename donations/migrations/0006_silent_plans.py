"""When a plan whose date had passed in silence was last asked about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("donations", "0005_a_payment_that_is_no_gift"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="looked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Wall time when Stripe was last asked why its date has passed in silence.",
                null=True,
            ),
        ),
    ]
