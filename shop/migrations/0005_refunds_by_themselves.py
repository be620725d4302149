"""What bought nothing goes back by itself, once for each charge."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0004_costs"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("asked_by__isnull", True), ("because", "not_sold"), ("cause", "refund")),
                fields=("charge_ref",),
                name="order_refund_by_itself_once",
            ),
        ),
    ]
