"""Everybody who changed a batch before it was sent, so that none of them approves it."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0018_stripe_accounts"),
        ("people", "0006_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "word",
                    models.CharField(
                        choices=[
                            ("taken_out", "taken out of the batch"),
                            ("held", "its partner was put on hold"),
                            ("moved", "its partner is to be paid elsewhere"),
                            ("taken_back", "the batch was taken back"),
                            ("not_sent", "said that it did not leave"),
                            ("voided", "the cheque was voided"),
                            ("stale", "the cheque is stale"),
                            ("given_up", "taken out for good"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="partners.payoutbatch"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="partners.partnerpayout",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.RunSQL((SQL / "batch_editors.sql").read_text(), (SQL / "batch_editors_undo.sql").read_text()),
    ]
