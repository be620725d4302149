"""What sales of before Tassel brought the partners: history, and no part of the books."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0005_terms_and_waiting_shares"),
    ]

    operations = [
        migrations.CreateModel(
            name="PastShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="Such as past_sale:7.", max_length=80)),
                ("sold_on", models.DateField()),
                ("design", models.CharField(max_length=120)),
                ("units", models.PositiveIntegerField()),
                (
                    "basis_minor",
                    models.BigIntegerField(help_text="Its price after discounts, before tax and shipping."),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="past_shares", to="partners.partner"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["partner", "sold_on"], name="past_share_by_partner"),
                    models.Index(fields=["source"], name="past_share_source"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0),
                            ("basis_minor__gte", 0),
                            ("units__gt", 0),
                            ("amount_minor__lte", models.F("basis_minor")),
                        ),
                        name="past_share_is_a_part",
                    )
                ],
            },
        ),
    ]
