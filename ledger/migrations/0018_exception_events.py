"""Who took an exception, who settled it and why."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_openings"), ("people", "0006_notes")]

    operations = [
        migrations.CreateModel(
            name="ExceptionEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("assigned", "Assigned"), ("let_go", "Let go"), ("resolved", "Resolved")],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "exception",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="ledger.reconciliationexception",
                    ),
                ),
                (
                    "note",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.note",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind", "assigned"), ("owner__isnull", False))
                        | models.Q(("kind", "let_go"), ("owner__isnull", True))
                        | models.Q(("kind", "resolved"), ("note__isnull", False), ("owner__isnull", True)),
                        name="exceptionevent_says_enough",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            sql=(SQL / "exception_events.sql").read_text(), reverse_sql=(SQL / "exception_events_undo.sql").read_text()
        ),
    ]
