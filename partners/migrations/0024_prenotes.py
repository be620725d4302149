"""What came of prenotes, and how long they are waited for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEPT = """
CREATE TRIGGER partners_prenoteoutcome_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_prenoteoutcome
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_LET_GO = "DROP TRIGGER partners_prenoteoutcome_kept ON partners_prenoteoutcome;"


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0023_who_took_files_in"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutpolicy",
            name="prenote_wait_days",
            field=models.PositiveSmallIntegerField(
                default=3, help_text="Bank days after a prenote before its account is paid by ACH."
            ),
        ),
        migrations.CreateModel(
            name="PrenoteOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(blank=True, help_text="Empty: nothing came back.", max_length=3)),
                ("noted_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outcome", to="partners.achentry"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.RunSQL(_KEPT, _LET_GO),
    ]
