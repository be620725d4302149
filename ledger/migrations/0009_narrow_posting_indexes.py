"""The postings' indexes without the amount: a quarter of the size (docs/decisions/0018)."""

from django.db import migrations, models


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
    ]
