"""A payout batch keeps the sequence number that it was figured at."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="payoutbatch",
            name="through_seq",
            field=models.IntegerField(
                default=0, help_text="Cut-off sequence: figured from the entries sealed up to here."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="payoutbatch",
            name="as_of",
            field=models.DateField(help_text="Cut-off day (local), to which the refund window is measured."),
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("through_seq__gte", 0)), name="payout_batch_at_a_seal"
            ),
        ),
    ]
