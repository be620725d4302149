"""What another system began at Stripe and we carry on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_dead_events"),
        ("people", "0005_books_begin_on"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdoptedSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscription_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=80)),
                ("taken_over_at", models.DateTimeField()),
                (
                    "caught_up_at",
                    models.DateTimeField(
                        blank=True, help_text="When what it had paid since the books began was told.", null=True
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="stripecall",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("open_checkout", "Open Checkout"),
                    ("expire_checkout", "Expire Checkout"),
                    ("cancel_subscription", "Cancel Subscription"),
                    ("make_customer", "Make Customer"),
                    ("mark_subscription", "Mark Subscription"),
                    ("start_subscription", "Start Subscription"),
                    ("refund", "Refund"),
                    ("transfer", "Transfer"),
                ],
                max_length=40,
            ),
        ),
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer_id", models.CharField(max_length=255, unique=True)),
                ("taken_over_at", models.DateTimeField()),
                (
                    "supporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.supporter"
                    ),
                ),
            ],
        ),
    ]
