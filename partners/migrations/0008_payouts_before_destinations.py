"""What was paid, and where to, before destinations and attempts were kept becomes rows of them."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("partners", "0007_payout_destinations")]

    operations = [
        migrations.RunSQL((SQL / "payouts_before.sql").read_text(), (SQL / "payouts_before_undo.sql").read_text()),
    ]
