"""Who confirmed, gave up or replaced where a partner is paid."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEPT = """
CREATE TRIGGER partners_destinationevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_destinationevent
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_LET_GO = "DROP TRIGGER partners_destinationevent_append_only ON partners_destinationevent;"


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0024_prenotes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DestinationEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "word",
                    models.CharField(
                        choices=[
                            ("confirmed", "called back and in use"),
                            ("given_up", "given up"),
                            ("replaced", "replaced"),
                        ],
                        max_length=9,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="partners.payoutdestination",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.RunSQL(_KEPT, _LET_GO),
    ]
