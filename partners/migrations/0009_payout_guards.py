"""The steps of a payout, and what may not change about it, are held by plain SQL triggers."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_keep_what_was_signed"),
        ("partners", "0008_payouts_before_destinations"),
    ]

    operations = [
        migrations.RemoveField(model_name="partner", name="pay_to"),
        migrations.RunSQL((SQL / "payout_guards.sql").read_text(), (SQL / "payout_guards_undo.sql").read_text()),
    ]
