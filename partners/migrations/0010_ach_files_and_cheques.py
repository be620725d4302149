"""Files for the bank and the register of cheques: rows that stay."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEPT = """
CREATE TRIGGER partners_achfile_kept BEFORE DELETE OR TRUNCATE ON partners_achfile
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_achentry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_achentry
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_cheque_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_cheque
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_LET_GO = """
DROP TRIGGER partners_cheque_kept ON partners_cheque;
DROP TRIGGER partners_achentry_kept ON partners_achentry;
DROP TRIGGER partners_achfile_kept ON partners_achfile;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0009_payout_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AchFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_on", models.DateField(help_text="Local day.")),
                ("modifier", models.CharField(help_text="A to Z: which of the day's files.", max_length=1)),
                ("made_at", models.DateTimeField()),
                ("effective_on", models.DateField()),
                ("header", models.JSONField(help_text="The originator as it was.")),
                ("sha256", models.CharField(max_length=64)),
                ("downloaded_at", models.DateTimeField(null=True)),
                (
                    "downloaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "trace",
                    models.PositiveBigIntegerField(
                        help_text="Its last seven digits; those before are our bank's.", unique=True
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "attempt",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ach_entry",
                        to="partners.payoutattempt",
                    ),
                ),
                (
                    "paid_to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ach_entries",
                        to="partners.payoutdestination",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="partners.achfile"
                    ),
                ),
            ],
            options={
                "ordering": ["trace"],
            },
        ),
        migrations.CreateModel(
            name="AchOriginator",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("bank_routing", models.CharField(help_text="The routing number of our own bank.", max_length=9)),
                ("bank_name", models.CharField(max_length=23)),
                ("origin", models.CharField(help_text="Immediate origin, often 1 and our EIN.", max_length=10)),
                ("origin_name", models.CharField(max_length=23)),
                ("company_id", models.CharField(max_length=10)),
                ("company_name", models.CharField(help_text="What partners read on their statement.", max_length=16)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="ach_originator_only_one"),
                    models.CheckConstraint(
                        condition=models.Q(("bank_routing__regex", "^[0-9]{9}$")), name="ach_originator_bank_routing"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cheque",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("issued_on", models.DateField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cheques", to="partners.bankaccount"
                    ),
                ),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cheque", to="partners.payoutattempt"
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_on", "-number"],
            },
        ),
        migrations.AddConstraint(
            model_name="achfile",
            constraint=models.UniqueConstraint(fields=("made_on", "modifier"), name="ach_file_of_the_day"),
        ),
        migrations.AddConstraint(
            model_name="achfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("modifier__regex", "^[A-Z]$")), name="ach_file_modifier"
            ),
        ),
        migrations.AddConstraint(
            model_name="achfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("downloaded_at__isnull", True), ("downloaded_by__isnull", True)),
                    models.Q(("downloaded_at__isnull", False), ("downloaded_by__isnull", False)),
                    _connector="OR",
                ),
                name="ach_file_downloaded_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="achentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor", 0), ("attempt__isnull", True)),
                    models.Q(("amount_minor__gt", 0), ("attempt__isnull", False)),
                    _connector="OR",
                ),
                name="ach_entry_pays_or_asks",
            ),
        ),
        migrations.AddConstraint(
            model_name="cheque",
            constraint=models.UniqueConstraint(fields=("account", "number"), name="cheque_number_once"),
        ),
        migrations.RunSQL(_KEPT, _LET_GO),
    ]
