"""One call writes entries with their postings, and the guards cost what is written, not what the books hold."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_closing")]

    operations = [
        migrations.RunSQL(sql=(SQL / "posting.sql").read_text(), reverse_sql=(SQL / "posting_undo.sql").read_text()),
    ]
