"""Caps and minimums: what lies under them, and shares that are added to or belong to no payment."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0016_guards_by_index"),
        ("partners", "0011_bank_statements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series", models.CharField(max_length=120)),
                (
                    "first_on",
                    models.DateField(help_text="First local day of the period; the beginning of time for all of it."),
                ),
                ("last_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("cap_minor", models.PositiveBigIntegerField(null=True)),
                ("minimum_minor", models.PositiveBigIntegerField(null=True)),
                (
                    "net_minor",
                    models.BigIntegerField(
                        default=0,
                        help_text="What its sources would come to without a cap, checkouts that are open included.",
                    ),
                ),
                ("topped_up_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CapSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=60)),
                ("charge_ref", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reserved", "Room is kept for an open checkout"),
                            ("accrued", "Paid"),
                            ("released", "Not paid in time"),
                        ],
                        max_length=8,
                    ),
                ),
                ("uncapped_minor", models.BigIntegerField(help_text="Its share if there were no cap.")),
                ("reversed_minor", models.BigIntegerField(default=0, help_text="Of that, taken back to date.")),
                (
                    "posted_minor",
                    models.BigIntegerField(
                        default=0, help_text="What stands for it in the books, reversals taken off."
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="allocation",
            name="allocation_once",
        ),
        migrations.RemoveConstraint(
            model_name="allocation",
            name="allocation_between_0_and_its_basis",
        ),
        migrations.AddField(
            model_name="agreement",
            name="cap_minor",
            field=models.PositiveBigIntegerField(blank=True, help_text="At most, in its period.", null=True),
        ),
        migrations.AddField(
            model_name="agreement",
            name="limit_period",
            field=models.CharField(
                choices=[
                    ("series", "In all, through every version"),
                    ("year", "In each calendar year"),
                    ("month", "In each calendar month"),
                ],
                default="series",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="minimum_minor",
            field=models.PositiveBigIntegerField(blank=True, help_text="Guaranteed, in its period.", null=True),
        ),
        migrations.AddField(
            model_name="allocation",
            name="cause",
            field=models.CharField(
                default="accrual", help_text="The payment itself, or what added to it.", max_length=140
            ),
        ),
        migrations.AddField(
            model_name="allocationline",
            name="uncapped_minor",
            field=models.BigIntegerField(help_text="Without a cap; empty where there is none.", null=True),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cap_minor__isnull", True), ("cap_minor__gt", 0), _connector="OR"),
                    models.Q(("minimum_minor__isnull", True), ("minimum_minor__gt", 0), _connector="OR"),
                    models.Q(
                        ("cap_minor__isnull", True),
                        ("minimum_minor__isnull", True),
                        ("minimum_minor__lte", models.F("cap_minor")),
                        _connector="OR",
                    ),
                ),
                name="agreement_minimum_within_its_cap",
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.UniqueConstraint(
                fields=("source", "charge_ref", "agreement", "cause"), name="allocation_once_per_cause"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_minor__gte", 0),
                        ("amount_minor__lte", models.F("basis_minor")),
                        ("basis_minor__gt", 0),
                        ("cause", "accrual"),
                    ),
                    models.Q(
                        models.Q(("cause", "accrual"), _negated=True),
                        ("amount_minor__gt", 0),
                        ("basis_minor", 0),
                        ("paid_minor", 0),
                    ),
                    _connector="OR",
                ),
                name="allocation_of_a_basis_or_added",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementtotal",
            constraint=models.UniqueConstraint(fields=("series", "first_on"), name="agreement_total_once"),
        ),
        migrations.AddConstraint(
            model_name="agreementtotal",
            constraint=models.CheckConstraint(
                condition=models.Q(("net_minor__gte", 0), ("topped_up_minor__gte", 0)),
                name="agreement_total_not_negative",
            ),
        ),
        migrations.AddField(
            model_name="capsource",
            name="agreement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.agreement"
            ),
        ),
        migrations.AddField(
            model_name="capsource",
            name="total",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sources", to="partners.agreementtotal"
            ),
        ),
        migrations.AddIndex(
            model_name="capsource",
            index=models.Index(
                condition=models.Q(("state", "released"), _negated=True), fields=["total", "id"], name="cap_waterfall"
            ),
        ),
        migrations.AddIndex(
            model_name="capsource",
            index=models.Index(fields=["source"], name="cap_source_of"),
        ),
        migrations.AddConstraint(
            model_name="capsource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "reserved")), fields=("source", "agreement"), name="cap_room_reserved_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="capsource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "accrued")),
                fields=("source", "charge_ref", "agreement"),
                name="cap_source_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="capsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("posted_minor__gte", 0),
                    ("reversed_minor__gte", 0),
                    ("reversed_minor__lte", models.F("uncapped_minor")),
                    (
                        "posted_minor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("uncapped_minor"), "-", models.F("reversed_minor")
                        ),
                    ),
                ),
                name="cap_source_within_its_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="capsource",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "accrued"), ("posted_minor", 0), _connector="OR"),
                name="cap_source_posted_only_once_paid",
            ),
        ),
    ]
