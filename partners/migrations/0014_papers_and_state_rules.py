"""An agreement's history, its papers, and what states ask, with the first rules as rows."""

from datetime import date

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_GUARD = """
CREATE TRIGGER partners_agreementevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partners_agreementevent
    FOR EACH STATEMENT EXECUTE FUNCTION partners_append_only();
"""
_UNGUARD = "DROP TRIGGER partners_agreementevent_append_only ON partners_agreementevent;"
CHECKED_ON = date(2026, 11, 1)
# As gathered in November 2026: state, duty, measured from, days, source. Afterwards they are rows, for staff to keep.
FIRST_RULES = (
    ("AL", "register", "start", 0, "Verrill; Labyrinth"),
    ("AL", "bond", "start", 0, "Verrill; Labyrinth"),
    ("AL", "file", "start", 15, "Verrill; Labyrinth"),
    ("AL", "account", "end", 90, "Verrill; Labyrinth"),
    ("MA", "register", "start", 0, "c.68 s.24, s.26"),
    ("MA", "bond", "start", 0, "c.68 s.24, s.26"),
    ("MA", "file", "start", 0, "c.68 s.24, s.26"),
    ("MA", "report", "february", 0, "c.68 s.24, s.26"),
    ("SC", "register", "start", 0, "FKKS; Labyrinth"),
    ("SC", "file", "start", 10, "FKKS; Labyrinth"),
    ("SC", "report", "end", 90, "FKKS; Labyrinth"),
    ("IL", "report", "end", 182, "Verrill"),
    ("CA", "officers", "start", 0, "Gov 12599.2"),
    ("CA", "account", "end", 90, "Gov 12599.2"),
    ("HI", "consent", "start", 10, "Verrill"),
    ("NY", "account", "end", 90, "Labyrinth"),
    ("NJ", "file", "start", 10, "45:17A-31"),
    ("NJ", "account", "end", 40, "45:17A-31"),
    ("CT", "file", "start", 10, "21a-190g"),
    ("GA", "account", "end", 90, "43-17-6"),
    ("NH", "file", "start", 0, "RSA 7:28-d"),
    ("NH", "account", "end", 90, "RSA 7:28-d"),
    ("AR", "file", "start", 0, "Labyrinth"),
    ("LA", "consent", "start", 0, "Labyrinth"),
)


def lay_first_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rules = apps.get_model("partners", "StateRule")
    for state, duty, measured_from, days, source in FIRST_RULES:
        rules.objects.create(
            state=state, duty=duty, measured_from=measured_from, days=days, source=source, checked_on=CHECKED_ON
        )


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0013_partner_contacts"),
        ("people", "0006_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StateRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=2)),
                (
                    "duty",
                    models.CharField(
                        choices=[
                            ("register", "Register"),
                            ("bond", "Give a bond"),
                            ("file", "File the contract or notice"),
                            ("consent", "Have the charity's written consent"),
                            ("officers", "Have two officers of the charity sign"),
                            ("account", "Give the final accounting"),
                            ("report", "File the report"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "measured_from",
                    models.CharField(
                        choices=[
                            ("start", "days before the first day"),
                            ("end", "days after the last day"),
                            ("february", "by 28 February after the last day"),
                        ],
                        max_length=8,
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(default=0)),
                ("source", models.CharField(max_length=80)),
                ("checked_on", models.DateField(help_text="When somebody last compared it with the source.")),
            ],
            options={
                "ordering": ["state", "measured_from", "duty"],
                "constraints": [models.UniqueConstraint(fields=("state", "duty"), name="state_rule_once")],
            },
        ),
        migrations.CreateModel(
            name="AgreementEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("prepared", "Prepared"),
                            ("signed", "Signed document kept"),
                            ("consented", "The partner's consent kept"),
                            ("activated", "Activated"),
                            ("ended", "Ended early"),
                            ("duty_done", "Done for a state"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on", models.DateField(help_text="The day on the paper, or of the new end.", null=True)),
                ("detail", models.CharField(blank=True, help_text="Ids and fixed words only.", max_length=60)),
                ("at", models.DateTimeField()),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="partners.agreement"
                    ),
                ),
                (
                    "attachment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.attachment"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["signed", "consented"]), _negated=True),
                            models.Q(("attachment__isnull", False), ("on__isnull", False)),
                            _connector="OR",
                        ),
                        name="agreement_event_shows_its_paper",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementDuty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField()),
                ("done_on", models.DateField(null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="duties", to="partners.agreement"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.staterule"
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "id"],
                "constraints": [models.UniqueConstraint(fields=("agreement", "rule"), name="agreement_duty_once")],
            },
        ),
        migrations.RunSQL(_GUARD, _UNGUARD),
        migrations.RunPython(lay_first_rules, migrations.RunPython.noop),
    ]
