"""A document stores where in the books its figures rest: the day and the sequence number."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_guards")]

    operations = [
        # What was made before rests nowhere: of a published one the books say so, and a new version mends it.
        migrations.AddField(
            model_name="document",
            name="as_of",
            field=models.DateField(
                default=datetime.date(1900, 1, 1), help_text="The figures are those at the end of this day."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="document",
            name="through_seq",
            field=models.IntegerField(default=0, help_text="They count the entries that are sealed up to here."),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="document",
            name="final",
            field=models.BooleanField(
                help_text="The period was closed when the figures were frozen: they cannot change."
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(condition=models.Q(("through_seq__gte", 0)), name="document_at_a_seal"),
        ),
    ]
