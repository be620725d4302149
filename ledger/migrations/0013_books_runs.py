"""What the books' own checks found each night."""

from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_exceptions")]

    operations = [
        migrations.CreateModel(
            name="BooksRun",
            fields=[
                (
                    "checked_on",
                    models.DateField(help_text="The organisation's day.", primary_key=True, serialize=False),
                ),
                ("checks", models.IntegerField()),
                ("failed", models.IntegerField()),
                (
                    "found",
                    models.JSONField(help_text="The checks that failed: code, name, count and the first findings."),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="Wall time."),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("checks__gte", models.F("failed")), ("failed__gte", 0)),
                        name="booksrun_sums",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            sql=(SQL / "books_runs.sql").read_text(), reverse_sql=(SQL / "books_runs_undo.sql").read_text()
        ),
    ]
