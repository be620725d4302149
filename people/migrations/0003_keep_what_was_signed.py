"""What was decided and the documents behind it stay; a question that its answer overtook is void."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("people", "0002_attachments")]

    operations = [
        migrations.AlterField(
            model_name="approval",
            name="decision",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("approved", "Approved"), ("refused", "Refused"), ("void", "Void")],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.RemoveConstraint(model_name="approval", name="approval_decided_by_somebody"),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(decision="void", decided_by__isnull=True, decided_at__isnull=False)
                | Q(decision__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="approval_decided_by_somebody",
            ),
        ),
        migrations.RunSQL(
            sql=(SQL / "kept_words.sql").read_text(), reverse_sql=(SQL / "kept_words_undo.sql").read_text()
        ),
    ]
