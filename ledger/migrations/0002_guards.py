"""The database's own guards: append-only, month locks, one transaction per entry (rules/sealing.md "Poster" 3-5)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_accounts_entries_postings")]

    operations = [
        migrations.RunSQL(sql=(SQL / "guards.sql").read_text(), reverse_sql=(SQL / "guards_undo.sql").read_text())
    ]
