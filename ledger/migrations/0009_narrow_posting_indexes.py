"""Postings in less space and time: no amount in their indexes, references checked together (docs/decisions/0018)."""

import django.db.models.deletion
from django.db import migrations, models

DROP = """
ALTER TABLE ledger_posting
    DROP CONSTRAINT posting_of_entry,
    DROP CONSTRAINT posting_debit_in_currency,
    DROP CONSTRAINT posting_credit_in_currency
"""
PUT_BACK = """
ALTER TABLE ledger_posting
    ADD CONSTRAINT posting_of_entry FOREIGN KEY (entry_id) REFERENCES ledger_entry,
    ADD CONSTRAINT posting_debit_in_currency FOREIGN KEY (debit, currency) REFERENCES ledger_account (id, currency),
    ADD CONSTRAINT posting_credit_in_currency FOREIGN KEY (credit, currency) REFERENCES ledger_account (id, currency)
"""


def reference(to: str, **options: object) -> models.Field:
    return models.ForeignKey(
        to, on_delete=django.db.models.deletion.PROTECT, db_constraint=False, db_index=False, **options
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_read_case_by_case")]

    operations = [
        migrations.RemoveIndex(model_name="posting", name="posting_debit"),
        migrations.RemoveIndex(model_name="posting", name="posting_credit"),
        migrations.AddIndex(
            model_name="posting", index=models.Index(fields=["debit", "effective_date"], name="posting_debit")
        ),
        migrations.AddIndex(
            model_name="posting", index=models.Index(fields=["credit", "effective_date"], name="posting_credit")
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(sql=DROP, reverse_sql=PUT_BACK)],
            state_operations=[
                migrations.AlterField("posting", "entry", reference("ledger.entry", related_name="postings")),
                migrations.AlterField(
                    "posting", "debit", reference("ledger.account", related_name="+", db_column="debit")
                ),
                migrations.AlterField(
                    "posting", "credit", reference("ledger.account", related_name="+", db_column="credit")
                ),
            ],
        ),
    ]
