"""What was taken back of shares is only ever added, and what is held stays in view: rows with plain SQL guards."""

import django.db.models.deletion
from django.db import migrations, models

_GUARDS = """
CREATE TRIGGER partners_allocationreversal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_allocationreversal
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_allocationreversalline_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_allocationreversalline
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_hold_kept BEFORE DELETE OR TRUNCATE ON partners_hold
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_UNGUARD = """
DROP TRIGGER partners_hold_kept ON partners_hold;
DROP TRIGGER partners_allocationreversalline_append_only ON partners_allocationreversalline;
DROP TRIGGER partners_allocationreversal_append_only ON partners_allocationreversal;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0013_books_runs"),
        ("partners", "0003_cut_off_sequence"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllocationReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.CharField(help_text="Such as stripe:refund:re_1.", max_length=120)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "was_held",
                    models.BooleanField(default=False, help_text="It had been set aside for a dispute that was lost."),
                ),
                ("at", models.DateTimeField(help_text="When the money went back, by the processor's clock.")),
                ("reversed_on", models.DateField(help_text="The day on which the ledger counts it.")),
                (
                    "allocation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reversals", to="partners.allocation"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AllocationReversalLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                (
                    "refunded_minor",
                    models.BigIntegerField(
                        help_text="What had gone back of the line to date, of what was paid for it."
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="partners.allocationline",
                    ),
                ),
                (
                    "reversal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="partners.allocationreversal",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.CharField(help_text="Such as stripe:dispute:dp_1.", max_length=120)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("dispute", "The payment is disputed"),
                            ("reserve", "Rolling reserve"),
                            ("manual", "Held by hand"),
                        ],
                        max_length=7,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("placed_on", models.DateField(help_text="The day on which the ledger counts it.")),
                (
                    "ended_on",
                    models.DateField(blank=True, help_text="Released, or taken back with a lost dispute.", null=True),
                ),
                (
                    "allocation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="partners.allocation"
                    ),
                ),
                (
                    "placed_entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
                    ),
                ),
                (
                    "released_entry",
                    models.OneToOneField(
                        blank=True,
                        help_text="Empty while it is open, and where a lost dispute took all of it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="allocationreversal",
            index=models.Index(fields=["reversed_on"], name="reversal_by_month"),
        ),
        migrations.AddConstraint(
            model_name="allocationreversal",
            constraint=models.UniqueConstraint(fields=("allocation", "cause"), name="reversal_once_per_cause"),
        ),
        migrations.AddConstraint(
            model_name="allocationreversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True), name="reversal_takes_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocationreversalline",
            constraint=models.UniqueConstraint(fields=("reversal", "line"), name="reversal_line_once"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("allocation", "cause"), name="hold_once_per_share_and_cause"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="hold_of_something"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_entry__isnull", True), ("ended_on__isnull", False), _connector="OR"),
                name="hold_released_when_ended",
            ),
        ),
        migrations.RunSQL(_GUARDS, _UNGUARD),
    ]
