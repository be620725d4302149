"""An approval is the last word about a month as it stands; months are locked without a deadlock; a close is taken back."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_books_runs"), ("people", "0003_keep_what_was_signed")]

    operations = [
        migrations.RunSQL(sql=(SQL / "closes.sql").read_text(), reverse_sql=(SQL / "closes_undo.sql").read_text()),
    ]
