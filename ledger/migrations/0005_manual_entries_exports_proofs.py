"""Entries by hand, exports that follow each other, published proofs; and the guards that keep them as they are."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_seals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ManualEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(help_text="A fixed word: ledger.builders.by_hand.REASONS.", max_length=20)),
                ("effective_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "postings",
                    models.JSONField(help_text="[[debit purpose, owner, credit purpose, owner, amount_minor], ...]"),
                ),
                ("proposed_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.entry",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "manual entries",
            },
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner", models.CharField(help_text="The owner of its accounts, such as partner:7.", max_length=80)),
                ("yyyymm", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "through_seq",
                    models.IntegerField(help_text="The last sequence number that the shares were read at."),
                ),
                ("total_minor", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("leaf_count", models.IntegerField(help_text="Padding included.")),
                ("taken_back_minor", models.BigIntegerField(help_text="Of shares of earlier months, in no leaf.")),
                ("paid_minor", models.BigIntegerField(help_text="What reached the partner in this month.")),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("partner", "yyyymm", "currency"), name="proof_published_once"),
                    models.CheckConstraint(
                        condition=models.Q(("taken_back_minor__gte", 0), ("total_minor__gte", 0)), name="proof_sums"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("format", models.CharField(max_length=12)),
                ("currency", models.CharField(max_length=3)),
                ("daily", models.BooleanField(help_text="One journal for each day instead of one for each entry.")),
                ("tax_rate", models.CharField(blank=True, max_length=60)),
                ("from_seq", models.IntegerField()),
                ("to_seq", models.IntegerField()),
                ("entries", models.IntegerField()),
                (
                    "sha256",
                    models.CharField(help_text="Over the bytes of its files, one after the other.", max_length=64),
                ),
                ("actor", models.CharField(default="system", help_text="Such as user:3; never a name.", max_length=40)),
                ("exported_at", models.DateTimeField()),
                (
                    "previous",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="next",
                        to="ledger.ledgerexport",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("previous__isnull", True)),
                        fields=("format", "currency"),
                        name="ledgerexport_one_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_seq__gte", 0), ("to_seq__gt", models.F("from_seq"))),
                        name="ledgerexport_range",
                    ),
                    models.CheckConstraint(condition=models.Q(("entries__gt", 0)), name="ledgerexport_not_empty"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofLeaf",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("idx", models.IntegerField()),
                ("salt", models.BinaryField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "receipt",
                    models.CharField(
                        blank=True, help_text="What the share comes from, such as gift:7.", max_length=120
                    ),
                ),
                (
                    "proof",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leaves",
                        to="ledger.proof",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("proof", "idx"), name="proofleaf_place_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("receipt", ""), _negated=True),
                        fields=("proof", "receipt"),
                        name="proofleaf_receipt_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0), ("idx__gte", 0)), name="proofleaf_not_negative"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            sql=(SQL / "exports_proofs.sql").read_text(), reverse_sql=(SQL / "exports_proofs_undo.sql").read_text()
        ),
    ]
