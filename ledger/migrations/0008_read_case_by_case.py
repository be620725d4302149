"""Balances as of (day, sequence number) by one query for each case."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_post_in_one_call")]

    operations = [
        migrations.RunSQL(sql=(SQL / "reading.sql").read_text(), reverse_sql=(SQL / "reading_undo.sql").read_text()),
    ]
