"""Months close through functions that find two persons; snapshots of balances; anchors of the chain."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_manual_entries_exports_proofs"),
        ("people", "0002_attachments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Anchor",
            fields=[
                (
                    "anchored_on",
                    models.DateField(help_text="The organisation's day.", primary_key=True, serialize=False),
                ),
                ("seq", models.IntegerField()),
                ("hash", models.BinaryField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="Wall time."),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="anchor_of_a_seal")],
            },
        ),
        migrations.CreateModel(
            name="PeriodEvent",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("soft_closed", "Softly closed"),
                            ("opened", "Opened"),
                            ("closing", "Closing"),
                            ("closed", "Closed"),
                            ("reopened", "Reopened"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "through_seq",
                    models.IntegerField(
                        blank=True, help_text="All that the month holds is sealed up to here.", null=True
                    ),
                ),
                (
                    "closing_hash",
                    models.BinaryField(
                        blank=True, help_text="Of the seal at through_seq; zeros before any.", null=True
                    ),
                ),
                ("at", models.DateTimeField(help_text="Business time.")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="Wall time."),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.approval",
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="ledger.period"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BalanceSnapshot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id", "account_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("debits_minor", models.BigIntegerField()),
                ("credits_minor", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="snapshots",
                        to="ledger.periodevent",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="periodevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("by")), _negated=True),
                name="periodevent_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="periodevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["soft_closed", "opened"]),
                    models.Q(
                        ("approval__isnull", False),
                        ("approved_by__isnull", False),
                        ("kind__in", ["closing", "closed", "reopened"]),
                    ),
                    _connector="OR",
                ),
                name="periodevent_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="periodevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closing_hash__isnull", False), ("kind", "closed"), ("through_seq__gte", 0)),
                    models.Q(
                        models.Q(("kind", "closed"), _negated=True),
                        ("closing_hash__isnull", True),
                        ("through_seq__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="periodevent_closed_at_a_seal",
            ),
        ),
        migrations.RunSQL(sql=(SQL / "closing.sql").read_text(), reverse_sql=(SQL / "closing_undo.sql").read_text()),
        migrations.RunSQL(sql=(SQL / "as_of.sql").read_text(), reverse_sql=(SQL / "as_of_undo.sql").read_text()),
    ]
