"""Who had a checked file of the bank imported, or dropped it, and when; unknown for those of before."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0022_ach_returns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="statementfile",
            name="decided_at",
            field=models.DateTimeField(blank=True, help_text="When it was accepted or dropped.", null=True),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
