"""What would be posted under another code than its account has is refused, because it could never be sealed."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_two_persons_each_time")]

    operations = [
        migrations.RunSQL(sql=(SQL / "codes.sql").read_text(), reverse_sql=(SQL / "codes_undo.sql").read_text()),
    ]
