"""Statements in any format: files with a state, verdicts, balances; the columns of a CSV become profiles."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_TO_PROFILES = """
INSERT INTO partners_columnprofile (account_id, name, date_column, date_format, value_date_column, description_column,
    more_description_column, amount_column, debit_column, credit_column, is_flipped, decimal_mark, bank_ref_column,
    reference_column, balance_column)
SELECT id, 'Export', date_column, date_format, '', description_column, '', amount_column, '', '', false, '.', '', '', ''
  FROM partners_bankaccount;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
_FROM_PROFILES = """
UPDATE partners_bankaccount a
   SET date_column = left(p.date_column, 40), date_format = p.date_format,
       description_column = left(p.description_column, 40), amount_column = left(p.amount_column, 40)
  FROM (SELECT DISTINCT ON (account_id) * FROM partners_columnprofile WHERE amount_column <> ''
         ORDER BY account_id, id) p
 WHERE p.account_id = a.id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
_GUARDS = """
CREATE TRIGGER partners_bankline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_bankline
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
CREATE TRIGGER partners_bankstatement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_bankstatement
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_UNGUARD = """
DROP TRIGGER partners_bankstatement_append_only ON partners_bankstatement;
DROP TRIGGER partners_bankline_append_only ON partners_bankline;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0010_ach_files_and_cheques"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Such as Online banking, or Monthly export.", max_length=60)),
                ("date_column", models.CharField(default="Date", max_length=60)),
                (
                    "date_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("%Y-%m-%d", "2026-10-31"),
                            ("%m/%d/%Y", "10/31/2026"),
                            ("%m/%d/%y", "10/31/26"),
                            ("%d/%m/%Y", "31/10/2026"),
                            ("%d.%m.%Y", "31.10.2026"),
                            ("%d.%m.%y", "31.10.26"),
                            ("%d-%m-%Y", "31-10-2026"),
                            ("%Y%m%d", "20261031"),
                            ("%d %b %Y", "31 Oct 2026"),
                            ("", "As the file shows without doubt"),
                        ],
                        default="%Y-%m-%d",
                        max_length=20,
                    ),
                ),
                ("value_date_column", models.CharField(blank=True, max_length=60)),
                ("description_column", models.CharField(default="Description", max_length=60)),
                (
                    "more_description_column",
                    models.CharField(blank=True, help_text="Such as the other party's name.", max_length=60),
                ),
                (
                    "amount_column",
                    models.CharField(
                        blank=True, default="Amount", help_text="Empty with debit and credit.", max_length=60
                    ),
                ),
                ("debit_column", models.CharField(blank=True, max_length=60)),
                ("credit_column", models.CharField(blank=True, max_length=60)),
                (
                    "is_flipped",
                    models.BooleanField(
                        default=False,
                        help_text="As in exports of credit cards.",
                        verbose_name="money out is above zero",
                    ),
                ),
                (
                    "decimal_mark",
                    models.CharField(choices=[(".", "1,250.50"), (",", "1.250,50")], default=".", max_length=1),
                ),
                (
                    "bank_ref_column",
                    models.CharField(blank=True, help_text="The bank's own id of each line.", max_length=60),
                ),
                (
                    "reference_column",
                    models.CharField(blank=True, help_text="Such as the number of a cheque.", max_length=60),
                ),
                (
                    "balance_column",
                    models.CharField(blank=True, help_text="The balance after each line.", max_length=60),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="StatementFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=120)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "chosen_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("csv", "CSV"),
                            ("ofx", "OFX or QFX"),
                            ("camt053", "CAMT.053"),
                            ("bai2", "BAI2"),
                            ("mt940", "MT940"),
                        ],
                        max_length=8,
                    ),
                ),
                ("first_on", models.DateField(blank=True, help_text="The period, where a person said it.", null=True)),
                ("last_on", models.DateField(blank=True, null=True)),
                (
                    "opening_minor",
                    models.BigIntegerField(blank=True, help_text="The balances, where a person said them.", null=True),
                ),
                ("closing_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Waiting to be checked"),
                            ("checked", "Checked, nothing imported yet"),
                            ("unreadable", "Cannot be read"),
                            ("wanted", "Being imported"),
                            ("matching", "Imported, being matched"),
                            ("imported", "Imported"),
                            ("dropped", "Dropped"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                (
                    "problem",
                    models.CharField(blank=True, help_text="Why it cannot be read or imported.", max_length=400),
                ),
                (
                    "reading",
                    models.JSONField(default=dict, help_text="What the file says of itself: format, period, balances."),
                ),
                ("rows", models.IntegerField(default=0)),
                ("rows_done", models.IntegerField(default=0, help_text="Of the step at hand.")),
                ("new_rows", models.IntegerField(default=0)),
                ("known_rows", models.IntegerField(default=0)),
                (
                    "doubtful_rows",
                    models.IntegerField(default=0, help_text="New, but like a line that is there: duplicates perhaps."),
                ),
                ("refused_rows", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("uploaded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="StatementRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField(help_text="Where it stands in the file.")),
                ("booked_on", models.DateField(null=True)),
                ("value_on", models.DateField(null=True)),
                ("description", models.CharField(max_length=300)),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("bank_ref", models.CharField(blank=True, max_length=255)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("dedupe_key", models.CharField(blank=True, max_length=64)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("known", "Known already"),
                            ("doubtful", "New, perhaps a duplicate"),
                            ("refused", "Cannot be read"),
                        ],
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AlterModelOptions(
            name="bankstatement",
            options={"ordering": ["-last_on", "-id"]},
        ),
        migrations.AddField(
            model_name="bankline",
            name="bank_ref",
            field=models.CharField(blank=True, help_text="The bank's own id of the line.", max_length=255),
        ),
        migrations.AddField(
            model_name="bankline",
            name="reference",
            field=models.CharField(blank=True, help_text="Such as the number of a cheque.", max_length=80),
        ),
        migrations.AddField(
            model_name="bankline",
            name="value_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="closing_minor",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="format",
            field=models.CharField(
                choices=[
                    ("csv", "CSV"),
                    ("ofx", "OFX or QFX"),
                    ("camt053", "CAMT.053"),
                    ("bai2", "BAI2"),
                    ("mt940", "MT940"),
                ],
                default="csv",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="opening_minor",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="says_period",
            field=models.BooleanField(default=False, help_text="Otherwise its days are those of its lines."),
        ),
        migrations.AlterField(
            model_name="bankaccount",
            name="last4",
            field=models.CharField(
                blank=True, help_text="Files of another account are refused by these figures.", max_length=4
            ),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["account", "booked_on"], name="bank_line_by_day"),
        ),
        migrations.AddField(
            model_name="columnprofile",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="profiles", to="partners.bankaccount"
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="partners.bankaccount"
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="file",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statement",
                to="partners.statementfile",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_on__lte", models.F("last_on"))), name="bank_statement_begins_first"
            ),
        ),
        migrations.AddField(
            model_name="statementrow",
            name="file",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="verdicts",
                to="partners.statementfile",
            ),
        ),
        migrations.AddConstraint(
            model_name="columnprofile",
            constraint=models.UniqueConstraint(fields=("account", "name"), name="column_profile_once"),
        ),
        migrations.AddConstraint(
            model_name="columnprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("amount_column", ""), _negated=True), ("credit_column", ""), ("debit_column", "")
                    ),
                    models.Q(
                        ("amount_column", ""),
                        models.Q(("debit_column", ""), _negated=True),
                        models.Q(("credit_column", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="column_profile_one_amount_or_two",
            ),
        ),
        migrations.AddIndex(
            model_name="statementfile",
            index=models.Index(
                condition=models.Q(("state__in", ["uploaded", "wanted", "matching"])),
                fields=["id"],
                name="statement_file_to_be_worked",
            ),
        ),
        migrations.AddIndex(
            model_name="statementrow",
            index=models.Index(fields=["file", "id"], name="statement_row_of_file"),
        ),
        migrations.AddConstraint(
            model_name="statementrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", "refused"),
                    models.Q(("amount_minor__isnull", False), ("booked_on__isnull", False)),
                    _connector="OR",
                ),
                name="statement_row_has_its_figures",
            ),
        ),
        migrations.RunSQL(_TO_PROFILES, _FROM_PROFILES),
        migrations.RemoveField(
            model_name="bankaccount",
            name="amount_column",
        ),
        migrations.RemoveField(
            model_name="bankaccount",
            name="date_column",
        ),
        migrations.RemoveField(
            model_name="bankaccount",
            name="date_format",
        ),
        migrations.RemoveField(
            model_name="bankaccount",
            name="description_column",
        ),
        migrations.RunSQL(_GUARDS, _UNGUARD),
    ]
