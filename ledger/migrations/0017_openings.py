"""The balances with which the books begin, as two people signed them."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0016_guards_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_on", models.DateField(help_text="The day before the books begin.")),
                ("event_at", models.DateTimeField(help_text="The last second of that day.")),
                (
                    "balances",
                    models.JSONField(help_text="[[purpose, owner, currency, debit-positive amount_minor], ...]"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for approval"),
                            ("posted", "In the books"),
                            ("refused", "Refused"),
                            ("reversed", "Taken back"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("stands", models.BooleanField(default=True, null=True, unique=True)),
                ("proposed_at", models.DateTimeField()),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stands", True), ("state__in", ["waiting", "posted"])),
                            models.Q(("stands__isnull", True), ("state__in", ["refused", "reversed"])),
                            _connector="OR",
                        ),
                        name="opening_stands_while_it_counts",
                    )
                ],
            },
        ),
        migrations.RunSQL(sql=(SQL / "openings.sql").read_text(), reverse_sql=(SQL / "openings_undo.sql").read_text()),
    ]
