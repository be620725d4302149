"""Accounts, entries, postings, months, and the queue of what is not yet sealed."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# By hand, because every byte here is paid for each posting (DESIGN.md section 3: at most 130 with indexes). Columns stand
# widest first, so that nothing is padded; the index by entry is not unique, because only then it is deduplicated
# (the guards of 0002 keep ordinals apart); the accounts' keys carry the currency, so no posting can mix two.
POSTING = """
CREATE TABLE ledger_posting (
    amount_minor bigint NOT NULL CONSTRAINT posting_amount_above_zero CHECK (amount_minor > 0),
    entry_id integer NOT NULL CONSTRAINT posting_of_entry REFERENCES ledger_entry,
    debit integer NOT NULL,
    credit integer NOT NULL,
    effective_date date NOT NULL,
    ordinal smallint NOT NULL,
    currency varchar(3) NOT NULL,
    CONSTRAINT posting_two_accounts CHECK (debit <> credit),
    CONSTRAINT posting_debit_in_currency FOREIGN KEY (debit, currency) REFERENCES ledger_account (id, currency),
    CONSTRAINT posting_credit_in_currency FOREIGN KEY (credit, currency) REFERENCES ledger_account (id, currency)
);
CREATE INDEX posting_entry ON ledger_posting (entry_id) WITH (fillfactor = 100);
CREATE INDEX posting_debit ON ledger_posting (debit, effective_date, amount_minor);
CREATE INDEX posting_credit ON ledger_posting (credit, effective_date, amount_minor);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("source", models.CharField(help_text="What it tells of, such as order:1042.", max_length=120)),
                ("idempotency_key", models.CharField(max_length=200)),
                ("facts_hash", models.BinaryField(help_text="Tells a replay from a conflict: what came from outside.")),
                ("content_hash", models.BinaryField(help_text="Over all that is posted: ledger.hashing.content_hash.")),
                ("effective_date", models.DateField()),
                ("event_at", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="Wall time."),
                ),
                ("actor", models.CharField(default="system", help_text="Such as user:3; never a name.", max_length=40)),
                (
                    "memo",
                    models.CharField(blank=True, help_text="One fixed word; reasons lie in Approval.", max_length=40),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=8)),
                ("purpose", models.CharField(max_length=40)),
                (
                    "owner",
                    models.CharField(blank=True, help_text="Such as partner:7; empty for our own.", max_length=80),
                ),
                ("currency", models.CharField(max_length=3)),
                ("name", models.CharField(max_length=120)),
                ("type", models.CharField(max_length=12)),
                (
                    "restriction",
                    models.CharField(
                        choices=[
                            ("without", "Without donor restrictions"),
                            ("purpose", "With donor restrictions: purpose"),
                            ("time", "With donor restrictions: time"),
                            ("perpetual", "With donor restrictions: perpetual"),
                        ],
                        default="without",
                        max_length=12,
                    ),
                ),
                ("functional_class", models.CharField(blank=True, max_length=20)),
                ("is_open", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("purpose", "owner", "currency"), name="account_once"),
                    models.UniqueConstraint(fields=("id", "currency"), name="account_in_one_currency"),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["asset", "liability", "income", "expense"])),
                        name="account_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[a-z]{3}$")), name="account_currency_code"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Unsealed",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "unsealed",
            },
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                ("yyyymm", models.IntegerField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("soft_closed", "Soft closed: finance only"),
                            ("closing", "Closing"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("yyyymm__gte", 190001), ("yyyymm__lte", 999912)),
                        name="period_year_and_month",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "soft_closed", "closing", "closed"])),
                        name="period_state_known",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("idempotency_key",), name="entry_key_once"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)), fields=("reverses",), name="entry_reversed_once"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(POSTING, "DROP TABLE ledger_posting")],
            state_operations=[
                migrations.CreateModel(
                    name="Posting",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "entry_id", "ordinal", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("ordinal", models.SmallIntegerField()),
                        ("currency", models.CharField(max_length=3)),
                        ("amount_minor", models.BigIntegerField()),
                        ("effective_date", models.DateField()),
                        (
                            "credit",
                            models.ForeignKey(
                                db_column="credit",
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="ledger.account",
                            ),
                        ),
                        (
                            "debit",
                            models.ForeignKey(
                                db_column="debit",
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="ledger.account",
                            ),
                        ),
                        (
                            "entry",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="postings",
                                to="ledger.entry",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["entry"], name="posting_entry"),
                            models.Index(fields=["debit", "effective_date", "amount_minor"], name="posting_debit"),
                            models.Index(fields=["credit", "effective_date", "amount_minor"], name="posting_credit"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0)), name="posting_amount_above_zero"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("debit", models.F("credit")), _negated=True),
                                name="posting_two_accounts",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
