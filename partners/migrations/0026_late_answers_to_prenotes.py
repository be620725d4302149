"""A bank's code is kept beside the note that nothing had come back of a prenote."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

# Backwards there is room for one: the bank's answer is kept, and the holds that it placed stay in any case.
_ONE_EACH = """
ALTER TABLE partners_prenoteoutcome DISABLE TRIGGER partners_prenoteoutcome_kept;
DELETE FROM partners_prenoteoutcome o
 WHERE o.code = '' AND EXISTS (SELECT FROM partners_prenoteoutcome a WHERE a.entry_id = o.entry_id AND a.code <> '');
ALTER TABLE partners_prenoteoutcome ENABLE TRIGGER partners_prenoteoutcome_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0025_destination_events")]

    operations = [
        migrations.AlterField(
            model_name="prenoteoutcome",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="outcomes", to="partners.achentry"
            ),
        ),
        migrations.AddConstraint(
            model_name="prenoteoutcome",
            constraint=models.UniqueConstraint(
                fields=["entry"], condition=Q(code=""), name="prenote_silence_noted_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="prenoteoutcome",
            constraint=models.UniqueConstraint(
                fields=["entry"], condition=~Q(code=""), name="prenote_answer_noted_once"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _ONE_EACH),
    ]
