"""Only the owner calls the guards; and anchors, proofs and the queue take nothing that is not so."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_manual_entry_edits")]

    operations = [
        migrations.RunSQL(sql=(SQL / "doors.sql").read_text(), reverse_sql=(SQL / "doors_undo.sql").read_text()),
    ]
