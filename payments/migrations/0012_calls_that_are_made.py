"""Purposes that nothing here ever called for are gone: customers and subscriptions are made by payment pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0011_endpoint_checks"),
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
                    ("mark_subscription", "Mark Subscription"),
                    ("refund", "Refund"),
                    ("transfer", "Transfer"),
                    ("make_account", "Make Account"),
                    ("link_account", "Link Account"),
                ],
                max_length=40,
            ),
        ),
    ]
