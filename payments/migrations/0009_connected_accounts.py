"""Connected accounts, and the calls that make them and lead to them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_adoptions"),
    ]

    operations = [
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
                    ("make_account", "Make Account"),
                    ("link_account", "Link Account"),
                ],
                max_length=40,
            ),
        ),
        migrations.CreateModel(
            name="ConnectedAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=80)),
                ("takes_transfers", models.BooleanField(default=False)),
                ("charges_enabled", models.BooleanField(default=False)),
                ("payouts_enabled", models.BooleanField(default=False)),
                ("is_closed", models.BooleanField(default=False, help_text="Stripe knows no such account any more.")),
                (
                    "wanted",
                    models.JSONField(default=list, help_text="What Stripe still wants to know, in its own words."),
                ),
                ("disabled_reason", models.CharField(blank=True, max_length=100)),
                ("bank_last4", models.CharField(blank=True, max_length=4)),
                ("bank_mark", models.CharField(blank=True, max_length=64)),
                ("seen_at", models.DateTimeField(help_text="When Stripe last showed it.")),
                (
                    "asked_at",
                    models.DateTimeField(blank=True, help_text="Wall time of the sweep's last question.", null=True),
                ),
                (
                    "call",
                    models.OneToOneField(
                        help_text="Our own call that made it.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account",
                        to="payments.stripecall",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="connected_account_subject")],
            },
        ),
    ]
