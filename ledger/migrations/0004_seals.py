"""The sequence of committed entries and its hash chain, and the guards that hold it (rules/sealing.md "Sealer")."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_net_assets")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "seq",
                    models.IntegerField(help_text="From 1, without a gap.", primary_key=True, serialize=False),
                ),
                ("prev_hash", models.BinaryField(unique=True)),
                (
                    "hash",
                    models.BinaryField(
                        help_text="SHA-256 of 02, prev_hash and canonical: ledger.chain.link.", unique=True
                    ),
                ),
                ("canonical", models.BinaryField(help_text="The bytes that were sealed: ledger.hashing.canonical.")),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seal", to="ledger.entry"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(sql=(SQL / "seals.sql").read_text(), reverse_sql=(SQL / "seals_undo.sql").read_text()),
    ]
